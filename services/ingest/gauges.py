"""What ingest tells /metrics of the world around it: room on disk and in Redis, who publishes."""

import asyncio
import shutil
import time
from typing import Any, Final

from prometheus_client import CollectorRegistry, Gauge
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest.settings import IngestSettings
from shared import streams
from shared.errors import RedisUnavailable

_PRODUCERS_EVERY_S: Final = 15.0  # up to a thousand names, of which each has some 40 bytes
_TAKEN: Final = b"enrich:enriched@"


class Gauges:
    """Gauges that are set by `measure`, so that no scrape waits for a disk or for Redis."""

    def __init__(self, settings: IngestSettings, registry: CollectorRegistry) -> None:
        self._folders = {"inbox": settings.inbox_dir, "archive": settings.archive_dir}
        self._disk = Gauge(
            "newsflow_disk_free_bytes",
            "Free on the disk of a folder.",
            ["stage", "folder"],
            registry=registry,
        )
        self._used, self._limit, self._files = (
            Gauge(name, text, ["stage"], registry=registry).labels("ingest")
            for name, text in (
                ("newsflow_redis_memory_bytes", "What Redis uses."),
                ("newsflow_redis_memory_limit_bytes", "Its maxmemory; 0 without one."),
                ("newsflow_files_waiting", "Complete files in the inbox that are not taken yet."),
            )
        )
        self._producers = Gauge(
            "newsflow_producer_articles",
            "Articles of a producer that enrich has taken, ever.",
            ["stage", "producer"],
            registry=registry,
        )
        self._asked_at = 0.0

    async def measure(self, redis: Redis, *, waiting: int) -> None:
        """Look at everything; raises RedisUnavailable."""
        self._files.set(waiting)
        for name, free in (await asyncio.to_thread(self._free)).items():
            self._disk.labels("ingest", name).set(free)
        client: Any = redis  # redis-py types each reply as the union of all there are
        try:
            memory = await client.info("memory")
            self._used.set(int(memory["used_memory"]))
            self._limit.set(int(memory.get("maxmemory", 0)))
            if (now := time.monotonic()) - self._asked_at > _PRODUCERS_EVERY_S:
                self._asked_at = now
                for field, count in (await client.hgetall(streams.ACCOUNTS)).items():
                    if field.startswith(_TAKEN):
                        name = field.removeprefix(_TAKEN).decode("utf-8", "replace")
                        self._producers.labels("ingest", name).set(int(count))
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    def _free(self) -> dict[str, int]:
        return {
            name: shutil.disk_usage(folder).free
            for name, folder in self._folders.items()
            if folder.exists()
        }
