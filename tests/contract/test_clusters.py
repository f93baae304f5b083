"""Re-runs of a story share a cluster, on a real MongoDB, as the store service writes them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from services.enrich.signature import TOOL, signature_of
from services.enrich.text.cleaning import Parts
from services.store.documents import Document
from services.store.handler import store
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from services.store.shelf import Shelf
from shared.errors import MongoUnavailable
from shared.messages import EnrichedArticle, Span
from tests.builders import NOON, enriched_article, seeded


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Mongo]:
    """A writer of its own, as after a start."""
    adapter = Mongo(StoreSettings(mongo_url=url))
    await adapter.open()
    yield adapter
    await adapter.close()


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    async with opened(mongo_url) as adapter:
        yield adapter


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    """The database as any reader sees it."""
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


def words(story: int) -> list[str]:
    """Return the words of a story, other ones for every story."""
    return [f"word{story}x{number}" for number in range(120)]


def article(uri: str, told: Sequence[str], minute: int, **fields: Any) -> EnrichedArticle:
    """Return a signed article that was received that many minutes past noon."""
    received = NOON + timedelta(minutes=minute)
    body = " ".join(told)
    given = {"uri": uri, "headline": uri, "body": body, "received_at": received, **fields}
    enriched = enriched_article(**given)
    text = enriched.article.text
    parts = Parts(Span(start=0, end=len(uri)), None, (Span(start=0, end=len(text)),), None)
    return enriched.model_copy(
        update={"signature": signature_of(text, parts), "tools": {"signature": TOOL}}
    )


def reruns(seed: int, first_minute: int) -> list[EnrichedArticle]:
    """Return four runs of one story: each is cut a little more than the one before."""
    told = words(seed)
    return [
        article(f"urn:{seed}:{number}", told[8 * number :], first_minute + number)
        for number in range(4)
    ]


def clusters(database: Any) -> dict[str, str]:
    """Return the cluster of every article, both by uri."""
    uri = {head["_id"]: head["uri"] for head in database[ARTICLES].find()}
    return {head["uri"]: uri[head["cluster"]] for head in database[ARTICLES].find()}


async def persist(articles: Sequence[EnrichedArticle], mongo: Mongo) -> list[str]:
    """Write until it is done, as delivery does; return the statuses."""
    while True:
        try:
            ends = await store(articles, library=mongo)
        except MongoUnavailable:  # two writers inserted one id
            continue
        return [str(getattr(end, "status", end)) for end in ends]


@pytest.mark.parametrize("order", list(permutations(range(4)))[::3])
async def test_the_first_seen_is_canonical_in_every_order(
    mongo: Mongo, database: Any, order: Sequence[int]
) -> None:
    """Whatever arrives first; a story of its own stays by itself."""
    four = reruns(1, first_minute=0)

    for at in order:
        await persist([four[at], article(f"urn:other:{at}", words(50 + at), 0)], mongo)

    others = [f"urn:other:{at}" for at in range(4)]
    assert clusters(database) == {f"urn:1:{at}": "urn:1:0" for at in range(4)} | {
        uri: uri for uri in others
    }
    first_only = database[ARTICLES].find({"$expr": {"$eq": ["$_id", "$cluster"]}})
    assert {head["uri"] for head in first_only} == {"urn:1:0", *others}


@pytest.mark.parametrize("seed", range(6))
async def test_concurrent_writers_end_in_one_state(
    mongo_url: str, database: Any, seed: int
) -> None:
    """Shuffled, doubled deliveries by four writers with connections of their own."""
    chance = seeded(seed)
    articles = [one for story in range(8) for one in reruns(story, chance.randrange(60))]
    # An early version of every second story's third run: another text, received before the rest.
    early = [
        article(f"urn:{story}:2", words(90 + story), -1, updated_at=NOON - timedelta(hours=1))
        for story in range(0, 8, 2)
    ]
    mail = [*articles, *early] * 2
    chance.shuffle(mail)

    async def writer(part: Sequence[EnrichedArticle]) -> None:
        async with opened(mongo_url) as mongo:
            for at in range(0, len(part), 5):
                await persist(part[at : at + 5], mongo)

    await asyncio.gather(*(writer(mail[number::4]) for number in range(4)))

    assert clusters(database) == {
        f"urn:{story}:{number}": f"urn:{story}:{0 if story % 2 else 2}"
        for story in range(8)
        for number in range(4)
    }


async def test_the_same_again_changes_nothing(mongo: Mongo, database: Any) -> None:
    """Neither heads nor revisions, and the article is told to be a duplicate."""
    four = reruns(1, first_minute=0)
    await persist(four, mongo)
    before = list(database[ARTICLES].find()), list(database[REVISIONS].find())

    again = await persist(four[::-1], mongo)

    assert again == ["duplicate"] * 4
    assert (list(database[ARTICLES].find()), list(database[REVISIONS].find())) == before


async def test_a_newer_version_keeps_the_cluster(mongo: Mongo, database: Any) -> None:
    """Even when it was written anew, or is a kill without any text."""
    four = reruns(1, first_minute=0)
    await persist(four, mongo)

    rewritten = article("urn:1:3", words(2), 30, updated_at=NOON + timedelta(hours=1))
    kill = enriched_article(
        uri="urn:1:2", headline=None, body="", pub_status="canceled",
        updated_at=NOON + timedelta(hours=1), received_at=NOON + timedelta(minutes=40),
    )  # fmt: skip
    await persist([rewritten, kill], mongo)

    assert set(clusters(database).values()) == {"urn:1:0"}
    assert database[ARTICLES].find_one({"uri": "urn:1:2"})["pub_status"] == "canceled"


async def test_a_late_copy_joins_after_a_restart(mongo_url: str, database: Any) -> None:
    """What is alike is looked for in MongoDB, not in a memory."""
    four = reruns(1, first_minute=0)
    async with opened(mongo_url) as mongo:
        await persist(four[:3], mongo)

    async with opened(mongo_url) as mongo:
        await persist(four[3:], mongo)

    assert set(clusters(database).values()) == {"urn:1:0"}


@pytest.mark.parametrize("step", ["sharing", "heads", "move", "name"])
async def test_an_outage_between_writing_and_joining_heals_when_written_again(
    mongo: Mongo, database: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The entry is not acknowledged then, and delivered again."""
    four = reruns(1, first_minute=0)
    tree = [number for _, number in sorted((one.article_id, at) for at, one in enumerate(four))]
    told = words(1)
    # The root of the tree is not its canonical article, so that every step is needed.
    late, early = (
        [article(f"urn:1:{at}", told[8 * at :], 9 - tree.index(at)) for at in half]
        for half in (tree[:2], tree[2:])
    )
    first = f"urn:1:{tree[3]}"
    await persist(late, mongo)

    with monkeypatch.context() as broken:

        async def fail(*_: object, **__: object) -> None:
            raise MongoUnavailable from AutoReconnect()

        broken.setattr(Shelf, step, fail)
        with pytest.raises(MongoUnavailable):
            await store(early, library=mongo)
    between = clusters(database)
    await persist(early, mongo)

    assert set(between.values()) != {first}
    assert set(clusters(database).values()) == {first}


