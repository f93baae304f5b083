"""One consumer group on one stream: what Redis is asked to do, and nothing of why.

delivery.py decides; only this file acknowledges, claims and trims. Every call may raise
redis.exceptions.RedisError or OSError, and may be made again after it did.
"""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from shared import streams
from shared.delivery import redis_scripts
from shared.entries import accounts
from shared.entries.accounts import Owner
from shared.outcome import Status
from shared.streams import Hop

_PAGE: Final = 1_000
_FORGET_AFTER_MS: Final = 3_600_000
_HELD_S: Final = 600  # holding is told for this long after the last time; 5 s pass in between
_HELD_BYTES: Final = 1_000  # of the reason
_KEYS: Final = {"nowhere": 0, "target": 2, "dead": 3}  # as redis_scripts.SETTLE counts its keys
_FILES_FROM: Final = 6
_RECEIPTS: Final = 100_000

Fields = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One entry of a stream in this process's hands; `deliveries` counts this one too."""

    id: bytes
    fields: Fields
    deliveries: int


class Pending(NamedTuple):
    """An entry that some consumer has read and not ended, and how often it was delivered."""

    id: bytes
    deliveries: int


class Settlement(NamedTuple):
    """The end of an entry: acknowledged, `fields` published to the target or the dead, counted.

    It is counted as `status`, for the producer and the file of `owner`; `receipt`, if there is
    one, goes to the publishers.
    """

    id: bytes
    to: Literal["nowhere", "target", "dead"] = "nowhere"
    fields: Fields = MappingProxyType({})
    status: Status = "stored"
    owner: Owner = Owner()
    receipt: Fields = MappingProxyType({})


class State(NamedTuple):
    """How far a group is: entries not read, read and not ended, parked; age of the oldest."""

    lag: int
    pending: int
    dead: int
    oldest_ms: int

    @property
    def waiting(self) -> int:
        """How many entries the group has not ended."""
        return self.lag + self.pending


