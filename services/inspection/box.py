"""The dead letters that somebody means: by id, or by what they have in common."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from services.inspection.letters import Wanted
from shared.errors import NewsflowError
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter


class NoSuchLetter(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A letter that is named and not there: replayed or purged, or never was."""


class Box:
    """The dead letters that are meant, of those that were there when it was opened.

    `more` tells after `letters` whether it stopped before it had looked at all.
    """

    def __init__(self, redis: Redis, chosen: Wanted, named: Sequence[DeadLetter] | None) -> None:
        self._redis = redis
        self._chosen = chosen
        self._named = named
        self.more = False

    @classmethod
    async def opened(cls, redis: Redis, chosen: Wanted, ids: Sequence[str] | None = None) -> "Box":
        """Return the box; raises NoSuchLetter when one is named that there is not."""
        if not ids:
            client: Any = redis  # redis-py does not type what TIME answers
            seconds, microseconds = await client.time()
            now = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
            until = min(now, chosen.until or now)
            return cls(redis, replace(chosen, until=until), None)
        found = {one: await deadletters.letter(redis, one) for one in ids}
        if missing := [letter_id for letter_id, letter in found.items() if letter is None]:
            msg = f"no dead letter {', '.join(missing)}; `newsflow dead list` shows them"
            raise NoSuchLetter(msg)
        return cls(redis, chosen, [letter for letter in found.values() if letter])

    async def letters(self, *, looks: int | None = None) -> AsyncIterator[DeadLetter]:
        """Yield them, oldest first, read as they are yielded; `looks` are looked at, at most."""
        if self._named is not None:
            for letter in self._named:
                yield letter
            return
        chosen, looked_at = self._chosen, 0
        async for letter in deadletters.letters(
            self._redis, since=chosen.since, until=chosen.until, oldest_first=True
        ):
            if looked_at == looks:
                self.more = True
                return
            looked_at += 1
            if chosen.takes(letter):
                yield letter

    async def count(self) -> int:
        """Return how many they are."""
        if self._named is not None:
            return len(self._named)
        count = 0
        async for _ in self.letters():
            count += 1
        return count
