"""What an article costs is what tests/benchmarks/baseline.json says it does."""

import json
from pathlib import Path

from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from tests.benchmarks import counters


async def test_an_article_costs_no_more_and_no_less_than_the_baseline(
    redis: Redis, redis_server: RedisServer, mongo_url: str, tmp_path: Path
) -> None:
    """The same commands, and as many bytes and as much memory within the tolerance."""
    await redis.flushall()

    found = await counters.measure(redis_server.url, mongo_url, tmp_path)

    wrong = counters.differences(found, json.loads(counters.BASELINE.read_text()))
    assert not wrong, "\n".join([*wrong, counters.HINT])