class Group:
    """The group of a hop, as its consumer `name` sees it."""

    def __init__(
        self, redis: Redis, hop: Hop, name: str, *, receipts_kept: int = _RECEIPTS
    ) -> None:
        # redis-py types each reply as the union of all that any server may send.
        self._redis: Any = redis
        self._hop = hop
        self.name = name
        self._receipts_kept = receipts_kept
        self._settle = redis.register_script(redis_scripts.SETTLE)
        self._begin = redis.register_script(redis_scripts.BEGIN)
        self._trim = redis.register_script(redis_scripts.TRIM)
        self._forget = redis.register_script(redis_scripts.FORGET)

    async def ensure(self) -> None:
        """Make stream and group if they are missing; the group starts at the first entry.

        What it has ended is counted from here on.
        """
        try:
            await self._redis.xgroup_create(
                name=self._hop.source, groupname=self._hop.stage, id="0", mkstream=True
            )
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise
        with contextlib.suppress(OutOfMemoryError):  # then it begins with the first end
            await self._begin(keys=self._keys(), args=[self._hop.stage])

    async def settle(self, ends: Iterable[Settlement]) -> set[bytes]:
        """End entries, all at once; return the ids that were still pending until now."""
        kinds: dict[tuple[str | int, ...], int] = {}
        files: dict[tuple[str, str], int] = {}
        entries: list[bytes | int] = []
        for end in ends:
            owner = end.owner
            is_last = end.to != "target" and owner.path
            life = (owner.path, owner.life)
            file = files.setdefault(life, _FILES_FROM + len(files)) if is_last else 0
            flat = [part for pair in end.fields.items() for part in pair]
            told = [part for pair in end.receipt.items() for part in pair]
            of_file = (file, owner.life) if file else (0, "")
            kind = (_KEYS[end.to], end.status, owner.producer, *of_file, len(flat), len(told))
            entries += [end.id, kinds.setdefault(kind, len(kinds) + 1), *flat, *told]
        of_all = (self._hop.stage, accounts.MOST_PRODUCERS, self._receipts_kept, len(kinds))
        arguments = [*of_all, *chain.from_iterable(kinds), *entries]
        keys = [*self._keys(), *(streams.FILE + path for path, _ in files)]
        return set(await self._settle(keys=keys, args=arguments))

    def _keys(self) -> list[str]:
        target = self._hop.target or self._hop.source
        return [self._hop.source, target, streams.DEAD, streams.ACCOUNTS, streams.RECEIPTS]

    async def abandoned(self, idle_ms: int) -> list[Pending]:
        """Return up to 1,000 entries that nobody has touched for `idle_ms`, oldest first."""
        page = await self._redis.xpending_range(
            self._hop.source, self._hop.stage, "-", "+", _PAGE, idle=idle_ms
        )
        return [Pending(item["message_id"], item["times_delivered"]) for item in page]

    async def claim(self, pending: Sequence[Pending], idle_ms: int) -> list[Entry]:
        """Take entries over if they are still untouched for `idle_ms`; count the delivery."""
        deliveries = dict(pending)
        claimed = await self._redis.xclaim(
            self._hop.source, self._hop.stage, self.name, idle_ms, list(deliveries)
        )
        return [Entry(id_, fields, deliveries[id_] + 1) for id_, fields in claimed if fields]

    async def refresh(self, ids: Iterable[bytes], *, deliveries: int | None = None) -> None:
        """Mark entries as touched just now; set how often they were delivered, if given."""
        await self._redis.xclaim(
            self._hop.source,
            self._hop.stage,
            self.name,
            0,
            list(ids),
            justid=True,
            retrycount=deliveries,
        )

    async def hold(self, reason: str) -> None:
        """Tell processes that start in the next ten minutes that this stage holds what would die.

        Else each start would let some more die, of a stage that is started again and again.
        """
        said = reason.encode("utf-8", "replace")[:_HELD_BYTES]
        await self._redis.set(f"articles.held:{self._hop.stage}", said, ex=_HELD_S)

    async def held(self) -> str | None:
        """Return why what would die is held, if it is."""
        reason = await self._redis.get(f"articles.held:{self._hop.stage}")
        return reason.decode("utf-8", "replace") if reason is not None else None

    async def own(self, after: bytes, count: int) -> list[Entry]:
        """Return what this consumer has read and not ended, behind the id `after`.

        Redis counts that as a delivery, which it is not: it is set back.
        """
        reply = await self._redis.xreadgroup(
            self._hop.stage, self.name, {self._hop.source: after}, count=count
        )
        page = reply[0][1] if reply else []
        if not page:
            return []
        counted = await self._redis.xpending_range(
            self._hop.source, self._hop.stage, page[0][0], page[-1][0], count, self.name
        )
        before = {item["message_id"]: max(1, item["times_delivered"] - 1) for item in counted}
        for deliveries in set(before.values()):
            ids = [id_ for id_, times in before.items() if times == deliveries]
            await self.refresh(ids, deliveries=deliveries)
        return [Entry(id_, fields or {}, before.get(id_, 1)) for id_, fields in page]

    async def trim(self) -> int:
        """Drop from the stream what all its groups have acknowledged; return how many.

        Redis drops 10,000 entries at once, so it is asked until nothing is left to drop: once in
        five seconds would let the stream grow at more than 2,000 articles a second.
        """
        dropped = 0
        while step := int(await self._trim(keys=[self._hop.source])):
            dropped += step
        return dropped

    async def forget(self, name: str = "") -> int:
        """Remove the consumer `name`, and any idle for an hour; none that has entries pending.

        Return how many `name` still has.
        """
        arguments: list[str | int] = [self._hop.stage, _FORGET_AFTER_MS, name]
        left: int = await self._forget(keys=[self._hop.source], args=arguments)
        return left

    async def state(self) -> State:
        """Return how far this group is, now; before it is made, all of the stream is lag."""
        dead = await self._redis.xlen(streams.DEAD)
        mine = await self._info()
        if mine is None:
            return State(await self._redis.xlen(self._hop.source), 0, dead, 0)
        if mine["pending"]:
            summary = await self._redis.xpending(self._hop.source, self._hop.stage)
            oldest = summary["min"]
        else:
            behind = f"({mine['last-delivered-id'].decode()}"
            waiting = await self._redis.xrange(self._hop.source, behind, "+", count=1)
            oldest = waiting[0][0] if waiting else None
        seconds, microseconds = await self._redis.time()
        age = seconds * 1000 + microseconds // 1000 - _milliseconds(oldest) if oldest else 0
        return State(mine["lag"] or 0, mine["pending"], dead, max(0, age))

    async def _info(self) -> dict[str, Any] | None:
        try:
            groups = await self._redis.xinfo_groups(self._hop.source)
        except ResponseError as error:
            if "no such key" not in str(error):
                raise
            return None
        name = self._hop.stage.encode()
        return next((group for group in groups if group["name"] == name), None)


def _milliseconds(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