async def test_signatures_of_unlike_tools_are_not_compared(mongo: Mongo, database: Any) -> None:
    """And one that is none does no harm."""
    one, two, three, four = reruns(1, first_minute=0)
    other_tool = two.model_copy(
        update={"tools": {"signature": TOOL.model_copy(update={"version": "2"})}}
    )

    await persist(
        [
            one,
            other_tool,
            three.model_copy(update={"signature": "no base64"}),
            four.model_copy(update={"tools": {}}),
        ],
        mongo,
    )

    assert clusters(database) == {f"urn:1:{number}": f"urn:1:{number}" for number in range(4)}


async def test_a_revision_stored_without_a_signature_gets_one_later(
    mongo: Mongo, database: Any
) -> None:
    """Articles of before, enriched again, find their re-runs: the revision gets the signature."""
    four = reruns(1, first_minute=0)
    unsigned = [one.model_copy(update={"signature": None, "tools": {}}) for one in four]
    await persist(unsigned, mongo)
    before = set(clusters(database).values())

    await persist(four, mongo)

    assert len(before) == 4
    assert set(clusters(database).values()) == {"urn:1:0"}
    assert database[REVISIONS].count_documents({"bands": {"$size": 12}}) == 4


async def test_looking_for_re_runs_uses_an_index(mongo: Mongo, database: Any) -> None:
    """No collection scan for bands, nor for what points to an article."""
    await persist(reruns(1, first_minute=0), mongo)

    for collection, query in (
        (REVISIONS, {"bands": {"$in": [1, 2]}}),
        (ARTICLES, {"joined": {"$in": ["a", "b"]}}),
    ):
        plan = database[collection].find(query).explain()

        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), query
