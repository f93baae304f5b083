"""Whether what was published has come to its end: in MongoDB, or among the dead letters."""

from typing import Any

from redis.asyncio import Redis

from shared import streams
from shared.streams import Hop


class Stored:
    """Follows entries through the groups. Calls may raise RedisError or OSError."""

    def __init__(self, redis: Redis) -> None:
        self._redis: Any = redis
        self._enriched_by: dict[str, str] = {}  # entry of articles.raw: last one of the next stream

    async def has(self, entry_id: str) -> bool:
        """Say whether everything on articles.raw up to `entry_id` is stored or parked.

        When enrich has ended it, whatever came of it is on articles.enriched by then: what store
        must end too is all up to that stream's last entry.
        """
        if entry_id not in self._enriched_by:
            if not await self._ended(streams.ENRICH, entry_id):
                return False
            last = await self._redis.xrevrange(streams.ENRICHED, count=1)
            self._enriched_by[entry_id] = last[0][0].decode() if last else "0-0"
        if not await self._ended(streams.STORE, self._enriched_by[entry_id]):
            return False
        del self._enriched_by[entry_id]
        return True

    async def _ended(self, hop: Hop, entry_id: str) -> bool:
        groups = await self._redis.xinfo_groups(hop.source)
        mine = next((group for group in groups if group["name"] == hop.stage.encode()), None)
        if mine is None or _order(mine["last-delivered-id"]) < _order(entry_id):
            return False
        summary = await self._redis.xpending(hop.source, hop.stage)
        return not summary["pending"] or _order(summary["min"]) > _order(entry_id)


def _order(entry_id: str | bytes) -> tuple[int, int]:
    text = entry_id.decode() if isinstance(entry_id, bytes) else entry_id
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds), int(sequence or 0)
