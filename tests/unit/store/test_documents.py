"""From an enriched article to what stands in MongoDB."""

from datetime import date

import bson
import pytest

from services.store.documents import head_update, record
from shared.errors import PermanentError
from shared.messages import Dateline, Quote
from tests.builders import NOON, enriched_article


def test_a_head_has_the_text_that_offsets_count_in() -> None:
    """`text` is headline and body; the body does not stand there twice."""
    head = bson.decode(record(enriched_article(headline="Head", body="Body")).head.raw)

    assert head["text"] == "Head\nBody"
    assert "body" not in head


def test_a_day_is_an_iso_date() -> None:
    """BSON knows points in time only; a dateline's date is none."""
    article = enriched_article(body="OSLO, May 4 - Rain.").model_copy(
        update={"dateline": Dateline(start=0, end=4, text="OSLO", date=date(2026, 5, 4))}
    )

    assert bson.decode(record(article).head.raw)["dateline"]["date"] == "2026-05-04"


@pytest.mark.parametrize(
    ("fields", "summary"),
    [
        ({"summary": "The publisher's."}, "The publisher's."),
        ({"headline": "Head", "body": "First.\nSecond."}, "First."),
        ({"headline": "Head", "body": "x" * 900}, "x" * 500),
        ({"headline": "Head", "body": ""}, ""),
    ],
)
def test_a_summary_is_the_publishers_or_the_first_paragraph(
    fields: dict[str, str], summary: str
) -> None:
    """Short enough to index."""
    assert bson.decode(record(enriched_article(**fields)).head.raw)["summary"] == summary


def test_what_a_publisher_did_not_say_is_not_there() -> None:
    """No empty lists; further ids stand in a list, for a key can hold neither dot nor NUL."""
    silent = bson.decode(record(enriched_article(body="x")).head.raw)
    one = record(enriched_article(alt_ids={"a.b": "1", "\0$c": "2"}, subjects=[{"name": "Ports"}]))
    said, revision = bson.decode(one.head.raw), bson.decode(one.revision.raw)

    assert not {"subjects", "alt_ids", "urgency", "located"} & silent.keys()
    assert said["alt_ids"] == [{"role": "a.b", "value": "1"}, {"role": "\0$c", "value": "2"}]
    assert said["subjects"] == revision["subjects"] == [{"name": "Ports"}]


def test_quotes_stand_in_the_head_and_none_is_an_empty_list() -> None:
    """Like entities and topics: who asks for them need not know whether the field is there."""
    quote = Quote(start=0, end=3, text="The", speaker="Ada Okoro", speaker_id="person:ada okoro")
    article = enriched_article(body="x")

    said = bson.decode(record(article.model_copy(update={"quotes": (quote,)})).head.raw)

    assert said["quotes"] == [quote.model_dump()]
    assert bson.decode(record(article).head.raw)["quotes"] == []


def test_a_lead_begins_behind_what_parts_it_from_the_dateline() -> None:
    """No dash, no blank."""
    article = enriched_article(headline="Rain", body="OSLO, May 4 - It rained.").model_copy(
        update={"dateline": Dateline(start=5, end=16, text="OSLO, May 4")}
    )

    assert bson.decode(record(article).head.raw)["summary"] == "It rained."


def test_a_revision_is_what_the_publisher_sent() -> None:
    """Without annotations: they can be made again."""
    one = record(enriched_article(uri="urn:a", version="2", updated_at=NOON))

    revision = bson.decode(one.revision.raw)

    assert revision["article_id"] == one.article_id
    assert (revision["version"], revision["body"]) == (
        "2",
        "The harbour of Port Vesper reopened on Monday.",
    )
    assert "entities" not in revision
    assert one.revision_id == f"{one.article_id}:{one.content_hash[:16]}"


def test_a_document_over_the_limit_is_refused_with_its_size() -> None:
    """Before it can abort the whole bulk it would be part of."""
    with pytest.raises(PermanentError, match=r"a document of \d+ bytes; the limit is 15728640"):
        record(enriched_article(body="x" * 16_000_000))


def test_content_stands_in_literals_only() -> None:
    """Else a headline "$100 note" would be read as the name of a field."""
    one = record(enriched_article(headline="$headline"))

    [stage] = head_update(one)

    choice, seen = stage["$replaceWith"]["$mergeObjects"]
    assert choice["$cond"][1] == {"$literal": one.head}
    assert choice["$cond"][0]["$gt"][0] == {"$literal": [one.version_created, one.content_hash]}
    assert seen["first_seen_at"]["$min"][1] == {"$literal": one.seen_at}
