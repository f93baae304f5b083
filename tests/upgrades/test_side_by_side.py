"""An upgrade on real servers: entries of older and of today's shape, mixed, and store killed."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.processes import Child
from services.devstack.servers import RedisServer
from shared import streams
from shared.entries import wire
from shared.letters import deadletters
from tests.builders import NOON, enriched_article
from tests.upgrades.test_messages import THEN, samples

COPIES = 20  # of each sample, as articles of their own
KILLS = 3

pytestmark = pytest.mark.long


def older() -> list[dict[str, Any]]:
    """Return many articles in the shapes of earlier days, each with an id of its own; no kills."""
    found: list[dict[str, Any]] = []
    for day in THEN:
        for data in samples(day, "enriched"):
            for copy in range(COPIES if b'"canceled"' not in data else 0):
                message = orjson.loads(data)
                message["article"] |= {"uri": f"urn:{day}:{len(found)}", "version": str(copy)}
                then = THEN[day].EnrichedArticle.model_validate(message)
                message["article_id"] = then.article.article_id
                found.append(message)
    return found


async def test_entries_of_both_shapes_are_stored_right_whatever_is_killed(
    redis: Redis, redis_server: RedisServer, mongo_url: str, tmp_path: Path
) -> None:
    """Each is a document with its names; of two versions the newer one wins, whose shape it has."""
    old = older()
    client: Any = redis
    pipe = client.pipeline(transaction=False)
    for number, message in enumerate(old):
        pipe.xadd(streams.ENRICHED, {"data": orjson.dumps(message)})
        later = NOON + timedelta(days=400) if number % 2 else NOON - timedelta(days=4000)
        if number % 4 < 2:  # the same article as today's enrich publishes it, newer or older
            again = enriched_article(
                uri=message["article"]["uri"], headline=f"Again {number}", updated_at=later
            )
            pipe.xadd(streams.ENRICHED, dict(wire.encode(again)))
    await pipe.execute()
    argv = [sys.executable, "-m", "services.store"]
    environment = {
        "NEWSFLOW_REDIS_URL": redis_server.url,
        "NEWSFLOW_MONGO_URL": mongo_url,
        "NEWSFLOW_RECLAIM_AFTER_MS": "1000",
        "NEWSFLOW_BATCH_SIZE": "20",
    }
    child = Child("store", argv, log=tmp_path / "store.log", env=environment)
    child.start()
    try:
        for kill in range(KILLS):
            await _lag_below(client, len(old) * (KILLS - kill) // (KILLS + 1))
            child.kill()
            child.start()
        await _lag_below(client, 1, pending=True)
    finally:
        child.stop(20)

    with MongoClient[dict[str, Any]](mongo_url) as mongo:
        heads = {head["_id"]: head for head in mongo["newsflow"]["articles"].find()}
    assert len(heads) == len(old)
    for number, message in enumerate(old):
        head = heads[message["article_id"]]
        if number % 4 == 1:
            assert head["headline"] == f"Again {number}"
        else:
            names = [entity["name"] for entity in message.get("entities", ())]
            assert [entity["name"] for entity in head["entities"]] == names
    assert [letter async for letter in deadletters.letters(redis)] == []


async def _lag_below(client: Any, lag: int, *, pending: bool = False) -> None:
    async with asyncio.timeout(120):
        while True:
            groups = await client.xinfo_groups(streams.ENRICHED)
            if groups and groups[0]["lag"] < lag and not (pending and groups[0]["pending"]):
                return
            await asyncio.sleep(0.02)
