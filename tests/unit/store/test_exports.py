"""From a stored document to ninjs, JSON-LD and JSON lines, by the standards' own definitions."""

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.handler import File, read
from services.ingest.records import Limits
from services.ingest.unpacking import Allowance
from services.store.documents import Document, record
from services.store.exports import json_ld, ninjs, parts
from services.store.exports.lines import Format, NotOurs, Position, in_order, line, position
from services.store.questions import Query
from shared.messages import EnrichedArticle, RawArticle
from tests.builders import NOON, enriched_article
from tests.standards.checks import ninjs_faults, schema_org_faults

AWARE = CodecOptions[dict[str, Any]](tz_aware=True)
OTHERS = (Format.NINJS, Format.JSONLD)
LATER = NOON + timedelta(hours=1, milliseconds=250)

KABUL = {
    "id": "geonames:1138958",
    "name": "Kabul",
    "type": "place",
    "count": 1,
    "salience": 0.6,
    "mentions": [{"start": 0, "end": 5, "text": "Kabul", "field": "headline"}],
    "country": "AF",
    "location": {"coordinates": [69.17233, 34.52813]},
}
TEXAS = KABUL | {"id": "geonames:4736286", "name": "Texas", "iso3166": "US-TX", "country": "US"}
GHANA = KABUL | {"id": "geonames:2300660", "name": "Ghana", "iso3166": "GH", "country": "GH"}
OTHER_FIELD = [{"start": 9, "end": 14, "text": "Okoro"}]
OKORO = {
    "id": "person:ada okoro",
    "name": "Ada Okoro",
    "type": "person",
    "count": 1,
    "mentions": OTHER_FIELD,
}
FULL = {
    "uri": "tag:wire.example,2026:7",
    "url": "https://wire.example/7",
    "version": "3",
    "headline": "Kabul talks resume",
    "byline": "Ana Lind",
    "summary": "Talks resume.",
    "body": "KABUL, Nov. 23 (AFP) - Talks resumed.\nThey go on.",
    "source": "Seed Wire",
    "language": "en",
    "urgency": 2,
    "subjects": [{"id": "medtop:16000000", "name": "conflict"}, {"id": "desk:7"}, {"name": "War"}],
    "alt_ids": {"desk": "A-7"},
    "published_at": NOON,
    "updated_at": LATER,
}
READ = {
    "dateline": {"start": 19, "end": 40, "text": "KABUL, Nov. 23 (AFP)", "place": "Kabul"}
    | {"agencies": ["AFP"]},
    "entities": [
        KABUL,
        OKORO,
        OKORO | {"id": "organisation:un", "name": "UN", "type": "organisation"},
        OKORO | {"id": "organisation:afp", "name": "AFP", "type": "organisation", "role": "agency"},
        OKORO | {"id": "group:afghans", "name": "Afghans", "type": "group", "salience": 0.25},
        TEXAS,
        GHANA,
    ],
    "topics": [{"id": "medtop:16000000", "name": "conflict", "confidence": 0.876}],
}


def document(read: dict[str, Any] | None = None, **fields: Any) -> Document:
    """Return an article as MongoDB gives it back."""
    enriched = enriched_article(**fields).model_dump() | (read or {})
    return stored(EnrichedArticle.model_validate(enriched))


def stored(enriched: EnrichedArticle) -> Document:
    return bson.decode(record(enriched).head.raw, AWARE)


def full() -> Document:
    return document(READ, **FULL)


def faults(one: Document) -> list[str]:
    """Return what the standards have against both exports of a document."""
    return [*ninjs_faults(made(one, Format.NINJS)), *schema_org_faults(made(one, Format.JSONLD))]


def made(one: Document, form: Format) -> dict[str, Any]:
    """Return what stands in the line of a document."""
    found: dict[str, Any] = json.loads(line(one, form))
    return found


def inbox(*lines: bytes) -> list[RawArticle]:
    """Return the articles that a file of these lines holds for the inbox."""
    data = b"".join(lines)
    file = File("export.jsonl", "ab" * 32, NOON + timedelta(days=9))
    found = list(
        read(io.BytesIO(data), file, limits=Limits(), allowance=Allowance.usual(len(data)))
    )
    assert [one.reason for one in found] == [None] * len(found)
    return [RawArticle.model_validate_json(one.article) for one in found]


