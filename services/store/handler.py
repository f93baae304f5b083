"""What store does to articles, without MongoDB."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from services.store.documents import Record, record
from shared.errors import PermanentError
from shared.messages import EnrichedArticle
from shared.outcome import Outcome, Status


class Library(Protocol):
    """Where records are kept, see services/store/mongo.py."""

    async def write(self, records: Sequence[Record]) -> Sequence[Status | PermanentError]:
        """Keep `records`; return how each ended: stored, updated, duplicate, or its error."""


async def store(
    articles: Sequence[EnrichedArticle],
    *,
    library: Library,
    clock: Callable[[], datetime] | None = None,
) -> list[Outcome | PermanentError]:
    """Write `articles`; return how each ended, in their order.

    `clock` tells the time that stands in their revisions, as `stored_at`.
    Raises MongoUnavailable when nothing can be said of some: then all are to be written again.
    """
    ends: dict[int, Outcome | PermanentError] = {}
    records: dict[int, Record] = {}
    for at, article in enumerate(articles):
        try:
            records[at] = record(article, stored_at=clock() if clock else None)
        except PermanentError as error:
            ends[at] = error
    written = await library.write(list(records.values())) if records else []
    for at, end in zip(records, written, strict=True):
        ends[at] = end if isinstance(end, PermanentError) else Outcome(end)
    return [ends[at] for at in range(len(articles))]
