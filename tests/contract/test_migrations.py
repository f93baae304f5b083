"""A database is brought up to date by whichever store comes first, however often, on MongoDB."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import ConnectionFailure

from services.store import migrations
from services.store.documents import Document, record
from services.store.indexes import ARTICLES, INDEXES, MIGRATIONS, REVISIONS
from services.store.migrations import STEPS, Command
from services.store.mongo import Mongo
from services.store.questions import Question, query
from services.store.settings import StoreSettings
from services.store.validators import VALIDATORS
from tests.builders import NOON, enriched_article

DAY_S = 86_400


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


async def start(url: str, *, stores: int = 1, **settings: Any) -> None:
    """Start stores, all at once, and close them."""
    async with AsyncExitStack() as stack:
        started = [Mongo(StoreSettings(mongo_url=url, **settings)) for _ in range(stores)]
        for one in started:
            stack.push_async_callback(one.close)
        await asyncio.gather(*(one.open() for one in started))


def shape(database: Any) -> Document:
    """Return what migrations make: validators, indexes, and the steps that were taken."""
    options = {one["name"]: one["options"] for one in database.list_collections()}
    return {
        "steps": [(one["_id"], one["digest"]) for one in database[MIGRATIONS].find().sort("_id")],
        **{
            name: (options[name]["validator"], sorted(database[name].index_information()))
            for name in (ARTICLES, REVISIONS)
        },
    }


def drop(database: Any) -> None:
    database.client.drop_database(database.name)


async def test_a_fresh_database_gets_collections_validators_and_indexes(
    mongo_url: str, database: Any
) -> None:
    """And what was done is written down, with its time."""
    await start(mongo_url)

    made = shape(database)
    assert made["steps"] == [(step.version, step.digest) for step in STEPS]
    for name, indexes in INDEXES.items():
        validator, there = made[name]
        assert validator == VALIDATORS[name]
        assert {index.document["name"] for index in indexes} < set(there)
    first = database[MIGRATIONS].find_one({"_id": 1})
    assert first["what"] == "the collections"
    assert "applied_at" in first


async def test_starting_again_changes_nothing(mongo_url: str, database: Any) -> None:
    """Not even the times that steps were taken at."""
    await start(mongo_url)
    before = shape(database), list(database[MIGRATIONS].find())

    await start(mongo_url)

    assert (shape(database), list(database[MIGRATIONS].find())) == before


async def test_four_stores_that_start_at_once_make_one_database(
    mongo_url: str, database: Any
) -> None:
    """No lock: each command may be run beside itself. Ten times, for chance."""
    await start(mongo_url)
    alone = shape(database)
    for _ in range(10):
        drop(database)

        await start(mongo_url, stores=4)

        assert shape(database) == alone


async def test_a_start_that_was_killed_anywhere_is_finished_by_the_next(
    mongo_url: str, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each single command, done and not written down, another store begins."""
    await start(mongo_url)
    whole = shape(database)
    run = Mongo._run  # noqa: SLF001 (where a kill is as likely as anywhere)
    left = 0

    async def killed(mongo: Mongo, command: Command) -> None:
        nonlocal left
        await run(mongo, command)
        left -= 1
        if left == 0:
            raise asyncio.CancelledError

    commands = sum(len(step.commands) for step in STEPS) + len(INDEXES)
    for after in range(1, commands + 1):
        drop(database)
        left = after
        monkeypatch.setattr(Mongo, "_run", killed)
        with pytest.raises(asyncio.CancelledError):
            await start(mongo_url)
        monkeypatch.setattr(Mongo, "_run", run)

        await start(mongo_url)

        assert shape(database) == whole, after


async def test_what_earlier_versions_stored_is_read_and_written_on(
    mongo_url: str, database: Any
) -> None:
    """A head without `cluster` and with what was never checked, and an index that has gone."""
    old = record(enriched_article(uri="urn:old", updated_at=NOON))
    head = {**bson.decode(old.head.raw), "schema_version": 1, "topics": [{"id": "medtop:1"}]}
    head |= {"first_seen_at": NOON, "last_seen_at": NOON}
    database[ARTICLES].insert_one(head)
    database[ARTICLES].create_index([("topics.id", 1), ("version_created", -1)], name="topic_time")
    database[ARTICLES].create_index("byline", name="their_own")

    await start(mongo_url)
    async with AsyncExitStack() as stack:
        mongo = Mongo(StoreSettings(mongo_url=mongo_url))
        stack.push_async_callback(mongo.close)
        asked = query(Question(source=None), now=NOON)
        [found] = [one async for one in mongo.find(asked, limit=0)]
        again = await mongo.write([old])
        newer = enriched_article(uri="urn:old", updated_at=NOON + timedelta(hours=1))
        updated = await mongo.write([record(newer)])

    assert (found["_id"], found["cluster"]) == (old.article_id, old.article_id)
    assert (again, updated) == (["updated"], ["updated"])  # it made no document
    assert database[ARTICLES].find_one()["schema_version"] == 2
    there = database[ARTICLES].index_information()
    assert "topic_time" not in there
    assert "their_own" in there


