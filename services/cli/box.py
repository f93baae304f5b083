"""The dead letters that a command is about, and the options by which they are chosen."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from redis.asyncio import Redis

from services.cli.terminal import fail
from services.inspection.letters import Wanted
from services.store.questions import moment
from shared.letters import deadletters
from shared.letters.deadletters import Cause, DeadLetter

Ids = Annotated[list[str] | None, typer.Argument(help="Ids of dead letters.")]
Every = Annotated[bool, typer.Option("--all", help="Every dead letter.")]
OfCause = Annotated[
    Cause | None, typer.Option("--cause", help="Why: invalid, rejected, failed or crashed.")
]
Stage = Annotated[str | None, typer.Option(help="Only of this stage: enrich or store.")]
Reason = Annotated[
    str | None, typer.Option(help="Part of the reason, also as `dead reasons` shows it.")
]
Source = Annotated[str | None, typer.Option(help="Publisher or feed, as the article says.")]
Producer = Annotated[str | None, typer.Option(help="Who published it: its field `producer`.")]
File = Annotated[
    str | None, typer.Option(help="File of the inbox: path, name, or a pattern such as 'ap-*'.")
]
Since = Annotated[str | None, typer.Option(help="Parked since 2026-11-23, 2h, 7d.")]
Until = Annotated[str | None, typer.Option(help="Parked before, like --since.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def wanted(
    *,
    cause: Cause | None,
    stage: str | None,
    reason: str | None,
    source: str | None,
    producer: str | None,
    file: str | None,
    since: str | None,
    until: str | None,
) -> Wanted:
    """Return what was typed; raises BadTime."""
    now = datetime.now(UTC)
    return Wanted(
        cause=cause,
        stage=stage,
        reason=reason,
        source=source,
        producer=producer,
        file=file,
        since=moment(since, now=now) if since else None,
        until=moment(until, now=now) if until else None,
    )


def refuse_unclear(ids: Sequence[str] | None, chosen: Wanted, *, every: bool) -> None:
    """Fail unless it is said which letters: by id, by what they have in common, or all."""
    if ids and (every or chosen != Wanted()):
        fail("name letters, or say what they have in common, not both", code=2)
    if not ids and not every and chosen == Wanted():
        fail("name the letters, say what they have in common (--cause failed), or --all", code=2)


class Box:
    """The dead letters that are meant, of those that were there when it was opened."""

    def __init__(self, redis: Redis, chosen: Wanted, named: Sequence[DeadLetter] | None) -> None:
        self._redis = redis
        self._chosen = chosen
        self._named = named

    @classmethod
    async def opened(cls, redis: Redis, chosen: Wanted, ids: Sequence[str] | None = None) -> "Box":
        """Return the box; fails when a letter is named that there is not."""
        if not ids:
            client: Any = redis  # redis-py does not type what TIME answers
            seconds, microseconds = await client.time()
            now = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
            until = min(now, chosen.until or now)
            return cls(redis, replace(chosen, until=until), None)
        found = {one: await deadletters.letter(redis, one) for one in ids}
        if missing := [letter_id for letter_id, letter in found.items() if letter is None]:
            fail(f"no dead letter {', '.join(missing)}; `newsflow dead list` shows them")
        return cls(redis, chosen, [letter for letter in found.values() if letter])

    async def letters(self) -> AsyncIterator[DeadLetter]:
        """Yield them, oldest first, read as they are yielded."""
        if self._named is not None:
            for letter in self._named:
                yield letter
            return
        chosen = self._chosen
        async for letter in deadletters.letters(
            self._redis, since=chosen.since, until=chosen.until, oldest_first=True
        ):
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