def test_ninjs_says_all_that_is_known() -> None:
    """Identity, times, texts, sources and ids, each where the standard has it."""
    item = made(full(), Format.NINJS)

    assert item["standard"] == ninjs.STANDARD
    assert (item["uri"], item["version"], item["urgency"]) == ("tag:wire.example,2026:7", "3", 2)
    assert item["firstCreated"] == "2026-11-23T12:00:00Z"
    assert item["versionCreated"] == "2026-11-23T13:00:00.250000Z"
    assert [one["value"] for one in item["headlines"]] == ["Kabul talks resume"]
    [body] = item["bodies"]
    assert body["value"] == FULL["body"]
    assert (body["charCount"], body["wordCount"]) == (49, 10)
    assert item["infoSources"] == [{"name": "Seed Wire"}, {"name": "AFP"}]
    assert item["located"] == "Kabul"
    assert item["altIds"][:2] == [
        {"role": "url", "value": "https://wire.example/7"},
        {"role": "desk", "value": "A-7"},
    ]
    assert ninjs_faults(item) == []


def test_ninjs_places_have_points_codes_and_geonames() -> None:
    """A country and a part of one stand in an address, the point in GeoJSON."""
    kabul, texas, ghana = made(full(), Format.NINJS)["places"]

    assert kabul == {
        "name": "Kabul",
        "literal": "geonames:1138958",
        "uri": "https://sws.geonames.org/1138958/",
        "contactInfo": [{"type": "address", "address": {"country": "AF"}}],
        "geoJSON": {"type": "Point", "coordinates": [69.17233, 34.52813]},
    }
    assert texas["contactInfo"][0]["address"] == {"country": "US", "area": "US-TX"}
    assert ghana["contactInfo"][0]["address"] == {"country": "GH"}


def test_ninjs_tells_the_publishers_subjects_from_ours() -> None:
    """Ours have a creator and a confidence in per cent; the publisher's have neither."""
    theirs, code, word, ours, group = made(full(), Format.NINJS)["subjects"]
    conflict = f"{parts.MEDIA_TOPICS}16000000"

    assert theirs == {"name": "conflict", "uri": conflict, "literal": "medtop:16000000"}
    assert code == {"uri": "desk:7"}
    assert word == {"name": "War"}
    assert ours == theirs | {"creator": "newsflow", "confidence": 88}
    assert (group["name"], group["relevance"]) == ("Afghans", 25)


def test_json_ld_says_all_that_is_known() -> None:
    """The same in schema.org's words; what the headline names is what it is about."""
    node = made(full(), Format.JSONLD)

    assert node["@id"] == f"urn:newsflow:{full()['_id']}"
    assert node["identifier"][0] == "tag:wire.example,2026:7"
    assert node["dateModified"] == "2026-11-23T13:00:00.250000Z"
    assert node["publisher"] == {"@type": "Organization", "name": "Seed Wire"}
    assert node["sourceOrganization"] == [{"@type": "Organization", "name": "AFP"}]
    assert node["dateline"] == "KABUL, Nov. 23 (AFP)"
    assert node["about"][0] == {
        "@type": "DefinedTerm",
        "@id": f"{parts.MEDIA_TOPICS}16000000",
        "name": "conflict",
        "termCode": "16000000",
        "inDefinedTermSet": parts.MEDIA_TOPICS,
    }
    kinds = {one["name"]: one["@type"] for one in node["about"][1:] + node["mentions"]}
    assert kinds == {
        "Kabul": "Place",
        "Texas": "AdministrativeArea",
        "Ghana": "Country",
        "Ada Okoro": "Person",
        "UN": "Organization",
        "Afghans": "Thing",
    }
    kabul = node["about"][1]
    assert kabul["geo"] == {
        "@type": "GeoCoordinates",
        "latitude": 34.52813,
        "longitude": 69.17233,
    }
    assert kabul["sameAs"] == "https://sws.geonames.org/1138958/"
    assert schema_org_faults(node) == []


