"""A misconfiguration does not empty the stream into the dead letters; poison harms no neighbour."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from services.store.app import create as store
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.delivery import Consumer
from shared.entries import wire
from shared.errors import PermanentError
from shared.health import Health
from shared.letters import deadletters
from shared.messages import RawArticle
from shared.metrics import Metrics
from shared.outcome import Outcome
from shared.part import Notice
from shared.service import Service
from tests.builders import enriched_article
from tests.contract.services_in_process import (
    Recorder,
    add,
    all_acknowledged,
    dead,
    enriched,
    enriching,
    passed_on,
    until,
)

MOST = 20  # NEWSFLOW_MAX_DEAD_PERCENT of the last hundred
STAGE = {"stage": "enrich"}
WRONG = "MongoDB refuses it: Document failed validation"


class Refusing:
    """A handler that refuses every article, until it is mended."""

    def __init__(self) -> None:
        self.is_mended = False
        self.tries = 0

    async def __call__(self, articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        self.tries += len(articles)
        return [
            passed_on(article) if self.is_mended else PermanentError(WRONG) for article in articles
        ]


async def alarmed(consumer: Consumer[RawArticle]) -> bool:
    return "what would die too stays pending" in (await consumer.problem() or "")


async def test_a_stage_that_refuses_everything_parks_a_few_and_goes_on_once_mended(
    redis: Redis,
) -> None:
    """A fifth of a hundred dies; the rest is pending, and passes once the fault is mended."""
    await add(redis, 110)
    handler = Refusing()
    metrics = Metrics("enrich")

    async with enriching(redis, handler, metrics=metrics, batch_size=50) as consumer:
        await until(lambda: alarmed(consumer))
        tried = handler.tries
        await until(lambda: _tried(handler, tried + 20))
        parked = await dead(redis)
        problem = await consumer.problem()
        await until(lambda: _holding_is(metrics, 1))
        handler.is_mended = True
        await until(lambda: all_acknowledged(redis), within_s=30)
        after = await consumer.problem()
        await until(lambda: _holding_is(metrics, 0))

    assert [letter.reason for letter in parked] == [WRONG] * MOST
    assert problem == (
        f"100% of the last articles died or met a bug, most often: {WRONG}; what would die too "
        "stays pending and is tried again: mend the cause, or let it die with "
        "NEWSFLOW_MAX_DEAD_PERCENT=100"
    )
    assert after is None
    assert len(await enriched(redis)) == 110 - MOST
    assert len(await dead(redis)) == MOST


async def test_restarts_park_no_further_ones(redis: Redis) -> None:
    """Whoever starts a broken stage again and again empties no stream by that."""
    await add(redis, 150)

    for _ in range(3):
        async with enriching(redis, Refusing()) as consumer:
            await until(lambda: alarmed(consumer))
    parked = await dead(redis)
    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))

    assert len(parked) == MOST
    assert {letter.deliveries for letter in parked} == {1}
    assert len(await enriched(redis)) == 150 - MOST


async def test_good_articles_pass_among_many_that_are_refused(redis: Redis) -> None:
    """Nothing good waits for what is held; and that dies once enough good ones have passed."""
    client: Any = redis

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        return [
            PermanentError("too strange") if article.body == "Strange." else passed_on(article)
            for article in articles
        ]

    async with enriching(redis, handler, batch_size=30) as consumer:
        for _ in range(60):
            await client.xadd(streams.RAW, {"data": '{"headline": "x", "body": "Strange."}'})
        await until(lambda: alarmed(consumer))
        await until(lambda: _parked(redis, MOST))
        await add(redis, 50)
        await until(lambda: _enriched(redis, 50))
        parked = len(await dead(redis))
        while not await all_acknowledged(redis):
            await add(redis, 20)
            await asyncio.sleep(0.1)

    assert parked == MOST
    assert len(await dead(redis)) == 60


async def test_a_producer_that_floods_garbage_stops_nobody(redis: Redis) -> None:
    """Each is parked with its reason; health warns, is not bad, and says what it is mostly."""
    client: Any = redis
    metrics = Metrics("enrich")
    async with enriching(redis, Recorder(), metrics=metrics) as consumer:
        for _ in range(500):
            await client.xadd(streams.RAW, {"data": '{"headline": 5}'})
        await until(lambda: _parked(redis, 500))
        warning = await consumer.problem()
        await until(lambda: _all_are_invalid(metrics))
        await add(redis, 200)
        await until(lambda: all_acknowledged(redis))
        after = await consumer.problem()

    assert isinstance(warning, Notice)
    assert warning == (
        "100% of the last entries are no article and were parked, most often: `headline`: input "
        "should be a valid string; see `newsflow dead reasons`, and tell whoever publishes them"
    )
    assert after is None
    assert len(await dead(redis)) == 500
    assert len(await enriched(redis)) == 200


async def test_a_warning_is_no_bad_health(redis: Redis) -> None:
    """/health answers 200 with `warning`, so nobody restarts or bypasses a service for it."""
    client: Any = redis
    for _ in range(MOST):
        await client.xadd(streams.RAW, {"data": "{"})

    async with enriching(redis, Recorder()) as consumer:
        await until(lambda: _parked(redis, MOST))
        health = Health("enrich", {"delivery": consumer.problem})
        watching = asyncio.create_task(health.watch())
        await asyncio.sleep(0.05)
        watching.cancel()
        report = health.report()

    assert report["status"] == "warning"
    assert report["checks"]["delivery"].startswith("100% of the last entries are no article")


async def test_a_limit_that_is_too_small_parks_a_few(redis: Redis) -> None:
    """Articles that are too large may be the setting's fault."""
    await add(redis, 120)

    async with enriching(redis, Recorder(), limit_bytes=10) as consumer:
        await until(lambda: alarmed(consumer))
        await until(lambda: _parked(redis, MOST))
        parked = await dead(redis)
        problem = await consumer.problem()
    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))

    assert {letter.cause for letter in parked} == {"rejected"}
    assert len(parked) == MOST
    assert "too large: N bytes; the limit is N (NEWSFLOW_MAX_ARTICLE_BYTES)" in (problem or "")
    assert len(await enriched(redis)) == 120 - MOST


