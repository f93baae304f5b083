"""The store's promises, on a real MongoDB."""

import asyncio
import random
import signal
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient

from services.devstack.servers import start_mongo
from services.store import mongo as mongo_module
from services.store.documents import Document, head_update, record, revision_update
from services.store.handler import store
from services.store.indexes import ARTICLES, NAMES, REVISIONS
from services.store.mongo import Mongo
from services.store.parts import side_by_side
from services.store.settings import StoreSettings
from shared.errors import MongoUnavailable, PermanentError
from shared.messages import EnrichedArticle, Span, Tool
from tests.builders import NOON, enriched_article


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


def versions(uri: str = "urn:a", count: int = 3) -> list[EnrichedArticle]:
    """Return versions of one article, each an hour after the one before."""
    return [
        enriched_article(
            uri=uri,
            headline=f"Version {number}",
            updated_at=NOON + timedelta(hours=number),
            received_at=NOON + timedelta(minutes=number),
        )
        for number in range(1, count + 1)
    ]


async def statuses(mongo: Mongo, articles: Sequence[EnrichedArticle]) -> list[str]:
    return [
        "refused" if isinstance(end, PermanentError) else end.status
        for end in await store(articles, library=mongo)
    ]


async def test_an_article_is_stored_once_and_then_a_duplicate(mongo: Mongo, database: Any) -> None:
    """The same article again changes nothing, within a batch and later."""
    article = enriched_article()

    first = await statuses(mongo, [article, article])
    second = await statuses(mongo, [article])

    assert (first, second) == (["stored", "duplicate"], ["duplicate"])
    assert database[ARTICLES].count_documents({}) == 1
    assert database[REVISIONS].count_documents({}) == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_the_newest_version_wins_in_every_order(
    mongo: Mongo, database: Any, order: tuple[int, ...]
) -> None:
    """Whatever arrives first, the head is the newest and every revision is kept."""
    three = versions()

    for at in order:
        await statuses(mongo, [three[at]])

    head = database[ARTICLES].find_one()
    assert head["headline"] == "Version 3"
    assert head["first_seen_at"] == three[0].article.received_at
    assert head["last_seen_at"] == three[2].article.received_at
    assert database[REVISIONS].count_documents({"article_id": head["_id"]}) == 3


async def test_concurrent_writers_agree(mongo: Mongo, database: Any) -> None:
    """Shuffled, doubled deliveries by many writers at once end in one state: the join of all."""
    articles = [v for n in range(20) for v in versions(f"urn:{n}")] * 3
    random.shuffle(articles)

    async def write(batch: Sequence[EnrichedArticle]) -> None:
        while True:
            try:
                await store(batch, library=mongo)
            except MongoUnavailable:  # two writers inserted one id: delivery writes again
                continue
            return

    await asyncio.gather(*(write(articles[at : at + 15]) for at in range(0, len(articles), 15)))

    heads = list(database[ARTICLES].find())
    assert {head["headline"] for head in heads} == {"Version 3"}
    assert len(heads) == 20
    assert database[REVISIONS].count_documents({}) == 60


async def test_a_tie_is_broken_the_same_way_in_both_orders(mongo: Mongo, database: Any) -> None:
    """Two texts of one time: the greater content hash wins, whichever came first."""
    pair = [enriched_article(uri="urn:tie", body=body, updated_at=NOON) for body in ("One", "Two")]
    winner = max(pair, key=lambda article: article.article.content_hash)

    for order in (pair, pair[::-1]):
        database[ARTICLES].delete_many({})
        for article in order:
            await statuses(mongo, [article])

        assert database[ARTICLES].find_one()["text"] == winner.article.text


async def test_operators_in_content_are_content(mongo: Mongo, database: Any) -> None:
    """A headline that looks like a field path or an operator is stored as it is."""
    await statuses(mongo, [enriched_article(headline="$100 note", body="$$ROOT {$gt: 1}")])

    head = database[ARTICLES].find_one()
    assert head["headline"] == "$100 note"
    assert head["text"] == "$100 note\n$$ROOT {$gt: 1}"


async def test_one_document_that_cannot_be_stored_harms_no_neighbour(
    mongo: Mongo, database: Any
) -> None:
    """A document over MongoDB's limit is refused with its size; the batch goes through."""
    huge = enriched_article(headline="Huge", body="x" * 16_000_000)

    ends = await store(
        [enriched_article(headline="Before"), huge, enriched_article(headline="After")],
        library=mongo,
    )

    assert isinstance(ends[1], PermanentError)
    assert "too large for MongoDB" in str(ends[1])
    assert {head["headline"] for head in database[ARTICLES].find()} == {"Before", "After"}


async def test_a_document_that_cannot_be_encoded_harms_no_neighbour(
    mongo: Mongo, database: Any
) -> None:
    """A number past 64 bits, which BSON does not know, is that article's alone."""
    footer = Span(start=0, end=2**70)
    odd = enriched_article(headline="Odd").model_copy(update={"footer": footer})

    ends = await store(
        [enriched_article(headline="Before"), odd, enriched_article(headline="After")],
        library=mongo,
    )

    assert isinstance(ends[1], PermanentError)
    assert "MongoDB cannot hold it" in str(ends[1])
    assert {head["headline"] for head in database[ARTICLES].find()} == {"Before", "After"}


