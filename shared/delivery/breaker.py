"""Whether what dies is its own fault, or ours. Pure: what time it is comes in.

Of the last hundred articles that a desk brought to an end only some may have died. What would die
beyond that is held back: it stays pending and is tried again, so it passes once the fault is
mended, and dies when enough others have passed. What passes, passes all the while.
"""

from collections import deque
from typing import Final

from shared.letters.reasons import commonest

WINDOW: Final = 100  # articles; so a share in per cent is also their number
_MOST_HELD: Final = 10_000  # ids that are remembered, 1 MB; with more it is as open as with these


class Recent:
    """The last hundred: each went well, or has a reason why not."""

    def __init__(self) -> None:
        self._reasons: deque[str | None] = deque(maxlen=WINDOW)
        self.bad = 0

    def add(self, reason: str | None = None) -> None:
        """Note one more; the oldest is forgotten."""
        if len(self._reasons) == WINDOW and self._reasons[0] is not None:
            self.bad -= 1
        self._reasons.append(reason)
        self.bad += reason is not None

    def clear(self) -> None:
        """Forget all."""
        self._reasons.clear()
        self.bad = 0

    @property
    def share(self) -> float:
        """How many of those that are known are bad, 0 to 1."""
        return self.bad / len(self._reasons) if self._reasons else 0.0

    @property
    def reason(self) -> str | None:
        """The most frequent reason, without what differs from article to article."""
        return commonest(reason for reason in self._reasons if reason)


class Breaker:
    """Lets articles die while few do: `most` of the last hundred, 100 for all.

    What is held is tried again within `retried_within_s`: after that long without one that had to
    be held, nothing is held any more, for others may have ended it.
    """

    def __init__(self, most: int, *, retried_within_s: float) -> None:
        self.recent = Recent()
        self._most = most
        self._retried_within_s = retried_within_s
        self._held: set[bytes] = set()
        self._held_at_s = 0.0
        self._in_a_row = 0

    def passed(self, entry_id: bytes) -> None:
        """Note an article that went well; once all that was held did, begin anew."""
        self.recent.add()
        self._in_a_row = 0
        if self._held:
            self._held.discard(entry_id)
            if not self._held:
                self.recent.clear()

    def lets_die(self, entry_id: bytes, reason: str, *, now_s: float) -> bool:
        """Say whether one more may die, and note that it did, or that it is held."""
        if not self.is_open(now_s):
            self._held.clear()
        if self._most < WINDOW and self.recent.bad >= self._most:
            self._in_a_row += 1
            self._held_at_s = now_s
            if len(self._held) < _MOST_HELD:
                self._held.add(entry_id)
            return False
        self.recent.add(reason)
        self._held.discard(entry_id)
        return True

    def recall(self, reason: str) -> None:
        """Note what died before this process began, so that it lets no further ones die."""
        self.recent.add(reason)

    def is_open(self, now_s: float) -> bool:
        """Whether anything is held back."""
        return bool(self._held) and now_s - self._held_at_s <= self._retried_within_s

    @property
    def is_stuck(self) -> bool:
        """Whether of the last hundred that came all were held."""
        return self._in_a_row >= WINDOW