async def test_a_reason_that_utf8_cannot_write_holds_and_parks_like_any_other(
    redis: Redis,
) -> None:
    """Half of a surrogate pair in an error's text stops neither the log nor the neighbours."""
    await add(redis, 30)

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        if len(articles) > 1:
            msg = "a bug \ud800"
            raise ValueError(msg)
        return [PermanentError("no \ud800") for _ in articles]

    async with enriching(redis, handler) as consumer:
        await until(lambda: alarmed(consumer))

    assert {letter.reason for letter in await dead(redis)} == {"no ?"}
    assert len(await dead(redis)) == MOST


@pytest.mark.long
async def test_a_stage_that_is_stuck_tries_a_few_at_a_time(redis: Redis) -> None:
    """While nothing passes; once it is mended all goes through at full speed."""
    await add(redis, 2000)
    handler = Refusing()

    async with enriching(redis, handler) as consumer:
        await until(lambda: alarmed(consumer))
        await asyncio.sleep(10)
        tried = handler.tries
        handler.is_mended = True
        await until(lambda: all_acknowledged(redis), within_s=60)

    assert tried < 1500  # at most a batch of 100 a second or so
    assert len(await enriched(redis)) == 2000 - MOST
    assert len(await dead(redis)) == MOST


async def test_what_is_held_counts_no_attempts(redis: Redis) -> None:
    """However often it is tried while it is held, it has all its deliveries left."""
    client: Any = redis
    await add(redis, 40)
    handler = Refusing()

    async with enriching(redis, handler, max_deliveries=2):
        await until(lambda: _tried(handler, 80))
        pending = await client.xpending_range(streams.RAW, "enrich", "-", "+", 100)

    assert len(pending) == 40 - MOST
    assert {entry["times_delivered"] for entry in pending} <= {0, 1}