def test_a_status_and_an_embargo_are_said() -> None:
    """Whoever exports with --all can tell what is not for readers."""
    one = document(pub_status="withheld", embargoed_until=LATER)

    item, node = made(one, Format.NINJS), made(one, Format.JSONLD)

    assert (item["pubStatus"], item["embargoedUntil"]) == (
        "withheld",
        "2026-11-23T13:00:00.250000Z",
    )
    assert node["creativeWorkStatus"] == "withheld"
    assert node["conditionsOfAccess"] == "embargoed until 2026-11-23T13:00:00.250000Z"
    assert faults(one) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"headline": None},
        {"body": ""},
        {"headline": "\u2028\u2029\x85 odd", "body": "a\u2028b\x85c\x0bd"},
        {"body": "word " * 200_000},
        {"pub_status": "canceled", "headline": None, "body": "", "uri": "urn:a"},
        {"uri": "no uri at all"},
        {"uri": "http://[::1"},
        {"uri": "http://wire.example:port/"},
        {"url": "wire.example/näher"},
        {"uri": "https://wire.example/1%"},
        {"alt_ids": {"": "a", "newsflow": "b", "url": "c"}},
        {"body": None, "body_html": "<p>One</p><p>Two</p>"},
        {"headline": '<b>"&amp;'},
    ],
)
def test_odd_articles_are_exported_validly(fields: dict[str, Any]) -> None:
    """By both standards, on one line whatever a reader takes for a line's end."""
    one = document(**fields)

    assert faults(one) == []
    for form in Format:
        assert len(line(one, form).decode().splitlines()) == 1


@pytest.mark.parametrize("form", OTHERS)
@pytest.mark.parametrize(
    "fields",
    [
        FULL,
        FULL | {"uri": "https://wire.example/7"},
        FULL | {"uri": "https://wire.example/8", "url": None},
        {"uri": "urn:a", "headline": None, "body": "Only a body.\nOf two lines."},
        {"uri": "urn:a", "body": ""},
        {"uri": "urn:a", "headline": "Twice", "body": "Twice\nTwice\nSaid."},
    ],
)
def test_an_export_dropped_into_the_inbox_is_the_same_article(
    form: Format, fields: dict[str, Any]
) -> None:
    """The same id, uri, headline, text and version time."""
    sent = enriched_article(**fields)
    [back] = inbox(line(stored(sent), form))

    assert (back.article_id, back.uri) == (sent.article_id, sent.article.uri)
    assert back.headline == sent.article.headline
    assert back.text == sent.article.text
    assert back.version_created == sent.article.version_created
    assert back.source == sent.article.source


def test_status_and_embargo_come_back_from_ninjs() -> None:
    """A kill without text is one again; schema.org has no word for either."""
    kill = {"uri": "urn:a", "pub_status": "canceled", "headline": None, "body": ""}
    lines = [
        line(document(**fields), Format.NINJS)
        for fields in (kill, {"uri": "urn:b", "embargoed_until": LATER})
    ]

    canceled, embargoed = inbox(*lines)

    assert (canceled.uri, canceled.pub_status) == ("urn:a", "canceled")
    assert embargoed.embargoed_until == LATER


def test_an_article_without_a_uri_keeps_one_from_its_export_on() -> None:
    """It gets a URN of its id, which the next export has again; its guid is another id then."""
    first = document(guid="7", source="Desk")
    [back] = inbox(line(first, Format.NINJS))
    again = document(**back.model_dump(exclude={"received_at", "provenance"}))

    assert back.uri == f"urn:newsflow:{first['_id']}"
    assert back.alt_ids["guid"] == "7"
    assert parts.uri(again) == back.uri


@pytest.mark.parametrize("form", list(Format))
def test_a_line_says_where_to_go_on(form: Format) -> None:
    """Time and id, also of an article that was exported before and has the ids of then."""
    one = document(alt_ids={"newsflow": "another"}, updated_at=LATER)

    assert position(line(one, form), form) == Position(LATER, one["_id"])


@pytest.mark.parametrize(
    "written", [b"", b"null\n", b"{}\n", b"[1]\n", b'{"altIds": []}\n', b"\xff\n", b"{\n"]
)
@pytest.mark.parametrize("form", list(Format))
def test_a_line_of_something_else_is_nothing_to_go_on_from(form: Format, written: bytes) -> None:
    """Nor is one of another format."""
    other = next(one for one in Format if one is not form)

    for said in (written, line(full(), other)):
        with pytest.raises(NotOurs, match="nothing to go on from"):
            position(said, form)


