"""The dead letters that a command is about, and the options by which they are chosen."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from services.cli.terminal import fail
from services.inspection.letters import Wanted
from services.store.questions import moment
from shared.letters.deadletters import Cause

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
    cause: OfCause = None,
    stage: Stage = None,
    reason: Reason = None,
    source: Source = None,
    producer: Producer = None,
    file: File = None,
    since: Since = None,
    until: Until = None,
) -> Wanted:
    """Return the letters that were asked for; raises BadTime."""
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