async def test_what_seems_to_kill_its_process_is_buried_a_few_at_a_time(redis: Redis) -> None:
    """A limit on memory that ends every process buries no stream."""
    client: Any = redis
    await add(redis, 50)
    await client.xgroup_create(streams.RAW, "enrich", id="0")
    [[_, entries]] = await client.xreadgroup("enrich", "killed", {streams.RAW: ">"}, count=50)
    ids = [entry_id for entry_id, _ in entries]
    await client.xclaim(streams.RAW, "enrich", "killed", 0, ids, retrycount=5, justid=True)

    async with enriching(redis, Recorder(), max_deliveries=5) as consumer:
        await until(lambda: alarmed(consumer))
        await asyncio.sleep(1.5)  # another round
        parked = await dead(redis)
        pending = await client.xpending(streams.RAW, "enrich")

    assert [letter.cause for letter in parked] == ["crashed"] * MOST
    assert pending["pending"] == 50 - MOST


async def test_what_only_we_write_is_as_suspect_as_the_rest(
    redis: Redis, redis_server: RedisServer, mongo_url: str
) -> None:
    """No producer is at fault when nothing on articles.enriched is an article: a version is."""
    client: Any = redis
    for _ in range(60):
        await client.xadd(streams.ENRICHED, {"data": '{"article_id": "of another version"}'})
    settings = StoreSettings(
        redis_url=redis_server.url, mongo_url=mongo_url, reclaim_after_ms=300, stop_within_s=5
    )

    service = store(settings)
    async with service.app.start_lifespan_context():
        await until(lambda: _parked(redis, MOST))
        await until(lambda: _is_bad(service))

    assert {letter.stage for letter in await dead(redis)} == {"store"}
    assert len(await dead(redis)) == MOST


async def test_a_validator_that_refuses_every_document_empties_no_stream(
    redis: Redis, redis_server: RedisServer, mongo_url: str
) -> None:
    """Once it is mended what waited is stored, and what was parked comes back by a replay."""
    client: Any = redis
    settings = StoreSettings(
        redis_url=redis_server.url, mongo_url=mongo_url, reclaim_after_ms=300, stop_within_s=5
    )
    service = store(settings)
    with MongoClient[dict[str, Any]](mongo_url) as mongo:
        database = mongo["newsflow"]
        async with service.app.start_lifespan_context():
            rules = {"validator": {"nothing": {"$exists": True}}, "validationLevel": "strict"}
            database.command({"collMod": "articles", **rules})
            for number in range(60):
                article = enriched_article(uri=f"urn:{number}", headline=f"No {number}")
                await client.xadd(streams.ENRICHED, dict(wire.encode(article)))
            await until(lambda: _is_bad(service))
            await until(lambda: _parked(redis, MOST))
            letters = await dead(redis)
            database.command({"collMod": "articles", "validator": {}})
            await until(lambda: _documents(database, 60 - MOST))
            for letter in letters:
                await deadletters.replay(redis, letter)
            await until(lambda: _documents(database, 60))
            status = await _status(service)

    assert len(letters) == MOST
    assert {letter.cause for letter in letters} == {"rejected"}
    assert "Document failed validation" in letters[0].reason
    assert await dead(redis) == []
    assert status == "ok"


async def _documents(database: Any, count: int) -> bool:
    found: int = database["articles"].count_documents({})
    return found == count


async def _status(service: Service) -> str:
    await asyncio.sleep(1.2)  # health looks once a second
    return service.health.report()["status"]


async def _is_bad(service: Service) -> bool:
    return "what would die too stays pending" in service.health.report()["checks"]["delivery"]


async def _holding_is(metrics: Metrics, value: int) -> bool:
    return metrics.registry.get_sample_value("newsflow_holding", STAGE) == value


async def _all_are_invalid(metrics: Metrics) -> bool:
    return metrics.registry.get_sample_value("newsflow_invalid_ratio", STAGE) == 1


async def _tried(handler: Refusing, count: int) -> bool:
    return handler.tries >= count


async def _parked(redis: Redis, count: int) -> bool:
    return await redis.xlen(streams.DEAD) >= count


async def _enriched(redis: Redis, count: int) -> bool:
    return await redis.xlen(streams.ENRICHED) >= count
