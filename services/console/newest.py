"""The newest articles that answer what is asked: a page of them, and what they hold together.

Every list, facet and plot is made of the newest articles, so many at most: each question goes
through one index in the order of time and reads no more, however many are stored.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from services.console.asked import Asked, asking, going_on, older
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
    among = await read(mongo, wanted, AMONG)
    page: Sequence[Document] = among[: PAGE + 1]
    if asked.before:
        further, skip = going_on(wanted, asked.before)
        page = await read(mongo, further, PAGE + 1, skip=skip)
    shown = page[:PAGE]
    runs = await mongo.runs([article["cluster"] for article in shown]) if shown else {}
    mark = older(shown, asked.before) if len(page) > PAGE else None
    return Found(shown, among, runs, mark)


async def read(
    mongo: Mongo, wanted: Query, most: int, *, skip: int = 0, fields: Sequence[str] = SLIM
) -> list[Document]:
    """Return the newest articles of a query, slim."""
    found = mongo.find(wanted, limit=most, skip=skip, fields=fields)
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
