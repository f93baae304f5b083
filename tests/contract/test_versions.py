"""Versions and kills on a real MongoDB: whatever order they come in, one state is left."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from pymongo import MongoClient

from services.store.documents import Document
from services.store.handler import store
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo
from services.store.questions import Question, query
from services.store.settings import StoreSettings
from shared.errors import MongoUnavailable
from shared.messages import EnrichedArticle
from tests.builders import NOON, enriched_article, seeded

HOUR = timedelta(hours=1)


@pytest.fixture
async def writers(mongo_url: str) -> AsyncIterator[list[Mongo]]:
    """Three stores, each with connections of its own, as three processes have."""
    async with AsyncExitStack() as stack:
        stores = [Mongo(StoreSettings(mongo_url=mongo_url)) for _ in range(3)]
        for one in stores:
            stack.push_async_callback(one.close)
        await asyncio.gather(*(one.open() for one in stores))
        yield stores


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


def version(uri: str, number: int, **fields: Any) -> EnrichedArticle:
    """Return version `number`, made `number` hours after noon and received a minute later."""
    made = NOON + number * HOUR
    given = {
        "headline": f"Version {number}",
        "updated_at": made,
        "received_at": made + timedelta(minutes=1),
        **fields,
    }
    return enriched_article(uri=uri, **given)


def kill(uri: str, **fields: Any) -> EnrichedArticle:
    """Return a kill as agencies send it: an id and a status, without a text."""
    bare = {"headline": None, "body": "", "pub_status": "canceled"}
    return enriched_article(uri=uri, **{**bare, **fields})


async def deliver(library: Mongo, articles: Sequence[EnrichedArticle]) -> None:
    """Store `articles`, again where another writer inserted the same id: as delivery does."""
    while True:
        try:
            await store(articles, library=library)
        except MongoUnavailable:
            continue
        return


def state(database: Any, collection: str, uri: str) -> list[Document]:
    """Return what stands there of an article, but what it was delivered as, and which first."""
    found = database[collection].find({"uri": uri}, {"_id": 0, "uri": 0, "article_id": 0})
    own = {"cluster", "content_hash", "made_by"}
    left = ({k: v for k, v in one.items() if k not in own} for one in found)
    return sorted(left, key=str)


async def test_every_order_of_versions_kill_and_duplicate_ends_in_one_state(
    writers: list[Mongo], database: Any
) -> None:
    """All 120 orders, each delivered by three writers at once to an article of its own."""
    orders = list(permutations(range(5)))
    parcels: list[tuple[Mongo, EnrichedArticle]] = []
    for at, order in enumerate(orders):
        uri = f"urn:{at}"
        five = [*(version(uri, number) for number in (1, 2, 3)), version(uri, 3)]
        five.append(kill(uri, updated_at=NOON + 2.5 * HOUR, received_at=NOON + 4 * HOUR))
        parcels += [(writers[(at + step) % 3], five[one]) for step, one in enumerate(order)]

    async def work(writer: Mongo) -> None:
        for one, article in parcels:
            if one is writer:
                await deliver(writer, [article])

    await asyncio.gather(*(work(writer) for writer in writers))

    heads = [state(database, ARTICLES, f"urn:{at}") for at in range(len(orders))]
    revisions = [state(database, REVISIONS, f"urn:{at}") for at in range(len(orders))]
    assert all(one == heads[0] for one in heads)
    assert all(one == revisions[0] for one in revisions)
    [head] = heads[0]
    assert (head["pub_status"], head["text"]) == ("canceled", "")
    assert head["first_seen_at"] == NOON + HOUR + timedelta(minutes=1)
    assert head["last_seen_at"] == NOON + 4 * HOUR
    assert len(revisions[0]) == 4


@pytest.mark.parametrize("seed", range(3))
async def test_batches_of_many_articles_by_writers_at_once_end_in_one_state(
    writers: list[Mongo], database: Any, seed: int
) -> None:
    """Shuffled and doubled, in batches that hold several versions of one article."""
    articles = [version(f"urn:{n}", number) for n in range(20) for number in (1, 2, 3)]
    articles += [kill(f"urn:{n}", updated_at=NOON + HOUR) for n in range(10)]
    articles *= 2
    seeded(seed).shuffle(articles)
    batches = [articles[at : at + 12] for at in range(0, len(articles), 12)]

    await asyncio.gather(*(deliver(writers[at % 3], batch) for at, batch in enumerate(batches)))

    killed = {head["uri"] for head in database[ARTICLES].find({"pub_status": "canceled"})}
    alive = list(database[ARTICLES].find({"pub_status": "usable"}))
    assert killed == {f"urn:{n}" for n in range(10)}
    assert {head["headline"] for head in alive} == {"Version 3"}
    assert len(alive) == 10
    assert database[REVISIONS].count_documents({}) == 70


@pytest.mark.parametrize(
    "said",
    [
        {"updated_at": NOON},
        {"updated_at": NOON + 9 * HOUR},
        {"received_at": NOON + 9 * HOUR},
        {"headline": "Kill", "body": "Please kill.", "updated_at": NOON + 1.5 * HOUR},
    ],
    ids=["older than all versions", "newer", "without a time", "with a text"],
)
@pytest.mark.parametrize("first", [True, False], ids=["comes first", "comes last"])
async def test_a_kill_is_for_good(
    writers: list[Mongo], database: Any, said: dict[str, Any], *, first: bool
) -> None:
    """Whatever its time, and whether the versions come before or after it."""
    versions = [version("urn:a", number) for number in (1, 2)]
    end = kill("urn:a", **said)

    for article in [end, *versions] if first else [*versions, end]:
        await deliver(writers[0], [article])

    [head] = database[ARTICLES].find()
    assert head["pub_status"] == "canceled"
    assert head["text"] == end.article.text
    assert database[REVISIONS].count_documents({"article_id": head["_id"]}) == 3


async def test_of_two_kills_the_newer_one_counts(writers: list[Mongo], database: Any) -> None:
    """A kill may be told more of, by another kill."""
    for hour in (2, 1):
        await deliver(writers[0], [kill("urn:a", summary=f"{hour}", updated_at=NOON + hour * HOUR)])

    assert database[ARTICLES].find_one()["summary"] == "2"


async def test_what_is_withheld_can_be_released(writers: list[Mongo], database: Any) -> None:
    """Withholding is for now: the next version may be for readers again."""
    await deliver(writers[0], [version("urn:a", 1, pub_status="withheld"), version("urn:a", 2)])

    assert database[ARTICLES].find_one()["pub_status"] == "usable"


async def test_an_embargoed_article_is_stored_and_shown_from_its_time_on(
    writers: list[Mongo],
) -> None:
    """Readers do not find it before; who asks for everything does."""
    await deliver(writers[0], [version("urn:a", 1, embargoed_until=NOON + 5 * HOUR)])

    async def found(hour: float, *, everything: bool = False) -> int:
        asked = query(Question(everything=everything), now=NOON + hour * HOUR)
        return await writers[0].how_many(asked, limit=0)

    assert await found(4.9) == 0
    assert await found(4.9, everything=True) == 1
    assert await found(5) == 1
