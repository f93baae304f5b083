"""From an enriched article to what stands in MongoDB."""

from datetime import UTC, date
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from services.store.documents import article_of, head_update, record
from shared.errors import PermanentError
from shared.identity import revision_id
from shared.messages import Dateline, Quote, RawArticle
from tests.builders import NOON, enriched_article

AWARE = CodecOptions[dict[str, Any]](tz_aware=True)
TIMES = st.datetimes(timezones=st.just(UTC))
BODY = st.text().map("Words {}".format)  # without any there is no article
FILE = st.fixed_dictionaries(
    {"path": st.text(), "sha256": st.text(), "start": st.integers(0, 9), "end": st.integers(0, 9)},
    optional={"member": st.text(), "record": st.integers(1, 9)},
)
SENT = {
    **dict.fromkeys(("uri", "guid", "url", "version", "headline", "byline"), st.text()),
    **dict.fromkeys(("summary", "body_html", "language", "source", "located"), st.text()),
    **dict.fromkeys(("embargoed_until", "published_at", "updated_at"), TIMES),
    "pub_status": st.sampled_from(["usable", "withheld", "canceled"]),
    "urgency": st.integers(1, 9),
    "subjects": st.lists(st.fixed_dictionaries({"id": st.just("a")}, optional={"name": st.text()})),
    "alt_ids": st.dictionaries(st.text(), st.text()),
    "provenance": st.one_of(
        st.just({}),
        st.fixed_dictionaries({"file": FILE}),
        st.just({"entry": {"stream": "articles.raw", "entry_id": "1-0"}}),
    ),
}


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
    assert one.revision_id == revision_id(one.article_id, one.content_hash)


@given(st.fixed_dictionaries({"received_at": TIMES, "body": BODY}, optional=SENT))
def test_an_article_comes_back_from_its_revision(sent: dict[str, Any]) -> None:
    """Every field, as it was sent, through BSON."""
    article = RawArticle.model_validate({"provenance": {}, **sent})
    one = record(enriched_article().model_copy(update={"article": article}))

    revision: dict[str, Any] = bson.decode(one.revision.raw, AWARE)
    back = article_of(revision)

    assert back == article
    assert (back.article_id, back.content_hash) == (article.article_id, article.content_hash)


def test_every_field_that_is_sent_comes_back() -> None:
    """The test above draws each; one that is added to the contract is to be drawn, too."""
    assert {*SENT, "body", "received_at"} == set(RawArticle.model_fields)


def test_what_is_no_revision_is_refused_with_the_field() -> None:
    """A document by another contract."""
    with pytest.raises(PermanentError, match="not an article: urgency: "):
        article_of({"headline": "x", "urgency": 12, "received_at": NOON, "provenance": {}})


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
    mine = [one.is_kill, one.version_created, one.content_hash]
    assert choice["$cond"][0]["$gt"][0] == {"$literal": mine}
    assert seen["first_seen_at"]["$min"][1] == {"$literal": one.seen_at}
