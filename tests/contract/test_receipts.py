"""A publisher that names its messages finds what came of each, and it is true."""

import json
from typing import Any

from pymongo import MongoClient
from redis.asyncio import Redis

from services.store.app import create
from services.store.documents import first_revision, record
from services.store.handler import store
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.group import Group
from shared.entries import wire
from shared.messages import EnrichedArticle
from tests.builders import seeded
from tests.contract.services_in_process import Recorder, enriching, until
from tests.mixed import Sent, messages, send, told, untruths


def settings_of(redis: Redis, mongo_url: str) -> StoreSettings:
    options = redis.connection_pool.connection_kwargs
    url = f"redis://{options['host']}:{options['port']}/0"
    return StoreSettings(redis_url=url, mongo_url=mongo_url, reclaim_after_ms=300)


async def rested(redis: Redis, stream: str) -> bool:
    client: Any = redis
    groups = await client.xinfo_groups(stream)
    return bool(groups) and all((g["lag"], g["pending"]) == (0, 0) for g in groups)


async def enriched(redis: Redis) -> None:
    async with enriching(redis, Recorder()):
        await until(lambda: rested(redis, streams.RAW))


async def stored(redis: Redis, settings: StoreSettings) -> None:
    service = create(settings)
    async with service.app.start_lifespan_context():
        await until(lambda: rested(redis, streams.ENRICHED), within_s=60)


async def read_by_the_killed(redis: Redis, count: int) -> list[EnrichedArticle]:
    """Read entries as a store that ends before it acknowledges them."""
    client: Any = redis
    await Group(redis, streams.STORE, "killed").ensure()
    reply = await client.xreadgroup("store", "killed", {streams.ENRICHED: ">"}, count=count)
    return [
        wire.decode(fields, EnrichedArticle, stream=streams.ENRICHED, entry_id=entry_id.decode())
        for entry_id, fields in reply[0][1]
    ]


async def written_and_not_acknowledged(redis: Redis, settings: StoreSettings, count: int) -> None:
    """Do what a store does that is killed between MongoDB's answer and the acknowledgement."""
    mongo = Mongo(settings)
    await mongo.open()
    await store(await read_by_the_killed(redis, count), library=mongo)
    await mongo.close()


async def test_three_hundred_mixed_messages_have_true_receipts(
    redis: Redis, mongo_url: str
) -> None:
    """Also those that a store had written when it was killed: they are stored, no duplicates."""
    settings = settings_of(redis, mongo_url)
    sent = messages(300, seeded(6))
    await send(redis, settings.redis_url, sent)

    await enriched(redis)
    await written_and_not_acknowledged(redis, settings, 100)
    await stored(redis, settings)

    with MongoClient[dict[str, Any]](mongo_url) as client:
        assert untruths(sent, await told(redis), client["newsflow"]) == []


async def test_a_receipt_names_entry_article_and_revision(redis: Redis, mongo_url: str) -> None:
    """What XADD returned, and what to look for in MongoDB."""
    client: Any = redis
    settings = settings_of(redis, mongo_url)
    fields = {"data": '{"headline": "Storm"}', "message_id": "m1", "producer": "wire"}
    entry_id = (await client.xadd(streams.RAW, fields)).decode()
    await client.xadd(streams.RAW, {"data": '{"headline": "Nobody asks"}'})

    await enriched(redis)
    await stored(redis, settings)

    accepted, final = await told(redis)
    with MongoClient[dict[str, Any]](mongo_url) as mongo:
        head = mongo["newsflow"]["articles"].find_one({"headline": "Storm"})
        revision = mongo["newsflow"]["article_revisions"].find_one({"headline": "Storm"})
    assert head is not None
    assert revision is not None
    assert final == {
        "message_id": "m1",
        "producer": "wire",
        "entry_id": entry_id,
        "status": "stored",
        "article_id": head["_id"],
        "revision": revision["_id"],
    }
    assert accepted == {**final, "status": "accepted"}
    entry = {"stream": streams.RAW, "entry_id": entry_id, "producer": "wire", "message_id": "m1"}
    assert head["provenance"]["entry"] == entry


