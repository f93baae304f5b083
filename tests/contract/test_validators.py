"""What the store writes is what the models say, and MongoDB refuses anything else."""

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.errors import WriteError

from services.store import model
from services.store.documents import Document, record
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import messages
from shared.errors import PermanentError
from shared.messages import EnrichedArticle
from tests.builders import NOON, enriched_article

AWARE = CodecOptions[Document](tz_aware=True)
SIGNED = {"signature": "AAAA" * 85 + "AA==", "tools": {"signature": {"name": "m", "version": "1"}}}


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    adapter = Mongo(StoreSettings(mongo_url=mongo_url))
    await adapter.open()
    yield adapter
    await adapter.close()


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        yield client["newsflow"]


def full(**fields: Any) -> EnrichedArticle:
    """Return an article in which every field of the contract has a value."""
    sent = {
        **dict.fromkeys(("uri", "guid", "url", "version", "byline", "summary"), "x"),
        **dict.fromkeys(("source", "language", "located", "body_html"), "x"),
        **dict.fromkeys(("embargoed_until", "published_at", "updated_at"), NOON),
        "urgency": 1,
        "subjects": [{"id": "medtop:16000000", "name": "war"}],
        "alt_ids": {"a.b": "1"},
        "provenance": {
            "file": {"path": "a", "sha256": "b", "member": "c", "start": 0, "end": 1},
            "entry": {"stream": "articles.raw", "entry_id": "1-0"},
        },
    }
    span = {"start": 0, "end": 1, "text": "x"}
    learned = {
        "dateline": {**span, "place": "Oslo", "date": date(2026, 5, 4), "agencies": ["AFP"]},
        "footer": {"start": 0, "end": 1},
        "entities": [
            {
                **dict.fromkeys(("id", "name", "iso3166", "country"), "x"),
                "type": "place",
                "count": 1,
                "salience": 0.5,
                "role": "dateline",
                "mentions": [{**span, "field": "headline"}],
                "location": {"type": "Point", "coordinates": [69.17, 34.52]},
            }
        ],
        "topics": [
            {
                **dict.fromkeys(("id", "name", "broader"), "x"),
                "confidence": 0.5,
                "evidence": ["x"],
            }
        ],
        "quotes": [{**span, "speaker": "x", "speaker_id": "x"}],
        **SIGNED,
    }
    given = enriched_article(**sent).model_dump() | learned | fields
    return EnrichedArticle.model_validate(given)


def documented(kind: type[model.Stored]) -> set[str]:
    return {field.alias or name for name, field in kind.model_fields.items()}


@pytest.mark.parametrize(
    "article", [full(), enriched_article(), enriched_article(uri="u", body="", headline="Kill")]
)
async def test_what_is_written_is_what_the_models_say(
    mongo: Mongo, database: Any, article: EnrichedArticle
) -> None:
    """Field by field, and nothing else; MongoDB took it under its validators."""
    ends = await mongo.write([record(article)])

    head, revision = (database[name].find_one() for name in (ARTICLES, REVISIONS))
    assert ends == ["stored"]
    model.Article.model_validate(head)
    model.Revision.model_validate(revision)


async def test_every_field_of_the_models_can_be_there(mongo: Mongo, database: Any) -> None:
    """None is told of that nothing writes; `joined` is that of an article that is not the first."""
    await mongo.write([record(full(), stored_at=NOON)])

    head, revision = (database[name].find_one() for name in (ARTICLES, REVISIONS))
    assert documented(model.Article) - {"joined"} == set(head)
    assert documented(model.Revision) == set(revision)


@pytest.mark.parametrize(
    "name",
    [
        *("Subject", "Dateline", "Mention", "Point", "Entity", "Topic", "Quote", "Tool"),
        *("FileOrigin", "EntryOrigin", "Provenance"),
    ],
)
def test_what_is_within_an_article_has_the_fields_of_the_contract(name: str) -> None:
    """A field that the contract gets is told of here, too."""
    assert documented(getattr(model, name)) == set(getattr(messages, name).model_fields)


WRONG = [
    ({"urgency": "high"}, "urgency"),
    ({"pub_status": "gone"}, "pub_status"),
    ({"version_created": "2026-11-23"}, "version_created"),
    ({"topics": [{"id": "x", "name": "x", "confidence": 2.0, "evidence": []}]}, "topics.0.confid"),
    ({"tools": {"text": {"name": 1, "version": "1"}}}, "tools.name"),
    (
        {
            "entities": [
                {
                    "name": "x",
                    "type": "place",
                    "count": 1,
                    "salience": 0.5,
                    "mentions": [],
                    "location": {"type": "Point", "coordinates": [200.0, 0.0]},
                }
            ]
        },
        "entities.0.location.coordinates.0",
    ),
]


@pytest.mark.parametrize(("wrong", "where"), WRONG, ids=[where for _, where in WRONG])
async def test_a_document_with_a_wrong_type_is_refused_alone_and_told_where(
    mongo: Mongo, database: Any, wrong: Document, where: str
) -> None:
    """MongoDB's own refusal is the error of that one article."""
    three = [record(enriched_article(headline=name)) for name in ("Before", "Wrong", "After")]
    broken = bson.encode(bson.decode(three[1].head.raw, AWARE) | wrong)
    three[1] = three[1]._replace(head=RawBSONDocument(broken))

    ends = await mongo.write(three)

    assert [ends[0], ends[2]] == ["stored", "stored"]
    assert isinstance(ends[1], PermanentError)
    assert f"Document failed validation: {where}" in str(ends[1])
    assert {head["headline"] for head in database[ARTICLES].find()} == {"Before", "After"}


async def test_a_field_that_is_not_known_yet_is_let_through(mongo: Mongo, database: Any) -> None:
    """A newer store at work beside this one may write more."""
    one = record(enriched_article())
    newer = bson.encode(bson.decode(one.head.raw, AWARE) | {"mood": "calm"})

    assert await mongo.write([one._replace(head=RawBSONDocument(newer))]) == ["stored"]
    assert database[ARTICLES].find_one()["mood"] == "calm"


async def test_what_people_write_by_hand_is_held_to_it_too(mongo: Mongo, database: Any) -> None:
    """An update in a shell that would break a document for its readers is refused."""
    await mongo.write([record(enriched_article())])

    with pytest.raises(WriteError) as refused:
        database[ARTICLES].update_one({}, {"$unset": {"text": ""}})

    assert refused.value.code == 121
