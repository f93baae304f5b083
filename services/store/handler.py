"""What store does to articles, without MongoDB."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from services.store.documents import Record, record
from shared.errors import MongoUnavailable, PermanentError
from shared.messages import EnrichedArticle
from shared.outcome import Outcome, Status

_PART: Final = 100  # articles a command: fewer cost more round trips, more gain nothing


class Library(Protocol):
    """Where records are kept, see services/store/mongo.py."""

    async def write(self, records: Sequence[Record]) -> Sequence[Status | PermanentError]:
        """Keep `records`; return how each ended: stored, updated, duplicate, or its error."""


async def store(
    articles: Sequence[EnrichedArticle], *, library: Library
) -> list[Outcome | PermanentError]:
    """Write `articles`; return how each ended, in their order.

    Raises MongoUnavailable when nothing can be said of some: then all are to be written again.
    """
    # Each part keeps one core of MongoDB busy; while it does, the next is encoded here.
    parts = [articles[at : at + _PART] for at in range(0, len(articles), _PART)]
    ends = await asyncio.gather(*(_store(part, library) for part in parts), return_exceptions=True)
    # All have come to rest. An outage goes before a bug: it counts as no attempt.
    errors = [end for end in ends if isinstance(end, BaseException)]
    for error in sorted(errors, key=lambda error: not isinstance(error, MongoUnavailable)):
        raise error
    return [end for part in ends if not isinstance(part, BaseException) for end in part]


async def _store(
    articles: Sequence[EnrichedArticle], library: Library
) -> list[Outcome | PermanentError]:
    ends: dict[int, Outcome | PermanentError] = {}
    records: dict[int, Record] = {}
    for at, article in enumerate(articles):
        try:
            records[at] = record(article)
        except PermanentError as error:
            ends[at] = error
    written = await library.write(list(records.values())) if records else []
    for at, end in zip(records, written, strict=True):
        ends[at] = end if isinstance(end, PermanentError) else Outcome(end)
    return [ends[at] for at in range(len(articles))]
