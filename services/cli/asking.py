"""What is asked of the stored articles on a command line, the same in every command that asks."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import typer

from services.cli import names
from services.store.questions import Question, moment

Entity = Annotated[str | None, typer.Option(help="Name of an entity, in any case.")]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", help="Media Topic: id, or the beginning of its name."),
]
Source = Annotated[str | None, typer.Option(help="Publisher or feed, as written.")]
Since = Annotated[str | None, typer.Option(help="2026-11-23, 2026-11-23T18:30, 2h, 7d.")]
Until = Annotated[str | None, typer.Option(help="Like --since.")]
Words = Annotated[str | None, typer.Option("--text", help="Words of headline or summary.")]


def question(
    *,
    entity: str | None,
    topics: Iterable[str] | None,
    source: str | None,
    since: str | None,
    until: str | None,
    text: str | None,
    everything: bool,
    now: datetime,
) -> Question:
    """Return the question that was typed; raises UnknownTopic or BadTime."""
    return Question(
        entity=names.entity(entity) if entity else None,
        topics=tuple(id_ for typed in topics or () for id_ in names.topics(typed)),
        source=source,
        since=moment(since, now=now) if since else None,
        until=moment(until, now=now) if until else None,
        text=text,
        everything=everything,
    )
