"""SIGTERM while there is more to do than can be done: what was begun is ended, the rest waits."""

import asyncio
import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from shared import streams
from shared.entries import wire
from shared.letters import deadletters
from shared.messages import RawArticle
from tests.builders import enriched_article
from tests.faults.stages import Stages, add, article, drop, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]  # waits long on a busy machine

MANY = 3000


@pytest.fixture
async def stages(redis: Redis, redis_server: RedisServer, mongo_url: str, tmp_path: Path) -> Stages:
    return Stages(tmp_path, redis, redis_server.url, mongo_url)


async def test_enrich_stopped_under_load_leaves_nothing_pending(stages: Stages) -> None:
    """Exit code 0, its name gone from the group, every entry it read passed on once."""
    await add(stages.redis, range(MANY))
    child = stages.service("enrich")
    try:
        for number in range(1, 3):
            await stages.started(child)
            await until(partial(_longer, stages.redis, streams.ENRICHED, number * MANY // 6))
            code = await stages.stopped(child)
            group = await stages.group(streams.ENRICH)
            passed_on = await stages.redis.xlen(streams.ENRICHED)

            assert code == 0
            assert group == {"lag": MANY - passed_on, "pending": 0, "consumers": 0}
            assert 0 < passed_on < MANY
        await stages.started(child)
        await until(lambda: _is_done(stages, MANY))
    finally:
        await stages.stopped(child)

    assert await stages.redis.xlen(streams.ENRICHED) == MANY
    assert await stages.redis.xlen(streams.DEAD) == 0


async def test_store_stopped_under_load_leaves_nothing_pending(stages: Stages) -> None:
    """What it acknowledged is stored, and all that it read it acknowledged."""
    many = 6000
    pipe: Any = stages.redis.pipeline(transaction=False)
    for number in range(many):
        pipe.xadd(streams.ENRICHED, dict(wire.encode(enriched_article(**article(number)))))
    await pipe.execute()
    child = stages.service("store")
    try:
        for number in range(1, 3):
            await stages.started(child)
            await until(partial(_lag_below, stages, many - number * many // 6))
            code = await stages.stopped(child)
            group = await stages.group(streams.STORE)
            stored = await stages.count_stored()

            assert code == 0
            assert group == {"lag": many - stored, "pending": 0, "consumers": 0}
            assert 0 < stored < many
        await stages.started(child)
        await until(lambda: _lag_below(stages, 1))
    finally:
        await stages.stopped(child)

    assert set(stages.stored().values()) == {1}
    assert await stages.count_stored() == many
    assert [letter async for letter in deadletters.letters(stages.redis)] == []


async def test_ingest_stopped_under_load_loses_and_doubles_nothing(stages: Stages) -> None:
    """In the middle of a large file, and of many small ones; the next one goes on from there."""
    large = 20_000
    lines = "\n".join(json.dumps(article(number)) for number in range(large))
    drop(stages.folder / "inbox", "large.jsonl", lines)
    for number in range(large, large + 100):
        drop(stages.folder / "inbox", f"{number}.json", json.dumps(article(number)))
    child = stages.service("ingest")
    published: list[int] = []
    try:
        for number in range(1, 3):
            await stages.started(child)
            await until(partial(_longer, stages.redis, streams.RAW, number * large // 6))
            code = await stages.stopped(child)
            published.append(await stages.redis.xlen(streams.RAW))

            assert code == 0
        await stages.started(child)
        await until(lambda: _longer(stages.redis, streams.RAW, large + 100))
        await until(lambda: _is_empty(stages.folder / "inbox"))
    finally:
        await stages.stopped(child)

    assert published[0] < large + 100  # stopped in the middle
    found = await _uris(stages.redis)
    assert len(found) == large + 100
    assert set(found.values()) == {1}


async def _longer(redis: Redis, stream: str, length: int) -> bool:
    return await redis.xlen(stream) >= length


async def _is_done(stages: Stages, passed_on: int) -> bool:
    group = await stages.group(streams.ENRICH)
    return group["pending"] == 0 and await stages.redis.xlen(streams.ENRICHED) == passed_on


async def _lag_below(stages: Stages, lag: int) -> bool:
    group = await stages.group(streams.STORE)
    return bool(group) and group["lag"] < lag and (lag > 1 or not group["pending"])


async def _is_empty(inbox: Path) -> bool:
    return await asyncio.to_thread(lambda: not list(inbox.glob("[!.]*")))


async def _uris(redis: Redis) -> Counter[str]:
    client: Any = redis
    return Counter(
        wire.decode(fields, RawArticle, stream="", entry_id=entry_id.decode()).uri or ""
        for entry_id, fields in await client.xrange(streams.RAW)
    )
