"""What store waits for is no delivery: by its own wiring, on servers that stop answering."""

import signal
from typing import Any

from redis.asyncio import Redis

from services.devstack.servers import MongoServer, RedisServer
from services.store.app import create
from services.store.settings import StoreSettings
from shared import streams
from shared.entries import wire
from tests.builders import enriched_article
from tests.contract.services_in_process import until


async def test_a_frozen_mongodb_costs_no_article_an_attempt(
    redis: Redis, redis_server: RedisServer, mongo_server: MongoServer, mongo_url: str
) -> None:
    """Long before MongoDB's time-out: a store that is killed meanwhile has spent nothing."""
    client: Any = redis
    settings = StoreSettings(redis_url=redis_server.url, mongo_url=mongo_url, health_port=0)

    async def pending(deliveries: list[int]) -> bool:
        found = await client.xpending_range(streams.ENRICHED, "store", "-", "+", 10)
        return [one["times_delivered"] for one in found] == deliveries

    async with create(settings).app.start_lifespan_context():
        mongo_server.child.signal(signal.SIGSTOP)
        try:
            await client.xadd(streams.ENRICHED, wire.encode(enriched_article()))
            await until(lambda: pending([0]), within_s=4)
        finally:
            mongo_server.child.signal(signal.SIGCONT)
        await until(lambda: pending([]))