async def test_a_rejection_says_where_and_which_rule(redis: Redis) -> None:
    """As a JSON pointer, for programs; the reason is for people."""
    client: Any = redis
    bad = {"headline": 5, "subjects": [{}], "body": "x"}
    await client.xadd(streams.RAW, {"data": json.dumps(bad), "message_id": "m1"})

    await enriched(redis)

    [receipt] = await told(redis)
    assert (receipt["status"], receipt["cause"]) == ("rejected", "invalid")
    assert [(one["pointer"], one["rule"]) for one in json.loads(receipt["problems"])] == [
        ("/headline", "string_type"),
        ("/subjects/0", "value_error"),
    ]
    assert receipt["reason"].startswith("`headline`: input should be a valid string, got 5; ")


async def test_receipts_are_bounded(redis: Redis) -> None:
    """The newest stay; a stream nobody reads does not fill Redis."""
    client: Any = redis
    for number in range(700):
        await client.xadd(streams.RAW, {"headline": "x", "message_id": f"m{number}"})

    async with enriching(redis, Recorder(), receipts_kept=100):
        await until(lambda: rested(redis, streams.RAW))

    receipts = await told(redis)
    assert 100 <= len(receipts) < 300  # Redis cuts whole nodes, of a hundred entries each
    assert receipts[-1]["message_id"] == "m699"


async def test_a_message_that_is_sent_again_by_its_name_is_a_duplicate(
    redis: Redis, mongo_url: str
) -> None:
    """A producer that is not sure sends again: one document, and it is told which."""
    settings = settings_of(redis, mongo_url)
    again = Sent("m1", {"data": '{"headline": "Storm", "uri": "urn:a"}'}, "urn:a", "once")
    await send(redis, settings.redis_url, [again, again])

    await enriched(redis)
    await stored(redis, settings)

    finals = [one for one in await told(redis) if one["status"] != "accepted"]
    assert [one["status"] for one in finals] == ["stored", "duplicate"]
    assert finals[0]["revision"] == finals[1]["revision"]


async def test_a_message_whose_revision_outlived_its_killed_store_is_the_one_that_is_stored(
    redis: Redis, mongo_url: str
) -> None:
    """Killed before the head was written, and another that says the same came in between."""
    settings = settings_of(redis, mongo_url)
    fields = {"data": '{"headline": "Storm", "uri": "urn:a"}'}
    sent = [Sent(name, fields, "urn:a", "once") for name in ("m1", "m2")]
    await send(redis, settings.redis_url, sent)
    await enriched(redis)
    [article] = await read_by_the_killed(redis, 1)
    with MongoClient[dict[str, Any]](mongo_url) as client:
        revisions: Any = client["newsflow"]["article_revisions"]
        revisions.insert_one(first_revision(record(article)))

        await stored(redis, settings)

        receipts = await told(redis)
        assert untruths(sent, receipts, client["newsflow"]) == []
    ends = {one["message_id"]: one["status"] for one in receipts if one["status"] != "accepted"}
    assert ends == {"m1": "stored", "m2": "duplicate"}


async def test_of_two_versions_the_one_that_made_the_document_is_told_stored(
    redis: Redis, mongo_url: str
) -> None:
    """The first outlived its killed store as a revision; the second made the document meanwhile."""
    settings = settings_of(redis, mongo_url)
    fields = {"data": '{"headline": "Storm", "uri": "urn:a", "updated_at": "2026-11-01T10:00Z"}'}
    await send(redis, settings.redis_url, [Sent("m1", fields, "urn:a", "once")])
    await enriched(redis)
    [first] = await read_by_the_killed(redis, 1)
    later = {"data": '{"headline": "Storm", "uri": "urn:a", "updated_at": "2026-11-01T11:00Z"}'}
    await send(redis, settings.redis_url, [Sent("m2", later, "urn:a", "once")])
    await enriched(redis)
    with MongoClient[dict[str, Any]](mongo_url) as client:
        revisions: Any = client["newsflow"]["article_revisions"]
        revisions.insert_one(first_revision(record(first)))

        await stored(redis, settings)

    ends = {
        one["message_id"]: one["status"] for one in await told(redis) if one["status"] != "accepted"
    }
    assert ends == {"m1": "updated", "m2": "stored"}
