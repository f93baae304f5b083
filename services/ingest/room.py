"""Whether there is room for more: before the stages behind, in Redis, on the disk."""

import asyncio
import shutil
import time
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest.settings import IngestSettings
from shared import streams
from shared.delivery.group import Group
from shared.errors import RedisUnavailable

_LOOK_EVERY_S: Final = 0.25
_PERCENT: Final = 100


class Room:
    """What intake asks before it publishes; it never drops, it waits."""

    def __init__(self, redis: Redis, settings: IngestSettings) -> None:
        self._redis: Any = redis
        self._settings = settings
        self._groups = [Group(redis, hop, "ingest") for hop in streams.HOPS]
        self._looked_at = 0.0
        self._lacking: str | None = None

    async def lacking(self) -> str | None:
        """Return what there is too little of, for people, or None; looks four times a second.

        Raises RedisUnavailable.
        """
        now = time.monotonic()
        if now - self._looked_at > _LOOK_EVERY_S:
            try:
                self._lacking = await self._backlog() or await self._memory() or await self._disk()
            except (RedisError, OSError) as error:
                raise RedisUnavailable(str(error)) from error
            self._looked_at = now
        return self._lacking

    async def _backlog(self) -> str | None:
        limit = self._settings.max_backlog
        for hop, group in zip(streams.HOPS, self._groups, strict=True):
            if (waiting := (await group.state()).waiting) > limit:
                return f"{waiting} articles wait for {hop.stage} (NEWSFLOW_MAX_BACKLOG)"
        return None

    async def _memory(self) -> str | None:
        memory = await self._redis.info("memory")
        used, most = int(memory["used_memory"]), int(memory.get("maxmemory", 0))
        limit = self._settings.max_redis_memory_percent
        if most and used * _PERCENT > most * limit:
            share = used * _PERCENT // most
            return f"Redis uses {share} % of its memory (NEWSFLOW_MAX_REDIS_MEMORY_PERCENT)"
        return None

    async def _disk(self) -> str | None:
        free = (await asyncio.to_thread(shutil.disk_usage, self._settings.archive_dir)).free
        if free < self._settings.min_free_disk_bytes:
            mib = free // 1024**2
            return f"the archive's disk has {mib} MiB left (NEWSFLOW_MIN_FREE_DISK_BYTES)"
        return None