async def test_what_is_inserted_is_what_joining_makes_of_nothing(
    mongo: Mongo, database: Any
) -> None:
    """New heads and revisions are inserted, others joined: that makes no difference to read."""
    article = enriched_article(source="Test Wire").model_copy(
        update={
            "tools": {"signature": Tool(name="test", version="1")},
            "signature": b64encode(bytes(range(256))).decode(),
        }
    )
    await statuses(mongo, [article])
    inserted = [database[name].find_one() for name in (ARTICLES, REVISIONS)]
    one = record(article)

    database[ARTICLES].delete_many({})
    database[REVISIONS].delete_many({})
    database[REVISIONS].update_one({"_id": one.revision_id}, revision_update(one), upsert=True)
    database[ARTICLES].update_one({"_id": one.article_id}, head_update(one), upsert=True)

    joined = [database[name].find_one() for name in (ARTICLES, REVISIONS)]
    assert inserted == joined
    assert "bands" in joined[1]


async def test_parts_of_a_batch_end_in_order(mongo: Mongo, database: Any) -> None:
    """They are written side by side; each article has its own end, in its own place."""
    articles = [enriched_article(uri=f"urn:{number}") for number in range(250)]
    await statuses(mongo, articles[100:150])

    ends = await side_by_side(articles, handler=partial(statuses, mongo))

    assert ends == [*["stored"] * 100, *["duplicate"] * 50, *["stored"] * 100]
    assert database[ARTICLES].count_documents({}) == 250


async def test_a_frozen_primary_is_an_outage_and_ends_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a time-out a write would hang until it thaws; once it does, the same write is one."""
    monkeypatch.setattr(mongo_module, "_TIMEOUT_MS", 1000)
    server = start_mongo(tmp_path / "mongo", log=tmp_path / "mongo.log")
    server.wait_ready()
    mongo = Mongo(StoreSettings(mongo_url=server.url))
    await mongo.open()
    articles = [enriched_article(uri=f"urn:{number}") for number in range(150)]
    try:
        server.child.signal(signal.SIGSTOP)
        began = time.monotonic()
        with pytest.raises(MongoUnavailable):
            await side_by_side(articles, handler=partial(store, library=mongo))
        waited = time.monotonic() - began
        server.child.signal(signal.SIGCONT)
        ends = await _written(mongo, articles)
        count = await mongo.count()
    finally:
        server.child.signal(signal.SIGCONT)
        await mongo.close()
        server.stop()

    assert waited < 10
    assert set(ends) <= {"stored", "updated", "duplicate"}
    assert count == 150


async def _written(mongo: Mongo, articles: Sequence[EnrichedArticle]) -> list[str]:
    """Write as the desk does: again while MongoDB is away."""
    while True:
        with suppress(MongoUnavailable):
            return await statuses(mongo, articles)


async def test_an_operation_that_mongodb_refuses_is_refused_alone(
    mongo: Mongo, database: Any
) -> None:
    """An error of one operation in a bulk is that article's, with MongoDB's own words."""
    database.command("collMod", ARTICLES, validator={"headline": {"$ne": "Forbidden"}})

    names = await statuses(
        mongo, [enriched_article(headline=name) for name in ("Fine", "Forbidden", "Good")]
    )

    assert names == ["stored", "refused", "stored"]


async def test_a_batch_refused_as_a_whole_is_halved_until_one_is_left(
    mongo: Mongo, database: Any
) -> None:
    """A record that breaks the whole command costs its neighbours nothing."""
    good = [record(enriched_article(headline=str(number))) for number in range(7)]
    # Not BSON: the server refuses the whole command, without saying which operation it was.
    broken = good[3]._replace(head=RawBSONDocument(_cut(good[3].head)))

    ends = await mongo.write([*good[:3], broken, *good[4:]])

    assert [end if isinstance(end, str) else "refused" for end in ends] == [
        *["stored"] * 3,
        "refused",
        *["stored"] * 3,
    ]
    assert database[ARTICLES].count_documents({}) == 6


def _cut(document: RawBSONDocument) -> bytes:
    """Return the document with a string whose length is wrong."""
    raw = bytearray(document.raw)
    at = raw.index(b"headline\0") + len(b"headline\0")
    raw[at : at + 4] = (0x7FFFFFFF).to_bytes(4, "little")
    return bytes(raw)


async def test_a_server_that_is_away_is_an_outage_and_no_fault_of_the_articles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody listens there: MongoUnavailable, so that the entries stay pending."""
    monkeypatch.setattr(mongo_module, "_TIMEOUT_MS", 200)
    away = Mongo(StoreSettings(mongo_url="mongodb://127.0.0.1:1/?replicaSet=newsflow"))

    with pytest.raises(MongoUnavailable):
        await away.write([record(enriched_article())])

    assert "no answer from 127.0.0.1:1" in (await away.problem() or "")
    await away.close()


async def test_the_head_reads_as_documented(mongo: Mongo, database: Any) -> None:
    """A reader finds the article's fields at the top, times as times, nothing that is empty."""
    await statuses(mongo, [enriched_article(source="Test Wire", published_at=NOON)])

    head: Document = database[ARTICLES].find_one()
    assert head["_id"] == head["_id"].lower()
    assert head["text"].startswith(head["headline"])
    assert head["summary"] == "The harbour of Port Vesper reopened on Monday."
    assert head["version_created"] == head["published_at"] == NOON
    assert head["schema_version"] == 2
    assert None not in head.values()


async def test_every_question_is_served_by_an_index(mongo: Mongo, database: Any) -> None:
    """No collection scan for entity, topic, source, time or words."""
    await statuses(mongo, [enriched_article(headline=str(number)) for number in range(50)])

    for query, collation in (
        ({"source": "Test Wire"}, None),
        ({"topics.id": "medtop:16000000"}, None),
        ({"entities.name": "kabul"}, NAMES),
        ({"$text": {"$search": "harbour"}}, None),
        ({"version_created": {"$gt": NOON}}, None),
        ({"cluster": "0" * 32}, None),
    ):
        plan = database[ARTICLES].find(query, collation=collation).explain()

        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"]), query
