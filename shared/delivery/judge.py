"""Which articles may die now: the rules of breaker.py for one stage, and what it says."""

import time
from typing import Final

from shared import streams
from shared.delivery.breaker import Breaker, Recent
from shared.delivery.retry import CAP_S
from shared.letters.deadletters import Cause
from shared.metrics import Metrics
from shared.part import Notice
from shared.settings import Settings
from shared.streams import Hop

_RETRIES: Final = 3  # that may be missed before what is held counts as ended by others


class Judge:
    """Lets the articles of a stage end, and holds what would die while too much does.

    Entries that are no article are their producer's fault: they die however many they are, with a
    Notice. On a stream that only our own stages write they are as suspect as the rest.
    """

    def __init__(self, hop: Hop, settings: Settings, metrics: Metrics) -> None:
        self._anybody_writes = hop.source == streams.RAW
        self._metrics = metrics
        self._most = settings.max_dead_percent
        retried_within_s = _RETRIES * (settings.reclaim_after_ms / 1000 + CAP_S)
        self._breaker = Breaker(self._most, retried_within_s=retried_within_s)
        self._entries = Recent()  # bad are those that are no article

    def recall(self, reason: str | None) -> None:
        """Begin where another process of the stage holds what would die, if one does."""
        if reason is not None:
            for _ in range(self._most):
                self._breaker.recall(reason)

    def may_end(self, entry_id: bytes, cause: Cause | None, reason: str | None) -> bool:
        """Say whether an entry may end: die of `cause`, or pass; and note it."""
        self._entries.add(reason if cause == "invalid" else None)
        if cause is None:
            self._breaker.passed(entry_id)
            return True
        return not self._is_suspect(cause) or self.may_fail(entry_id, reason or "")

    def may_fail(self, entry_id: bytes, reason: str) -> bool:
        """Say whether a failure counts against the entry, and note it; else it is held."""
        return self._breaker.lets_die(entry_id, reason, now_s=time.monotonic())

    @property
    def is_stuck(self) -> bool:
        """Whether nothing passes, so that trying is only to see when it is mended."""
        return self._breaker.is_stuck

    def problem(self) -> str | None:
        """Return what is wrong, in one sentence, or None; a Notice when it stops nothing."""
        if self._is_holding():
            recent = self._breaker.recent
            return (
                f"{recent.share:.0%} of the last articles died or met a bug, most often: "
                f"{recent.reason}; what would die too stays pending and is tried again: mend the "
                "cause, or let it die with NEWSFLOW_MAX_DEAD_PERCENT=100"
            )
        if self._entries.bad >= self._most:
            return Notice(
                f"{self._entries.share:.0%} of the last entries are no article and were parked, "
                f"most often: {self._entries.reason}; see `newsflow dead reasons`, and tell "
                "whoever publishes them"
            )
        return None

    def measure(self) -> None:
        """Set the metrics that say what `problem` does."""
        self._metrics.holding.set(self._is_holding())
        self._metrics.invalid_ratio.set(self._entries.share)

    def _is_holding(self) -> bool:
        return self._breaker.is_open(time.monotonic())

    def _is_suspect(self, cause: Cause) -> bool:
        """Say whether a death may be our own fault."""
        return cause != "invalid" or not self._anybody_writes
