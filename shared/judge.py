"""Which ends may be: so many deaths at once may be our own fault (shared/breaker.py).

Entries that are no article are their producer's fault, and are parked however many they are, with a
warning; but on a stream that only our own stages write they are as suspect as the rest.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from redis.asyncio import Redis

from shared import deadletters, streams
from shared.breaker import Breaker, Recent
from shared.deadletters import Cause
from shared.ends import End
from shared.metrics import Metrics
from shared.part import Notice
from shared.retry import CAP_S
from shared.settings import Settings
from shared.streams import Hop

_RECALLED: Final = timedelta(minutes=10)
_RECALLED_LETTERS: Final = 1_000  # looked at, some 10 ms; others may be of other stages
_RETRIES: Final = 3  # that may be missed before what is held counts as ended by others


class Judge:
    """Knows how the last hundred articles of a hop ended, and lets only so many die."""

    def __init__(self, hop: Hop, settings: Settings) -> None:
        self._hop = hop
        self._most = settings.max_dead_percent
        retried_within_s = _RETRIES * (settings.reclaim_after_ms / 1000 + CAP_S)
        self._breaker = Breaker(self._most, retried_within_s=retried_within_s)
        self._entries = Recent()  # bad are those that are no article

    @property
    def is_stuck(self) -> bool:
        """Whether nothing passes, so that trying is only to see when it is mended."""
        return self._breaker.is_stuck

    def holding(self) -> str | None:
        """Return why articles are held back, in one sentence, or None."""
        if not self._breaker.is_open(time.monotonic()):
            return None
        recent = self._breaker.recent
        return (
            f"{recent.share:.0%} of the last articles died or met a bug, most often: "
            f"{recent.reason}; what would die too stays pending and is tried again: mend the "
            "cause, or let it die with NEWSFLOW_MAX_DEAD_PERCENT=100"
        )

    def warning(self) -> Notice | None:
        """Return what people should look at though it stops nothing, or None."""
        if self._entries.bad < self._most:
            return None
        return Notice(
            f"{self._entries.share:.0%} of the last entries are no article and were parked, "
            f"most often: {self._entries.reason}; see `newsflow dead reasons`, and tell "
            "whoever publishes them"
        )

    def gauge(self, metrics: Metrics) -> None:
        """Set the metrics that say the same."""
        metrics.holding.set(self._breaker.is_open(time.monotonic()))
        metrics.invalid_ratio.set(self._entries.share)

    async def recall(self, redis: Redis) -> None:
        """Know what this stage parked shortly before: a restart is no licence to park more."""
        since = datetime.now(UTC) - _RECALLED
        looked = 0
        async for letter in deadletters.letters(redis, since=since):
            if letter.stage == self._hop.stage and self._is_suspect(letter.cause):
                self._breaker.recall(letter.reason)
            looked += 1
            if looked == _RECALLED_LETTERS or self._breaker.recent.bad == self._most:
                return

    def judge(self, ends: Sequence[End]) -> tuple[list[End], list[End]]:
        """Return the ends that may be, and those that may not now."""
        may: list[End] = []
        held: list[End] = []
        for end in ends:
            (may if self._may_be(end) else held).append(end)
        return may, held

    def lets_fail(self, entry_id: bytes, said: str) -> bool:
        """Say whether an entry that met a bug may count as one that did."""
        return self._breaker.lets_die(entry_id, said, now_s=time.monotonic())

    def _may_be(self, end: End) -> bool:
        """Say whether an end may be, and note it."""
        self._entries.add(end.reason if end.cause == "invalid" else None)
        if end.cause is None:
            self._breaker.passed(end.entry_id)
            return True
        if not self._is_suspect(end.cause):
            return True
        return self._breaker.lets_die(end.entry_id, end.reason or "", now_s=time.monotonic())

    def _is_suspect(self, cause: Cause) -> bool:
        """Say whether a death may be our own fault."""
        return cause != "invalid" or self._hop.source != streams.RAW
