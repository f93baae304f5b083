"""The newest articles that answer what is asked: a page of them, and what they hold together.

Every list, facet and plot is made of the newest articles, so many at most: each question goes
through one index in the order of time and reads no more, however many are stored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final, NamedTuple

from services.console.asked import Asked, asking, going_on, of_time, older
from services.console.trends import PLACED, SLIM
from services.store.documents import Document
from services.store.mongo import Mongo
from services.store.questions import Query, Question, query

PAGE: Final = 50
AMONG: Final = 200  # 500 took 95 ms of 416,000, most of it to decode their entities
_IN_A_WINDOW: Final = 500


class Found(NamedTuple):
    """A page of articles; `among` are the newest of all that were asked for."""

    articles: Sequence[Document]
    among: Sequence[Document]
    runs: dict[str, int]  # of each cluster of the page
    older: str | None  # where the next page begins


async def find(mongo: Mongo, asked: Asked, *, now: datetime) -> Found:
    """Return what is asked for, the newest first. Raises BadTime, and PyMongo's errors."""
    wanted = asking(asked, now=now)
    found = among = await read(mongo, wanted, AMONG)
    if asked.before:
        wanted = going_on(wanted, asked.before)
        found = await read(mongo, wanted, PAGE + 1)
    page = await _in_order(mongo, wanted, found[: PAGE + 1])
    shown = page[:PAGE]
    runs = await mongo.runs([article["cluster"] for article in shown]) if shown else {}
    mark = older(shown) if len(page) > PAGE else None
    return Found(shown, among, runs, mark)


async def _in_order(mongo: Mongo, wanted: Query, page: list[Document]) -> list[Document]:
    """Return a page and the one behind it, the newest first; those of one time by their ids.

    No index but one has ids behind the time, so those of one time come as they please. Where the
    end of the page cuts through them, they are asked for by themselves.
    """
    times = [article["version_created"] for article in page]
    if len(page) > PAGE and times[-1] == times[-2]:
        page = page[: times.index(times[-1])]
        page += await read(mongo, of_time(wanted, times[-1]), PAGE + 1 - len(page))
    by_id = sorted(page, key=itemgetter("_id"))
    return sorted(by_id, key=itemgetter("version_created"), reverse=True)


async def read(
    mongo: Mongo, wanted: Query, most: int, *, fields: Sequence[str] = SLIM
) -> list[Document]:
    """Return the newest articles of a query, slim."""
    found = mongo.find(wanted, limit=most, fields=fields)
    return [article async for article in found]


async def windows(
    mongo: Mongo, window: timedelta, *, now: datetime
) -> tuple[list[Document], list[Document]]:
    """Return the newest articles of the window that ends now, and of the one before it."""
    lately = Question(since=now - window, until=now)
    before = Question(since=now - 2 * window, until=now - window)
    return (
        await read(mongo, query(lately, now=now), _IN_A_WINDOW, fields=PLACED),
        await read(mongo, query(before, now=now), _IN_A_WINDOW),
    )
