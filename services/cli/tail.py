"""`newsflow tail`: articles as they are stored."""

import asyncio
import contextlib
import select
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.cli import asking
from services.cli.families import chosen_by
from services.cli.terminal import AsJson, Folder, err, here, line, mongo
from services.store.documents import Document
from services.store.following import follow
from services.store.mongo import Mongo
from services.store.questions import Query, Question
from services.store.questions import query as query_for
from services.store.settings import StoreSettings
from shared.errors import MongoUnavailable

_ENTITIES: Final = 4


@chosen_by(asking.question, without=("until", "text"))
def tail(
    *,
    chosen: Question,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Print articles as they are stored, new versions too, until Ctrl-C; --since shows some before.

    An outage of MongoDB is waited out; nothing is missed and nothing is printed twice. Filters are
    those of query, but no --until, for it does not end, and no --text, for that needs an index.
    """
    settings, _ = here(folder)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_tail(settings, chosen, datetime.now(UTC), as_json=as_json))


async def _tail(settings: StoreSettings, asked: Question, now: datetime, *, as_json: bool) -> None:
    async with mongo(settings) as articles:
        found = _found(articles, asked, now)
        async with aclosing(found):
            async for document in found:
                if document:
                    line(document if as_json else _shown(document))
                    sys.stdout.flush()
                elif _is_closed():
                    raise BrokenPipeError


async def _found(
    articles: Mongo, asked: Question, now: datetime
) -> AsyncGenerator[Document | None]:
    """Yield what was stored since it is asked for, then what is; None in a second without."""
    stream = follow(articles, query_for(asked, now=now), waiting=_say)
    async with aclosing(stream):
        opened = False
        before: set[tuple[str, str]] = set()
        async for stored in stream:
            if not opened:  # only now: what is stored meanwhile waits in the stream
                opened = True
                err.print("waiting for articles; Ctrl-C ends it")
                if asked.since:
                    async for document in _before(articles, query_for(asked, now=now)):
                        before.add(_version(document))
                        yield document
            article = stored.article
            yield None if article and _version(article) in before else article


def _before(articles: Mongo, query: Query) -> AsyncIterator[Document]:
    [(field, order)] = query.sort
    return articles.find(query._replace(sort=[(field, -order)]), limit=0)


def _version(document: Document) -> tuple[str, str]:
    return document["_id"], document["content_hash"]


def _say(outage: MongoUnavailable) -> None:
    err.print(f"waiting for MongoDB: {outage}", markup=False, soft_wrap=True)


def _is_closed() -> bool:
    """Tell whether whoever read standard output went away, which writing alone would tell late."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


def _shown(document: Document) -> str:
    names = ", ".join(one["name"] for one in document.get("entities", [])[:_ENTITIES])
    status = "" if document["pub_status"] == "usable" else f"({document['pub_status']})"
    title = document.get("headline") or document["summary"] or document.get("uri", "")
    when = f"{document['version_created']:%Y-%m-%d %H:%M}"
    cells = (when, document.get("source", ""), title, status, f"[{names}]" if names else "")
    return "  ".join(cell for cell in cells if cell)
