"""Words are found among the newest articles first, on MongoDB: the same ones, and few are read."""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.console.asked import Asked, asking, going_on
from services.store import mongo as library
from services.store.documents import Document
from services.store.indexes import ARTICLES
from services.store.mongo import Mongo
from services.store.questions import Query
from services.store.settings import StoreSettings
from tests.builders import NOON

COUNT = 6_000
SHOWN = 50
FIRST = 200  # articles among which words are looked for first; then among 8 and 64 times as many
TEXT = re.compile("_fts")
EVERY = {"common": 2, "usual": 30, "rare": 100, "single": 5_500}  # that many articles have one


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


@pytest.fixture
async def mongo(
    mongo_url: str, database: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Mongo]:
    """Articles, one each minute, all of which are for readers."""
    monkeypatch.setattr(library, "_NEWEST", FIRST)
    mongo = Mongo(StoreSettings(mongo_url=mongo_url))
    await mongo.open()
    heads = [head(number) for number in range(COUNT)]
    database[ARTICLES].insert_many(heads, bypass_document_validation=True)
    yield mongo
    await mongo.close()


def head(number: int) -> Document:
    words = [word for word, every in EVERY.items() if number % every == every - 1]
    return {
        "_id": f"{number:032x}",
        "cluster": f"{number:032x}",
        "headline": " ".join([f"story{number}", *words]),
        "version_created": at(number),
        "pub_status": "usable",
    }


def at(number: int) -> datetime:
    return NOON - timedelta(minutes=number)


async def found(mongo: Mongo, query: Query) -> list[int]:
    return [int(one["_id"], 16) async for one in mongo.find(query, limit=SHOWN, fields=["_id"])]


@pytest.mark.parametrize("word", EVERY)
async def test_the_newest_that_a_word_matches_are_found(mongo: Mongo, word: str) -> None:
    """In the first look or a later one; also on the next page, and within a time."""
    theirs = range(EVERY[word] - 1, COUNT, EVERY[word])
    within = Asked(text=word, since=at(5_000).isoformat(), until=at(500).isoformat())
    wanted = asking(Asked(text=word), now=NOON)
    from_here = at(theirs[0]).isoformat() + "~" + f"{theirs[0]:032x}"

    assert await found(mongo, wanted) == list(theirs[:SHOWN])
    assert await found(mongo, going_on(wanted, from_here)) == list(theirs[1 : SHOWN + 1])
    assert (
        await found(mongo, asking(within, now=NOON))
        == [number for number in theirs if 500 < number <= 5_000][:SHOWN]
    )


@pytest.mark.parametrize(
    ("word", "looks", "further_on"),
    [
        *(("common", 1, False), ("usual", 2, False), ("rare", 3, False), ("single", 4, False)),
        *(("common", 1, True), ("usual", 2, True)),
    ],
)
async def test_a_word_is_looked_for_among_more_until_enough_have_it(
    mongo: Mongo, database: Any, word: str, looks: int, further_on: bool
) -> None:
    """Of three thousand that have a word a hundred are read; `explain` tells of the last look."""
    wanted = asking(Asked(text=word), now=NOON)
    if further_on:
        wanted = going_on(wanted, f"{at(COUNT // 2).isoformat()}~{COUNT // 2:032x}")
    database.command("profile", 2)

    await found(mongo, wanted)

    database.command("profile", 0)
    asked = database["system.profile"].find({"ns": f"newsflow.{ARTICLES}", "planSummary": TEXT})
    read = [one["docsExamined"] for one in asked.sort("$natural", 1)]
    assert len(read) == looks
    assert max(read) <= FIRST  # MongoDB counts each twice
    assert (await mongo.explain(wanted, limit=SHOWN)).examined == read[-1]
