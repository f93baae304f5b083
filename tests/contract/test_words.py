"""Words are found among the newest articles first, on MongoDB: the same ones, and few are read."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.console.asked import Asked, asking, going_on
from services.store.documents import Document
from services.store.indexes import ARTICLES
from services.store.mongo import Mongo
from services.store.questions import Query
from services.store.settings import StoreSettings
from tests.builders import NOON

COUNT = 12_000
SHOWN = 50
EVERY = {"common": 2, "usual": 30, "rare": 400, "single": 11_000}  # that many articles have one


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


@pytest.fixture
async def mongo(mongo_url: str, database: Any) -> AsyncIterator[Mongo]:
    """Articles, one each minute, all of which are for readers."""
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
    """However many there are; also on the next page, and within a time."""
    theirs = range(EVERY[word] - 1, COUNT, EVERY[word])
    within = Asked(text=word, since=at(5_000).isoformat(), until=at(1_500).isoformat())
    wanted = asking(Asked(text=word), now=NOON)
    from_here = at(theirs[0]).isoformat() + "~" + f"{theirs[0]:032x}"

    assert await found(mongo, wanted) == list(theirs[:SHOWN])
    assert await found(mongo, going_on(wanted, from_here)) == list(theirs[1 : SHOWN + 1])
    assert (
        await found(mongo, asking(within, now=NOON))
        == [number for number in theirs if 1_500 < number <= 5_000][:SHOWN]
    )


async def test_of_a_common_word_only_the_newest_are_read(mongo: Mongo, database: Any) -> None:
    """Of six thousand that match not many more than are shown and those they are found among."""
    database.command("profile", 2)

    await found(mongo, asking(Asked(text="common"), now=NOON))

    database.command("profile", 0)
    asked = list(database["system.profile"].find({"ns": f"newsflow.{ARTICLES}"}))
    assert asked
    assert sum(one["docsExamined"] for one in asked) < COUNT / 5