async def test_a_kill_that_a_later_version_had_undone_counts_again(
    mongo_url: str, database: Any
) -> None:
    """As earlier versions let it happen: the article is withdrawn from readers."""
    killed = record(enriched_article(uri="urn:a", pub_status="canceled", updated_at=NOON))
    later = record(enriched_article(uri="urn:a", updated_at=NOON + timedelta(hours=1)))
    other = record(enriched_article(uri="urn:b"))
    for one in (killed, later, other):
        revision = {"_id": one.revision_id, **bson.decode(one.revision.raw)}
        database[REVISIONS].insert_one(revision)
    database[ARTICLES].insert_many([bson.decode(one.head.raw) for one in (later, other)])

    await start(mongo_url)

    status = {one["uri"]: one["pub_status"] for one in database[ARTICLES].find()}
    assert status == {"urn:a": "canceled", "urn:b": "usable"}


async def test_models_that_changed_change_the_validators(
    mongo_url: str, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is known by its commands: it is due again, alone."""
    await start(mongo_url)
    before = {one["_id"]: one["applied_at"] for one in database[MIGRATIONS].find()}
    other = {"collMod": REVISIONS, "validator": {"$jsonSchema": {"required": ["article_id"]}}}
    monkeypatch.setattr(migrations, "STEPS", (*STEPS[:-1], STEPS[-1]._replace(commands=(other,))))

    await start(mongo_url)

    after = {one["_id"]: one["applied_at"] for one in database[MIGRATIONS].find()}
    assert shape(database)[REVISIONS][0] == other["validator"]
    assert [number for number in after if after[number] != before[number]] == [STEPS[-1].version]


async def test_an_older_store_leaves_the_database_of_a_newer_one_alone(
    mongo_url: str, database: Any
) -> None:
    """As while stores are upgraded one by one: its validators and indexes would be steps back."""
    await start(mongo_url)
    database[MIGRATIONS].insert_one({"_id": 99, "what": "to come", "digest": "x"})
    database.command("collMod", ARTICLES, validator={})
    database[ARTICLES].drop_index("place_time")
    before = shape_without_validator(database)

    await start(mongo_url)

    assert shape_without_validator(database) == before


def shape_without_validator(database: Any) -> Document:
    [options] = [one["options"] for one in database.list_collections(filter={"name": ARTICLES})]
    return {"options": options, "indexes": sorted(database[ARTICLES].index_information())}


async def test_words_of_the_whole_text_are_found_when_wanted(mongo_url: str, database: Any) -> None:
    """By setting; and no longer, when it is taken back."""
    async with AsyncExitStack() as stack:
        mongo = Mongo(StoreSettings(mongo_url=mongo_url))
        stack.push_async_callback(mongo.close)
        await mongo.open()
        await mongo.write([record(enriched_article(body="First.\nThe lighthouse stands."))])
    found = []

    for wanted in (False, True, False):
        await start(mongo_url, search_body=wanted)
        found.append(database[ARTICLES].count_documents({"$text": {"$search": "lighthouse"}}))

    assert found == [0, 1, 0]


async def test_retention_is_set_changed_and_taken_back_by_setting(
    mongo_url: str, database: Any
) -> None:
    """Off unless wanted; a start with another number changes it without building anything."""
    seconds = []

    for days in (None, 30, 90, None):
        await start(mongo_url, keep_days=days)
        seconds.append(
            [
                database[name].index_information().get("expiry", {}).get("expireAfterSeconds")
                for name in (ARTICLES, REVISIONS)
            ]
        )

    assert seconds == [[None] * 2, [30 * DAY_S] * 2, [90 * DAY_S] * 2, [None] * 2]


async def test_articles_go_after_their_time_and_kills_stay(mongo_url: str, database: Any) -> None:
    """MongoDB itself deletes them; what was killed stays killed."""
    await start(mongo_url, keep_days=30)
    now = datetime.now(UTC)
    ages = {"urn:new": 29, "urn:old": 31, "urn:killed": 31}
    async with AsyncExitStack() as stack:
        mongo = Mongo(StoreSettings(mongo_url=mongo_url))
        stack.push_async_callback(mongo.close)
        for uri, days in ages.items():
            status = "canceled" if uri == "urn:killed" else "usable"
            at = now - timedelta(days=days)
            await mongo.write(
                [record(enriched_article(uri=uri, pub_status=status, received_at=at))]
            )

    async with asyncio.timeout(30):
        while any(database[name].find_one({"uri": "urn:old"}) for name in (ARTICLES, REVISIONS)):
            await asyncio.sleep(0.2)

    for name in (ARTICLES, REVISIONS):
        assert {one["uri"] for one in database[name].find()} == {"urn:new", "urn:killed"}


async def test_an_outage_while_migrating_is_waited_for(
    mongo_url: str, database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service starts over, as it does when MongoDB is not there yet."""
    run, fails = Mongo._run, iter([True, True])  # noqa: SLF001 (where an outage may come)

    async def failing(mongo: Mongo, command: Command) -> None:
        if next(fails, False):
            msg = "gone"
            raise ConnectionFailure(msg)
        await run(mongo, command)

    monkeypatch.setattr(Mongo, "_run", failing)

    await start(mongo_url)

    assert [number for number, _ in shape(database)["steps"]] == [step.version for step in STEPS]
