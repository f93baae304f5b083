"""Each service has a user of its own, with the rights it needs and no others."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError, ResponseError

from services.devstack.servers import RedisServer
from services.enrich import app as enrich_app
from services.enrich.memory import Memory
from services.enrich.settings import EnrichSettings
from services.enrich.text.footers import Ending
from services.ingest import app as ingest_app
from services.ingest.settings import IngestSettings
from services.store import app as store_app
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.group import Group
from shared.letters import deadletters
from tests.contract.services_in_process import until
from tests.contract.test_inbox import STORY
from tests.security.users import ADMIN, USERS, guarded, url

ARTICLE = {"data": '{"uri": "urn:a", "headline": "Harbour reopens", "body": "Words."}'}
POISON = {"data": "{"}
MENDED = b'{"uri": "urn:b", "headline": "Mended"}'
# What each user is refused: all that belongs to others, and what nobody needs.
NOBODYS = (
    ("FLUSHALL",),
    ("CONFIG", "GET", "*"),
    ("KEYS", "*"),
    ("SET", "other", "key"),
    ("DEL", "articles.raw"),
    ("DEL", "articles.dead"),
    ("XTRIM", "articles.dead", "MAXLEN", "0"),
    ("XGROUP", "DESTROY", "articles.raw", "enrich"),
    ("RENAME", "articles.raw", "articles.gone"),
    ("ACL", "LIST"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("EVAL", "return redis.call('DEL', KEYS[1])", "1", "articles.raw"),
)
# What Valkey and Redis 7.0 say where a script may not.
IN_SCRIPTS = ("ACL failure", "The user executing the script can't")
FORGED = ("XADD", "articles.enriched", "*", "data", "{}")
READING = ("XREADGROUP", "GROUP", "enrich", "thief", "STREAMS", "articles.raw", ">")
PUBLISHING = ("XADD", "articles.raw", "*", "data", "{}")
OTHERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "ingest": (FORGED, READING, ("XADD", "articles.dead", "*", "data", "{}")),
    "enrich": (
        PUBLISHING,
        ("XACK", "articles.enriched", "store", "1-1"),
        ("HSET", "articles.file:a", "state", "gone"),
    ),
    "store": (PUBLISHING, FORGED, READING, ("DEL", "articles.footers:Wire")),
    "operator": (READING, ("XTRIM", "articles.raw", "MAXLEN", "0")),
    "reader": (PUBLISHING, FORGED, READING, ("XDEL", "articles.dead", "1-1")),
    "producer": (
        FORGED,
        READING,
        ("XRANGE", "articles.raw", "-", "+"),
        ("XRANGE", "articles.dead", "-", "+"),
        ("HGETALL", "articles.file:a"),
    ),
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with guarded(tmp_path_factory.mktemp("users")) as server:
        yield server


@asynccontextmanager
async def client(server: RedisServer, user: str) -> AsyncIterator[Any]:
    async with Redis.from_url(url(server, user)) as redis:
        yield redis


@asynccontextmanager
async def newsflow(server: RedisServer, mongo_url: str, folder: Path) -> AsyncIterator[None]:
    """Run all three services in this process, each with its own user."""
    ingest = IngestSettings(
        redis_url=url(server, "ingest"),
        inbox_dir=folder / "inbox",
        archive_dir=folder / "archive",
        sweep_every_ms=100,
        settle_ms=100,
    )
    enrich = EnrichSettings(redis_url=url(server, "enrich"), reclaim_after_ms=300)
    store = StoreSettings(redis_url=url(server, "store"), mongo_url=mongo_url, reclaim_after_ms=300)
    async with AsyncExitStack() as stack:
        for service in (
            ingest_app.create(ingest),
            enrich_app.create(enrich),
            store_app.create(store),
        ):
            await stack.enter_async_context(service.app.start_lifespan_context())
        yield


async def test_the_whole_route_works_and_nothing_is_refused_on_the_way(
    server: RedisServer, mongo_url: str, tmp_path: Path
) -> None:
    """A file, a message, a dead letter, its replay, a claim, a trim: Redis has refused nobody."""
    async with client(server, ADMIN) as admin, client(server, "producer") as producer:
        await admin.flushall()
        await admin.acl_log_reset()
        await producer.xadd(streams.RAW, ARTICLE)
        await producer.xadd(streams.RAW, POISON)
        await admin.xgroup_create(streams.RAW, "enrich", "0")
        await admin.xreadgroup("enrich", "gone", {streams.RAW: ">"}, count=1)

        async with newsflow(server, mongo_url, tmp_path):
            (tmp_path / "inbox" / "wire.txt").write_text(STORY)
            await until(lambda: _holds(mongo_url, 2), within_s=30)
            await _operate(server)
            await until(lambda: _holds(mongo_url, 3))
            await _keep_house(server)

        assert await admin.acl_log() == []


async def _holds(mongo_url: str, articles: int) -> bool:
    with MongoClient[dict[str, Any]](mongo_url) as client:
        return client["newsflow"]["articles"].count_documents({}) == articles


async def _operate(server: RedisServer) -> None:
    """List and replay, as `newsflow dead` does."""
    async with client(server, "operator") as redis:
        [letter] = [letter async for letter in deadletters.letters(redis)]
        assert await deadletters.replay(redis, letter, data=MENDED)
    async with client(server, "reader") as redis:
        assert [letter async for letter in deadletters.letters(redis)] == []


async def _keep_house(server: RedisServer) -> None:
    """What services do more rarely than a test lasts."""
    for hop in streams.HOPS:
        async with client(server, hop.stage) as redis:
            group = Group(redis, hop, "test")
            await group.trim()
            await group.forget("nobody")
            await group.ensure()
            await group.own(b"0", 1)
    async with client(server, "enrich") as redis:
        endings = [Ending(f"Post {n}", b"%04d" % n * 3, (b"footer",)) for n in range(3)]
        await Memory(redis, a_round=1, sources=1).learned(endings)


@pytest.mark.parametrize("user", USERS)
async def test_each_user_is_refused_what_is_not_its_own(server: RedisServer, user: str) -> None:
    """A stolen password costs what that service could do, and no more."""
    async with client(server, ADMIN) as admin, client(server, user) as redis:
        await admin.flushall()
        await admin.xgroup_create(streams.RAW, "enrich", "0", mkstream=True)
        allowed = []
        for command in (*NOBODYS, *OTHERS[user]):
            try:
                await redis.execute_command(*command)
            except NoPermissionError:
                continue
            except ResponseError as error:
                if not any(words in str(error) for words in IN_SCRIPTS):
                    allowed.append(command)
            else:
                allowed.append(command)

        assert allowed == []