def test_an_export_goes_on_behind_the_last_article() -> None:
    """Later ones, and those of the same time with a greater id; the filter still holds."""
    asked = Query({"source": "Desk"}, [("version_created", -1)], names=True)

    query = in_order(asked, Position(NOON, "b"))

    assert query.sort == [("version_created", 1), ("_id", 1)]
    assert query.names
    assert query.filter["$and"][0] == {"source": "Desk"}
    assert query.filter["$and"][2]["$or"][1] == {"version_created": NOON, "_id": {"$gt": "b"}}


# ── whatever the contract lets through ────────────────────────────────────────────────────────────

TIMES = st.datetimes(timezones=st.just(UTC))
IDS = st.one_of(
    st.text(),
    st.from_regex(r"(http|urn|a\+b):[!-~ é]{0,12}", fullmatch=True),
    st.sampled_from(["medtop:04000000", "geonames:1", "urn:x:1", "https://a.example/b"]),
)
SENT = st.fixed_dictionaries(
    {"body": st.text().map("Words {}".format)},
    optional={
        **dict.fromkeys(("uri", "guid", "url"), IDS),
        **dict.fromkeys(("version", "headline", "byline", "summary"), st.text()),
        **dict.fromkeys(("body_html", "language", "source", "located"), st.text()),
        **dict.fromkeys(("embargoed_until", "published_at", "updated_at"), TIMES),
        "pub_status": st.sampled_from(["usable", "withheld", "canceled"]),
        "urgency": st.integers(1, 9),
        "subjects": st.lists(st.fixed_dictionaries({"id": st.just("a")}, optional={"name": IDS})),
        "alt_ids": st.dictionaries(st.text(), st.text()),
    },
)
POINTS = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
ENTITIES = st.fixed_dictionaries(
    {
        "name": st.text(),
        "type": st.sampled_from(["person", "organisation", "place", "group", "other"]),
        "count": st.just(1),
        "salience": st.floats(0, 1),
        "mentions": st.just([{"start": 0, "end": 1, "text": "W"}]),
    },
    optional={
        "id": IDS,
        "iso3166": st.sampled_from(["AF", "US-TX"]),
        "country": st.sampled_from(["AF", "US"]),
        "location": POINTS.map(lambda point: {"coordinates": point}),
        "role": st.sampled_from(["agency", "dateline"]),
    },
)
LEARNED = st.fixed_dictionaries(
    {
        "entities": st.lists(ENTITIES, max_size=4),
        "topics": st.lists(
            st.fixed_dictionaries({"id": IDS, "name": st.text(), "confidence": st.floats(0, 1)}),
            max_size=3,
        ),
    },
    optional={
        "dateline": st.fixed_dictionaries(
            {"start": st.just(0), "end": st.just(1), "text": st.text()},
            optional={"place": st.text(), "agencies": st.lists(st.text(), max_size=2)},
        ),
    },
)


@given(SENT, LEARNED)
def test_whatever_is_stored_is_exported_validly(
    sent: dict[str, Any], learned: dict[str, Any]
) -> None:
    """By both standards, and every line leads back to where it was written."""
    one = document(learned, **sent)

    assert faults(one) == []
    for form in Format:
        written = line(one, form)
        assert position(written, form) == Position(one["version_created"], one["_id"])
        assert len(written.decode().splitlines()) == 1


WORDS = st.text("abc .é水", min_size=1).map(lambda text: " ".join(text.split()))


@given(WORDS, st.lists(WORDS, max_size=4), TIMES, st.sampled_from(OTHERS))
def test_whatever_people_write_comes_back(
    headline: str, paragraphs: list[str], updated: datetime, form: Format
) -> None:
    """Headline, text and time of the version."""
    body = "\n".join(filter(None, paragraphs))
    sent = enriched_article(uri="urn:a", headline=headline, body=f"X{body}", updated_at=updated)

    [back] = inbox(line(stored(sent), form))

    assert back.text == sent.article.text
    assert back.version_created == sent.article.version_created


def test_both_objects_need_only_what_every_document_has() -> None:
    """A document of an older schema lacks most fields."""
    least = {"_id": "0" * 32, "version_created": NOON, "text": "Words."}

    assert ninjs_faults(ninjs.item(least)) == []
    assert schema_org_faults(json_ld.article(least)) == []
