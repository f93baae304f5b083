"""kill -9 of mongod, twenty times in 20,000 writes: what store acknowledged is there.

An entry that was acknowledged is never delivered again. So once all are, what mongod took and had
not made durable is missing for good; and so is what store acknowledged before it was written, for
every fifth time store is killed with mongod.
"""

import asyncio
import random
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.processes import Child
from services.devstack.servers import MongoServer, RedisServer, start_mongo
from shared import streams
from shared.entries import wire
from shared.letters import deadletters
from shared.messages import EnrichedArticle
from tests.builders import NOON, enriched_article

ARTICLES = 20_000
KILLS = 20
STORE_TOO_EVERY = 5
TWO_VERSIONS_EVERY = 10


def _sent() -> Iterator[EnrichedArticle]:
    """Yield what is published: every tenth article in two versions, the newer one first."""
    for number in range(ARTICLES):
        for version in (2, 1) if number % TWO_VERSIONS_EVERY == 0 else (1,):
            yield enriched_article(
                uri=f"urn:{number}",
                headline=f"Storm {number}, version {version}",
                updated_at=NOON + timedelta(hours=version),
            )


def _store(folder: Path, redis: RedisServer, mongo: MongoServer) -> Child:
    environment = {
        "NEWSFLOW_REDIS_URL": redis.url,
        "NEWSFLOW_MONGO_URL": mongo.url,
        "NEWSFLOW_RECLAIM_AFTER_MS": "2000",
        "NEWSFLOW_LOG_FORMAT": "json",
    }
    argv = [sys.executable, "-m", "services.store"]
    return Child("store", argv, log=folder / "store.log", env=environment)


@pytest.mark.long
async def test_mongod_killed_twenty_times_loses_nothing_that_was_acknowledged(
    redis: Redis, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Every article is a document, every version a revision, none twice, and nothing is dead."""
    articles = list(_sent())
    pipe = redis.pipeline(transaction=False)
    for article in articles:
        pipe.xadd(streams.ENRICHED, dict(wire.encode(article)))  # type: ignore[arg-type]
    await pipe.execute()
    mongo = start_mongo(tmp_path / "mongo", log=tmp_path / "mongo.log")
    mongo.wait_ready()
    child = _store(tmp_path, redis_server, mongo)
    child.start()
    try:
        for kill in range(KILLS):
            await _lag_below(redis, len(articles) * (KILLS - kill) // (KILLS + 1), child)
            await asyncio.sleep(random.uniform(0, 0.2))  # noqa: S311 (when, no secret)
            mongo.child.kill()
            if kill % STORE_TOO_EVERY == 0:
                child.kill()
                child.start()
            mongo.child.start()
            mongo.wait_ready()
        await _at_rest(redis, child)
        child.stop(20)
        found = _found(mongo)
    finally:
        child.kill()
        mongo.stop()

    assert found == {
        "articles": ARTICLES,
        "lost": 0,
        "not the newest": 0,
        "revisions": len(articles),
        "revisions lost": 0,
    }
    assert [letter async for letter in deadletters.letters(redis)] == []


def _found(mongo: MongoServer) -> dict[str, int]:
    """Return what is in the database, and what of it is not as it was sent."""
    newest = {f"urn:{number}": 2 - (number % TWO_VERSIONS_EVERY > 0) for number in range(ARTICLES)}
    wanted = {(f"urn:{number}", f"Storm {number}, version 1") for number in range(ARTICLES)}
    wanted |= {
        (f"urn:{number}", f"Storm {number}, version 2")
        for number in range(0, ARTICLES, TWO_VERSIONS_EVERY)
    }
    with MongoClient[dict[str, Any]](mongo.url) as client:
        database = client["newsflow"]
        heads = {one["uri"]: one["headline"] for one in database["articles"].find()}
        revisions = [(one["uri"], one["headline"]) for one in database["article_revisions"].find()]
        documents = database["articles"].count_documents({})
    return {
        "articles": documents,
        "lost": len(newest.keys() - heads.keys()),
        "not the newest": sum(
            not heads[uri].endswith(f"version {version}")
            for uri, version in newest.items()
            if uri in heads
        ),
        "revisions": len(revisions),
        "revisions lost": len(wanted - set(revisions)),
    }


async def _lag_below(redis: Redis, lag: int, child: Child) -> None:
    """Wait until store has read so far that `lag` entries are left."""
    async with asyncio.timeout(60):
        while not (group := await _group(redis)) or group["lag"] > lag:
            assert child.pid, "store died by itself"
            await asyncio.sleep(0.01)


async def _at_rest(redis: Redis, child: Child) -> None:
    async with asyncio.timeout(60):
        while not (group := await _group(redis)) or group["lag"] or group["pending"]:
            assert child.pid, "store died by itself"
            await asyncio.sleep(0.05)


async def _group(redis: Redis) -> dict[str, Any]:
    client: Any = redis
    return next(iter(await client.xinfo_groups(streams.ENRICHED)), {})
