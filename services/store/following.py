"""Following along: articles as they are stored, by a change stream that outlives its connection.

A head that is new, and one that became another version, is told of; a duplicate, and a tag that
was made again, is not. Each comes with the token to go on after it.
"""

import asyncio
import random
import unicodedata
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from services.store.documents import Document
from services.store.questions import Query
from shared.delivery.retry import delay_s
from shared.errors import MongoUnavailable

Token = Mapping[str, Any]  # MongoDB's own; keep it as it is

_NAMES: Final = {"entities.name": ("entities", "name"), "quotes.speaker": ("quotes", "speaker")}
_NEW_VERSION: Final = {
    "$or": [
        {"operationType": {"$in": ["insert", "replace"]}},
        {"updateDescription.updatedFields.content_hash": {"$exists": True}},
        {"updateDescription.updatedFields.pub_status": {"$exists": True}},  # a kill
    ]
}


class Stored(NamedTuple):
    """An article that was stored, or None: another was, or none for a second."""

    article: Document | None
    token: Token


class Changes(Protocol):
    """One change stream: raises MongoUnavailable when it breaks."""

    def changes(
        self, pipeline: Sequence[Mapping[str, Any]], *, after: Token | None
    ) -> AsyncIterator[tuple[Document | None, Token]]: ...


def pipeline(query: Query) -> list[dict[str, Any]]:
    """Return what picks the changes that `query` asks for, names aside; it must not ask for words.

    PyMongo 4 takes a collation for a change stream and sends none, so names are compared here.
    """
    wanted = {
        field if field.startswith("$") else f"fullDocument.{field}": condition
        for field, condition in query.filter.items()
        if field not in _NAMES
    }
    if "$expr" in wanted:  # the one expression that a question has: the first run of a story
        wanted["$expr"] = {"$eq": ["$fullDocument._id", "$fullDocument.cluster"]}
    return [{"$match": {"$and": [_NEW_VERSION, wanted]}}]


def has_names(article: Document, query: Query) -> bool:
    """Tell whether `article` holds the names that `query` asks for, in any case and accents."""
    return all(
        any(_plain(one[field]) == _plain(query.filter[asked]) for one in article.get(many, ()))
        for asked, (many, field) in _NAMES.items()
        if asked in query.filter
    )


def _plain(name: str) -> str:
    """Return what is left of a name without case and accents: the collation of indexes.py."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


async def follow(
    source: Changes,
    query: Query,
    *,
    after: Token | None = None,
    waiting: Callable[[MongoUnavailable], None],
) -> AsyncGenerator[Stored]:
    """Yield what is stored after `after`, or from now on; `waiting` is told of an outage.

    The first is yielded once the stream is open. After an outage it goes on where it was: nothing
    is missed, nothing comes twice.
    """
    attempt = 0
    while True:
        try:
            async for change, token in source.changes(pipeline(query), after=after):
                after, attempt = token, 0
                article = change and change["fullDocument"]
                yield Stored(article if article and has_names(article, query) else None, token)
        except MongoUnavailable as error:
            attempt += 1
            waiting(error)
            await asyncio.sleep(delay_s(attempt, jitter=random.uniform(0.5, 1)))  # noqa: S311 (no secret)
