"""FastStream's Redis broker as Newsflow needs it, and publishing to a stream."""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from faststream.redis import RedisBroker
from faststream.redis.prometheus import RedisPrometheusMiddleware
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    OutOfMemoryError,
    RedisError,
    ResponseError,
)

from shared import connecting, streams
from shared.addresses import nodes_of
from shared.delivery.group import Fields
from shared.delivery.retry import delay_s
from shared.errors import NewsflowError, RedisUnavailable
from shared.metrics import Metrics
from shared.observability import get_logger
from shared.partitions import connection_class, partition_seen
from shared.settings import Settings

_OLDEST_VERSION: Final = (7, 0)
_CHUNK_BYTES: Final = 4 * 1024 * 1024  # of one pipeline, so that no reply waits for long


class UnusableRedis(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A Redis that answers and cannot be used; the text says what to change."""


def create_broker(settings: Settings, *, metrics: Metrics) -> RedisBroker:
    """Return a broker that retries, does not touch messages, and is not connected yet.

    Commands are sent again three times while the connection fails (redis-py's own retry), so what
    they do must be safe to do twice.
    """
    nodes = nodes_of(settings.redis_url)
    following: dict[str, Any] = {}
    if settings.partition:
        following["connection_class"] = connection_class(nodes, settings.partition)
    return RedisBroker(
        nodes[0],
        apply_types=False,  # a batch is validated entry by entry, see shared/delivery/desk.py
        graceful_timeout=settings.stop_within_s,
        logger=logging.getLogger("faststream"),
        middlewares=[RedisPrometheusMiddleware(registry=metrics.registry)],
        retry=Retry(ExponentialWithJitterBackoff(base=0.1, cap=2), retries=3),
        **following,
    )


async def connect(broker: RedisBroker, *, stage: str) -> Redis:
    """Return the broker's client once Redis answers; wait for it as long as it takes.

    Raises UnusableRedis at once for what waiting cannot mend: wrong credentials, a certificate that
    nobody we know signed, a version before 7.0, a cluster without a partition, or a memory policy
    that evicts streams.
    """
    redis = await broker.connect()
    log = get_logger(stage)
    attempt = 0
    while True:
        try:
            server = await redis.info("server")
            memory = await redis.info("memory")
            if partition := partition_seen(redis):
                await redis.exists(streams.RAW)  # a cluster that is down answers INFO as ever
        except (RedisError, OSError) as error:
            if connecting.is_refusal(error):
                raise refusal(broker, error) from None
            if change := connecting.lasting(error, connecting.REDIS):
                msg = f"Redis at {place(broker)} cannot be used: {change}"
                raise UnusableRedis(msg) from None
            attempt += 1
            hint = connecting.hint(error, connecting.REDIS)
            log.warning("waiting for Redis", at=place(broker), error=str(error), hint=hint)
            await asyncio.sleep(delay_s(attempt, jitter=random.uniform(0.5, 1)))  # noqa: S311
        else:
            _refuse_unusable(server, memory, partition=partition)
            _take_existing_groups(redis)
            return redis


def _take_existing_groups(redis: Redis) -> None:
    """Let XGROUP CREATE say BUSYGROUP, as ever, where a full Redis refuses it for want of memory.

    FastStream makes its group at every start. Without this no consumer could start while memory is
    full, and nothing would drain what fills it.
    """
    create: Any = redis.xgroup_create

    async def create_or_busy(name: str, groupname: str, **options: Any) -> Any:  # noqa: ANN401
        try:
            return await create(name=name, groupname=groupname, **options)
        except OutOfMemoryError:
            client: Any = redis
            groups = await client.xinfo_groups(name)
            if groupname.encode() not in [group["name"] for group in groups]:
                raise
            msg = "BUSYGROUP Consumer Group name already exists"
            raise ResponseError(msg) from None

    redis.xgroup_create = create_or_busy  # type: ignore[method-assign, assignment]


def refusal(broker: RedisBroker, error: Exception) -> UnusableRedis:
    """Return what to say when Redis refuses us, see connecting.is_refusal."""
    why = str(error).rstrip(".")
    return UnusableRedis(
        f"Redis at {place(broker)} refuses us: {why}; check NEWSFLOW_REDIS_URL and the user's "
        "rights, see docs/operations.md"
    )


def place(broker: RedisBroker) -> str:
    """Return host and port of the broker's Redis, without credentials."""
    return urlsplit(str(broker.specification.url[0])).netloc


def _refuse_unusable(
    server: dict[str, object], memory: dict[str, object], *, partition: str
) -> None:
    version = str(server.get("redis_version", "0"))
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_VERSION:
        msg = f"Redis {version} is too old: Newsflow needs Redis 7.0 or Valkey"
        raise UnusableRedis(msg)
    is_cluster = "cluster" in {server.get("redis_mode"), server.get("server_mode")}  # Valkey 9
    if is_cluster and not partition:
        msg = (
            "Redis is in cluster mode, and one script touches several streams: name the partition "
            "that keeps them on one node, as NEWSFLOW_PARTITION=p1; see docs/scaling.md"
        )
        raise UnusableRedis(msg)
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if policy.startswith("allkeys"):
        msg = (
            f"Redis has `maxmemory-policy {policy}`, which deletes unread articles when memory is "
            "short; set it to `noeviction`"
        )
        raise UnusableRedis(msg)


async def publish(redis: Redis, stream: str, entries: Sequence[Fields]) -> list[str]:
    """Add `entries` (see wire.encode) to `stream` in their order; return their ids.

    Raises RedisUnavailable when Redis did not take all of them: the caller tries all again, and
    the article ids make doubled entries one article.
    """
    ids: list[bytes] = []
    try:
        for chunk in _chunks(entries):
            pipe = redis.pipeline(transaction=False)
            for fields in chunk:
                pipe.xadd(stream, dict(fields))  # type: ignore[arg-type]  # its keys may be more
            ids += await pipe.execute()
    except (RedisError, OSError) as error:
        raise RedisUnavailable(str(error)) from error
    return [entry_id.decode() for entry_id in ids]


def _chunks(entries: Sequence[Fields]) -> list[list[Fields]]:
    chunks: list[list[Fields]] = []
    room = 0
    for fields in entries:
        size = sum(map(len, fields.values()))
        if not chunks or size > room:
            chunks.append([])
            room = _CHUNK_BYTES
        chunks[-1].append(fields)
        room -= size
    return chunks
