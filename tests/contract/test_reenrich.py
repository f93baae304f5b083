"""Articles read again, on a real MongoDB."""

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.cli.rereading import BATCH, Spool, reread
from services.store.annotations import Annotation, outdated
from services.store.documents import Document
from services.store.handler import store
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo, RefusedQuery
from services.store.questions import Query
from services.store.settings import StoreSettings
from shared.errors import PermanentError
from shared.messages import EnrichedArticle, RawArticle, Tool, Topic
from shared.outcome import Outcome
from tests.builders import NOON, enriched_article

OLD, NEW = Tool(name="lexicon", version="1"), Tool(name="lexicon", version="2")
LATER = NOON + timedelta(days=1)
OUTDATED = Query(outdated({"topics": NEW}, language="en"), [("version_created", -1)], names=False)


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    adapter = Mongo(StoreSettings(mongo_url=mongo_url))
    await adapter.open()
    yield adapter
    await adapter.close()


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    """The database as any reader sees it."""
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


def old(**fields: Any) -> EnrichedArticle:
    """Return an article as the old lexicon read it."""
    return enriched_article(**fields).model_copy(update={"tools": {"topics": OLD}})


async def anew(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
    """Read articles with the new lexicon, which finds a topic in all and reads none that is bad."""
    return [
        PermanentError("it is bad")
        if article.headline == "Bad"
        else Outcome(
            "enriched",
            enriched_article().model_copy(
                update={
                    "article_id": article.article_id,
                    "article": article,
                    "headline": article.headline,
                    "topics": (Topic(id="medtop:06000000", name="ports", confidence=0.9),),
                    "tools": {"topics": NEW},
                    "enriched_at": LATER,
                }
            ),
        )
        for article in articles
    ]


async def reenriched(mongo: Mongo) -> list[Annotation]:
    """Return what is to be written to the articles that are outdated."""
    return [
        one.annotation
        async for batch in reread(mongo, OUTDATED, limit=0, read=anew)
        for one in batch
        if isinstance(one.annotation, Annotation)
    ]


async def test_what_older_tools_read_is_read_again_once(mongo: Mongo, database: Any) -> None:
    """More than a batch; the annotations are new, the second run finds nothing."""
    articles = [old(uri=f"urn:{number}") for number in range(BATCH + 3)]
    await store(articles, library=mongo)

    changes = await reenriched(mongo)
    written, refused = await mongo.annotate(changes)

    heads = list(database[ARTICLES].find())
    assert (written, refused) == (BATCH + 3, [])
    assert {head["topics"][0]["name"] for head in heads} == {"ports"}
    assert {head["tools"]["topics"]["version"] for head in heads} == {"2"}
    assert {head["enriched_at"] for head in heads} == {LATER}
    assert await mongo.how_many(OUTDATED, limit=0) == 0
    assert await reenriched(mongo) == []


async def test_versions_and_revisions_stay_as_they_are(mongo: Mongo, database: Any) -> None:
    """All but the annotations, of both collections; the newest version is the one read."""
    for hours in (2, 1):
        updated = NOON + timedelta(hours=hours)
        await store([old(uri="urn:a", body=f"Version {hours}", updated_at=updated)], library=mongo)
    before = database[ARTICLES].find_one()
    revisions = list(database[REVISIONS].find().sort("_id"))

    await mongo.annotate(await reenriched(mongo))

    after = database[ARTICLES].find_one()
    annotated = {name for name in before | after if before.get(name) != after.get(name)}
    assert annotated == {"topics", "tools", "enriched_at"}
    assert after["text"].endswith("Version 2")
    assert list(database[REVISIONS].find().sort("_id")) == revisions


async def test_a_newer_version_that_comes_meanwhile_wins(mongo: Mongo, database: Any) -> None:
    """It was not what was read, and nothing of it is written over."""
    await store([old(uri="urn:a"), old(uri="urn:b")], library=mongo)

    changes = await reenriched(mongo)
    await store([old(uri="urn:a", body="Newer.", updated_at=LATER)], library=mongo)
    written, refused = await mongo.annotate(changes)

    newer = database[ARTICLES].find_one({"uri": "urn:a"})
    assert (written, refused) == (1, [])
    assert newer["text"].endswith("Newer.")
    assert (newer["topics"], newer["tools"]) == ([], {"topics": OLD.model_dump()})


async def test_an_article_that_came_twice_is_read_as_it_came_last(mongo: Mongo) -> None:
    """A dateline's year is told by it; the revision keeps the first time only."""
    for received in (NOON, LATER):
        await store([old(uri="urn:a", received_at=received)], library=mongo)
    seen: list[RawArticle] = []

    async def read(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        seen.extend(articles)
        return await anew(articles)

    _ = [batch async for batch in reread(mongo, OUTDATED, limit=0, read=read)]

    [article] = seen
    assert article.received_at == LATER


async def test_one_that_cannot_be_read_again_harms_no_neighbour(
    mongo: Mongo, database: Any
) -> None:
    """It is told with its reason, as is one whose revision is gone; the others go on."""
    await store([old(headline="Bad"), old(headline="Gone"), old(headline="Good")], library=mongo)
    database[REVISIONS].delete_one({"headline": "Gone"})

    [batch] = [batch async for batch in reread(mongo, OUTDATED, limit=0, read=anew)]

    reasons = {one.head["headline"]: one.annotation for one in batch}
    assert str(reasons["Bad"]) == "it is bad"
    assert str(reasons["Gone"]) == "its revision is gone"
    assert isinstance(reasons["Good"], Annotation)


async def test_an_update_that_mongodb_refuses_is_refused_alone(mongo: Mongo, database: Any) -> None:
    """With MongoDB's own words."""
    await store([old(headline=name) for name in ("Fine", "Forbidden")], library=mongo)
    changes = await reenriched(mongo)
    never = {"headline": {"$ne": "Forbidden"}}
    database.command("collMod", ARTICLES, validator=never, validationLevel="strict")

    written, refused = await mongo.annotate(changes)

    assert written == 1
    assert ["MongoDB refuses it: Document failed validation" in str(one) for one in refused] == [
        True
    ]


async def test_a_filter_that_mongodb_does_not_know_is_said_in_its_words(mongo: Mongo) -> None:
    """And is no outage."""
    with pytest.raises(RefusedQuery, match="unknown operator: \\$near-by"):
        await mongo.how_many(Query({"source": {"$near-by": 1}}, [], names=False), limit=0)


async def test_what_waits_on_disk_is_written_as_it_was_shown(mongo: Mongo, database: Any) -> None:
    """Every update and its guard, in batches."""
    await store([old(uri=f"urn:{number}") for number in range(BATCH + 1)], library=mongo)
    spool = Spool()
    spool.add(await reenriched(mongo))

    sizes = []
    for batch in spool.batches():
        written, _ = await mongo.annotate(batch)
        sizes.append(written)
    spool.close()

    assert (len(spool), sizes) == (BATCH + 1, [BATCH, 1])
    assert database[ARTICLES].count_documents({"tools.topics.version": "2"}) == BATCH + 1
