"""Annotations made again: what differs, and what is written."""

from datetime import date, timedelta
from typing import Any

import bson
from bson.codec_options import CodecOptions

from services.store.annotations import ANNOTATIONS, Change, annotation, outdated
from services.store.documents import Document, record
from shared.messages import Dateline, EnrichedArticle, Entity, Mention, Quote, Span, Tool, Topic
from tests.builders import NOON, enriched_article

OLD, NEW = Tool(name="lexicon", version="1"), Tool(name="lexicon", version="2")


def read(**learned: Any) -> EnrichedArticle:
    """Return the same version of one article, read to learn this."""
    return enriched_article().model_copy(update=learned)


def head(enriched: EnrichedArticle) -> Document:
    """Return the head as MongoDB gives it back."""
    return bson.decode(record(enriched).head.raw, CodecOptions(tz_aware=True))


def entity(name: str, count: int = 1) -> Entity:
    mention = Mention(start=0, end=7, text="Harbour")
    return Entity(name=name, type="place", count=count, mentions=(mention,))


def topic(name: str, confidence: float = 0.5) -> Topic:
    return Topic(id=f"medtop:{name}", name=name, confidence=confidence)


def test_what_is_new_gone_and_told_otherwise_is_named() -> None:
    """By kind, and by the names people know."""
    before = read(
        entities=(entity("Lima"), entity("Oslo")),
        topics=(topic("sport"), topic("health")),
        tools={"topics": OLD},
    )
    after = read(
        entities=(entity("Oslo", count=2), entity("Quito")),
        topics=(topic("sport"), topic("labour")),
        quotes=(Quote(start=0, end=2, text="No", speaker="Ana", speaker_id="person:ana"),),
        tools={"topics": NEW},
    )

    found = annotation(head(before), after)

    assert found
    assert found.changes == (
        Change("entities", "+", "Quito (place)"),
        Change("entities", "-", "Lima (place)"),
        Change("entities", "~", "Oslo (place)"),
        Change("quotes", "+", "Ana: No"),
        Change("topics", "+", "labour"),
        Change("topics", "-", "health"),
    )


def test_what_an_article_has_once_is_added_removed_or_told_otherwise() -> None:
    """Language, dateline and footer; the summary begins behind the dateline."""
    before = read(language="fr", footer=Span(start=0, end=7))
    after = read(dateline=Dateline(start=28, end=31, text="The", date=date(2026, 11, 23)))

    found = annotation(head(before), after)

    assert found
    assert found.changes == (
        Change("dateline", "+", "The"),
        Change("footer", "-", "Harbour"),
        Change("language", "~", "en"),
        Change("summary", "~", "harbour of Port Vesper reopened on Monday."),
    )
    assert found.update["$unset"] == {"footer": ""}
    assert found.update["$set"]["dateline"]["date"] == "2026-11-23"


def test_only_annotations_are_written_and_only_to_the_head_that_was_read() -> None:
    """Never what orders versions or what the publisher said."""
    later = NOON + timedelta(days=9)
    before = read(topics=(topic("sport"),), tools={"topics": OLD})

    found = annotation(head(before), read(tools={"topics": NEW}, enriched_at=later))

    assert found
    assert found.guard == {
        "_id": before.article_id,
        "content_hash": before.article.content_hash,
        "enriched_at": NOON,
    }
    assert found.update == {
        "$set": {"enriched_at": later, "tools": {"topics": NEW.model_dump()}, "topics": []}
    }
    assert not ANNOTATIONS & {"version_created", "content_hash", "text", "first_seen_at", "_id"}


def test_what_other_tools_read_alike_is_written_and_is_no_change() -> None:
    """So that it is not read again the next time."""
    found = annotation(head(read(tools={"topics": OLD})), read(tools={"topics": NEW}))

    assert found
    assert (found.changes, list(found.update["$set"])) == ((), ["tools"])


def test_what_is_alike_in_all_but_the_time_is_left_alone() -> None:
    """Nothing to write."""
    later = read(tools={"topics": OLD}, enriched_at=NOON + timedelta(days=9))

    assert annotation(head(read(tools={"topics": OLD})), later) is None


def test_the_signature_stays_with_the_tool_that_made_it() -> None:
    """Near-duplicates are looked up by it."""
    before = head(read(tools={"topics": OLD, "signature": OLD})) | {"signature": "old"}
    after = read(tools={"topics": NEW, "signature": NEW}, signature="new")

    found = annotation(before, after)

    assert found
    assert "signature" not in found.update["$set"]
    assert found.update["$set"]["tools"] == {
        "topics": NEW.model_dump(),
        "signature": OLD.model_dump(),
    }


def test_a_head_is_outdated_when_a_tool_differs_or_has_not_read_it() -> None:
    """Only in the language that all tools read, or when nothing has read it at all."""
    asked = outdated({"language": NEW, "topics": NEW, "signature": NEW}, language="en")

    assert asked == {
        "$or": [
            {"tools.language.name": {"$exists": True, "$ne": "lexicon"}},
            {"tools.language.version": {"$exists": True, "$ne": "2"}},
            {"tools.topics.name": {"$exists": True, "$ne": "lexicon"}},
            {"tools.topics.version": {"$exists": True, "$ne": "2"}},
            {"language": "en", "tools.topics": {"$exists": False}},
            {"tools": {}},
        ]
    }
