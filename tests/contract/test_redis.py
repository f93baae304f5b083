"""What we build on, asked of a real server: our scripts, our publishing, whom we refuse."""

import asyncio
import logging
from typing import Any

import pytest
from faststream.redis import RedisBroker
from redis.asyncio import Redis

from shared import streams
from shared.delivery.broker import UnusableRedis, connect, create_broker, publish
from shared.delivery.group import Group, Pending, Settlement
from shared.errors import RedisUnavailable
from shared.metrics import Metrics
from shared.settings import Settings
from tests.contract.services_in_process import Recorder, add, all_acknowledged, enriching, until

HOP = streams.ENRICH
MB = 1024 * 1024


def url(redis: Redis) -> str:
    options = redis.connection_pool.connection_kwargs
    return f"redis://{options['host']}:{options['port']}/0"


async def reading(redis: Redis, count: int) -> tuple[Group, list[bytes]]:
    """Return a group that has read `count` entries and ended none."""
    group = Group(redis, HOP, "me")
    await group.ensure()
    ids = await add(redis, count)
    client: Any = redis
    await client.xreadgroup(HOP.stage, "me", {HOP.source: ">"}, count=count)
    return group, ids


async def test_settling_twice_publishes_once(redis: Redis) -> None:
    """A reply that was lost and is asked for again changes nothing."""
    group, ids = await reading(redis, 2)
    ends = [
        Settlement(ids[0], "target", {b"data": b"{}"}),
        Settlement(ids[1], "dead", {b"reason": b"r"}),
    ]

    first, second = await group.settle(ends), await group.settle(ends)

    assert (first, second) == (set(ids), set())
    assert await redis.xlen(streams.ENRICHED) == 1
    assert await redis.xlen(streams.DEAD) == 1


async def test_two_consumers_end_an_entry_once(redis: Redis) -> None:
    """A process that froze and wakes finds that another has ended what it holds."""
    group, ids = await reading(redis, 1)
    other = Group(redis, HOP, "other")
    [entry] = await other.claim([Pending(ids[0], 1)], idle_ms=0)

    await other.settle([Settlement(entry.id, "target", {b"data": b"{}"})])
    late = await group.settle([Settlement(ids[0], "target", {b"data": b"{}"})])

    assert late == set()
    assert await redis.xlen(streams.ENRICHED) == 1


async def test_a_full_redis_is_drained_and_takes_nothing_new(redis: Redis) -> None:
    """Out of memory, publishing is an outage; what is there is worked off, by newcomers too."""
    await add(redis, 50)
    await Group(redis, HOP, "before").ensure()
    used = (await redis.info("memory"))["used_memory"]
    await redis.config_set("maxmemory", used)
    try:
        with pytest.raises(RedisUnavailable, match="maxmemory"):
            await publish(redis, streams.RAW, [{b"data": b"x" * MB}])
        async with enriching(redis, Recorder()):
            await until(lambda: all_acknowledged(redis))
    finally:
        await redis.config_set("maxmemory", 0)

    assert await redis.xlen(streams.ENRICHED) == 50


async def test_refreshing_counts_no_delivery_and_can_take_one_back(redis: Redis) -> None:
    """What is in hand stays at its count; an outage sets it back."""
    group, ids = await reading(redis, 1)

    await group.refresh(ids)
    [kept] = await group.abandoned(idle_ms=0)
    await group.refresh(ids, deliveries=0)
    [set_back] = await group.abandoned(idle_ms=0)

    assert (kept.deliveries, set_back.deliveries) == (1, 0)


async def test_trimming_keeps_what_any_group_still_needs(redis: Redis) -> None:
    """Without groups nothing goes; with pending entries nothing from the oldest on."""
    alone = Group(redis, HOP, "me")
    await add(redis, 300)
    nothing = await alone.trim()
    await alone.ensure()
    client: Any = redis
    [[_, entries]] = await client.xreadgroup(HOP.stage, "me", {HOP.source: ">"}, count=300)
    unread = await alone.trim()
    await alone.settle(Settlement(id_) for id_, _ in entries[:250])

    trimmed = await alone.trim()

    assert (nothing, unread) == (0, 0)
    assert 100 <= trimmed <= 250
    first = (await client.xrange(HOP.source, count=1))[0][0]
    assert first <= entries[250][0]


async def test_trimming_drops_all_that_is_done_however_much_it_is(redis: Redis) -> None:
    """Redis drops 10,000 at once; what a stage does in five seconds may be more."""
    group = Group(redis, HOP, "me")
    await group.ensure()
    client: Any = redis
    fill = "for i = 1, ARGV[1] do redis.call('XADD', KEYS[1], '*', 'data', i) end"
    await client.eval(fill, 1, HOP.source, 25_000)
    await client.xreadgroup(HOP.stage, "me", {HOP.source: ">"}, count=25_000, noack=True)

    dropped = await group.trim()

    assert dropped >= 24_900


async def test_a_consumer_with_pending_entries_is_not_forgotten(redis: Redis) -> None:
    """Removing it would drop what it holds."""
    group, ids = await reading(redis, 1)

    await group.forget("me")
    held = await group.abandoned(idle_ms=0)
    await group.settle([Settlement(ids[0])])
    await group.forget("me")

    assert [pending.id for pending in held] == ids
    client: Any = redis
    assert await client.xinfo_consumers(HOP.source, HOP.stage) == []


async def test_many_articles_are_published_in_order(redis: Redis) -> None:
    """Also when they are too large for one pipeline."""
    entries = [{b"data": bytes([number]) * MB} for number in range(10)]

    ids = await publish(redis, streams.RAW, entries)

    client: Any = redis
    stored = await client.xrange(streams.RAW)
    assert [id_.decode() for id_, _ in stored] == ids
    assert [fields[b"data"][0] for _, fields in stored] == list(range(10))


async def test_waiting_for_articles_is_no_error(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    """An idle read ends before redis-py gives up on its reply (5 s)."""
    async with enriching(redis, Recorder()) as consumer:
        await asyncio.sleep(6.5)
        problem = await consumer.problem()

    assert problem is None
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def connecting(redis_url: str) -> None:
    broker: RedisBroker = create_broker(Settings(redis_url=redis_url), metrics=Metrics("enrich"))
    try:
        await connect(broker, stage="enrich")
    finally:
        await broker.stop()


async def test_a_redis_that_evicts_streams_is_refused(redis: Redis) -> None:
    """It would delete unread articles when memory is short."""
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(UnusableRedis, match="set it to `noeviction`"):
            await connecting(url(redis))
    finally:
        await redis.config_set("maxmemory-policy", "noeviction")


async def test_wrong_credentials_fail_at_once_in_one_sentence(redis: Redis) -> None:
    """No waiting for what waiting cannot mend, and no password in the message."""
    await redis.config_set("requirepass", "right")
    try:
        with pytest.raises(UnusableRedis) as raised:
            await connecting(url(redis).replace("redis://", "redis://:hunter2@"))
    finally:
        await redis.config_set("requirepass", "")

    assert "refuses us" in str(raised.value)
    assert "check NEWSFLOW_REDIS_URL" in str(raised.value)
    assert "hunter2" not in str(raised.value)
