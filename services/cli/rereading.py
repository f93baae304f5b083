"""Reads stored articles again with the tools of the enrich service as it is set here."""

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Final, NamedTuple, cast

import bson
from redis.asyncio import Redis

from services.enrich.settings import EnrichSettings
from services.store.annotations import Annotation, annotation, outdated
from services.store.documents import Document, article_of
from services.store.mongo import Mongo
from services.store.questions import Query
from shared.errors import PermanentError
from shared.identity import revision_id
from shared.messages import EnrichedArticle, RawArticle
from shared.outcome import Outcome
from shared.settings import load

Read = Callable[[Sequence[RawArticle]], Awaitable[list[Outcome | PermanentError]]]

BATCH: Final = 32  # articles: what the enrich service reads at once

# Read by every tool; what they say of themselves tells which are today's.
_ENGLISH: Final = (
    "The harbour of the town was closed on Monday after a storm had damaged two of its piers, "
    "officials said. Ferries to the island will sail again when the repairs are done."
)


class Reread(NamedTuple):
    """A head that was read again, and how to give it what was learned."""

    head: Document
    annotation: Annotation | PermanentError | None  # None: it has all of it


class Reader:
    """Reads articles as the enrich service does, with what it has learned of their sources."""

    def __init__(self, read: Read) -> None:
        self.read = read

    async def outdated(self) -> Document:
        """Return a filter for heads that were not made by these tools."""
        article = RawArticle(body=_ENGLISH, received_at=datetime.now(UTC))
        [outcome] = await self.read([article])
        if isinstance(outcome, PermanentError):
            raise outcome
        enriched = _enriched(outcome)
        return outdated(enriched.tools, language=enriched.language or "")


@asynccontextmanager
async def reader(redis: Redis) -> AsyncIterator[Reader]:
    """Yield a reader; loading its tools takes seconds, and raises UnusableTools."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # NumPy looks when it is imported
    from services.enrich.worker import Worker  # noqa: PLC0415 (imports spaCy, slow)

    worker = Worker(load(EnrichSettings))
    await worker.open(redis)
    try:
        yield Reader(worker.enrich)
    finally:
        await worker.close()


def _enriched(outcome: Outcome) -> EnrichedArticle:
    return cast("EnrichedArticle", outcome.message)  # what enrich makes of an article


async def reread(
    articles: Mongo, query: Query, *, limit: int, read: Read
) -> AsyncIterator[list[Reread]]:
    """Yield the heads that match `query`, up to `limit` (0: all), read again, in batches."""
    batch: list[Document] = []
    async for head in articles.find(query, limit=limit):
        batch.append(head)
        if len(batch) == BATCH:
            yield await _reread(articles, batch, read)
            batch = []
    if batch:
        yield await _reread(articles, batch, read)


async def _reread(articles: Mongo, heads: Sequence[Document], read: Read) -> list[Reread]:
    ids = [revision_id(head["_id"], head["content_hash"]) for head in heads]
    revisions = await articles.revisions(ids)
    sent = [_sent(head, revisions.get(id_)) for head, id_ in zip(heads, ids, strict=True)]
    articles_sent = [article for article in sent if isinstance(article, RawArticle)]
    learned = iter(await read(articles_sent) if articles_sent else [])
    return [
        Reread(head, article if isinstance(article, PermanentError) else _told(head, next(learned)))
        for head, article in zip(heads, sent, strict=True)
    ]


def _sent(head: Document, revision: Document | None) -> RawArticle | PermanentError:
    """Return the article that `head` was made of; a revision keeps the first time it came only."""
    if revision is None:
        return PermanentError("its revision is gone")
    try:
        article = article_of(revision | {"received_at": head["received_at"]})
    except PermanentError as error:
        return error
    if article.content_hash != head["content_hash"]:
        return PermanentError("its revision says something else")
    return article


def _told(head: Document, outcome: Outcome | PermanentError) -> Annotation | PermanentError | None:
    if isinstance(outcome, PermanentError):
        return outcome
    try:
        return annotation(head, _enriched(outcome))
    except PermanentError as error:
        return error


class Spool:
    """Annotations on disk, until somebody has looked at what they change; to be closed."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the spool)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Forget them."""
        self._file.close()

    def add(self, annotations: Sequence[Annotation]) -> None:
        """Keep `annotations`, in their order, without their changes."""
        for one in annotations:
            self._file.write(bson.encode({"guard": one.guard, "update": one.update}))
            self._count += 1

    def batches(self) -> Iterator[list[Annotation]]:
        """Yield what was added, a batch at a time."""
        self._file.seek(0)
        kept = (Annotation(**document) for document in bson.decode_file_iter(self._file))
        while batch := list(islice(kept, BATCH)):
            yield batch
