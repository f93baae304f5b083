"""ninjs, versions 1, 2 and 3, and its dialects."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.formats.json_based import ninjs
from shared.errors import Unreadable
from shared.messages import RawArticle
from tests.builders import NOON

NINE: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)

VERSION_1: dict[str, Any] = {
    "uri": "http://wire.example/items/vesper-1",
    "type": "text",
    "profile": "text-only",
    "version": "3",
    "firstcreated": "2026-11-23T09:00:00Z",
    "versioncreated": "2026-11-23T13:00:00+01:00",
    "embargoed": "2026-11-23T12:00:00Z",
    "pubstatus": "usable",
    "urgency": 4,
    "copyrightholder": "Vesper Wire",
    "language": "en-GB",
    "headline": "Harbour reopens after storm",
    "headline_short": "Harbour open",
    "byline": "Ann Lee",
    "located": "Port Vesper",
    "description_text": "Ships sail again.",
    "body_text": "The harbour reopened.\n\nShips sailed.",
    "body_html": "<p>The harbour reopened.</p><p>Ships sailed.</p>",
    "subject": [
        {
            "name": "transport",
            "scheme": "http://cv.iptc.org/newscodes/mediatopic/",
            "code": "20000337",
            "rel": "about",
        },
        {"name": "shipping", "scheme": "http://wire.example/topics", "code": "77"},
    ],
    "place": [{"name": "Port Vesper", "rel": "mentions"}],
    "altids": {"slug": "vesper-harbour", "desk": 7},
    "associations": {
        "mainpic": {"uri": "http://wire.example/p/1", "type": "picture", "headline": "The quay"}
    },
}
VERSION_2: dict[str, Any] = {
    "uri": "urn:newsml:wire.example:20261123:vesper",
    "type": "text",
    "version": "3",
    "contentcreated": "2026-11-23T09:00:00Z",
    "versioncreated": "2026-11-23T12:00:00Z",
    "pubstatus": "usable",
    "urgency": 4,
    "language": "en",
    "by": "Ann Lee",
    "located": "Port Vesper",
    "headlines": [
        {"role": "short", "value": "Harbour open"},
        {"role": "main", "value": "Harbour reopens after storm"},
    ],
    "descriptions": [
        {"role": "writer", "value": "desk 7"},
        {"role": "summary", "contenttype": "text/plain", "value": "Ships sail again."},
    ],
    "bodies": [
        {"role": "text", "contenttype": "text/plain", "value": "The harbour reopened."},
        {"role": "html", "contenttype": "text/html", "value": "<p>The harbour reopened.</p>"},
        {"role": "richhtml5", "contenttype": "text/html", "value": "<p>With pictures.</p>"},
        {"role": "wirexml", "contenttype": "application/xml", "value": "<WIRE/>"},
    ],
    "subjects": [
        {"name": "transport", "uri": "http://cv.iptc.org/newscodes/mediatopic/20000337"},
        {"name": "shipping", "literal": "77"},
    ],
    "people": [{"name": "Ann Lee", "literal": "p-1"}],
    "infosources": [{"name": "Vesper Wire"}],
    "altids": [{"role": "slug", "value": "vesper-harbour"}],
}
VERSION_3: dict[str, Any] = {
    "uri": "urn:newsml:wire.example:20261123:vesper",
    "type": "text",
    "firstCreated": "2026-11-23T09:00:00Z",
    "versionCreated": "2026-11-23T12:00:00Z",
    "embargoedUntil": "2026-11-23T12:00:00Z",
    "pubStatus": "withheld",
    "headlines": [{"value": "Harbour reopens after storm"}],
    "bodies": [{"contentType": "text/html5", "value": "<p>The harbour reopened.</p>"}],
    "infoSources": [{"name": "Vesper Wire", "role": "originator"}],
    "altIds": [{"role": "slug", "value": "vesper-harbour"}],
    "standard": {"name": "VESPERNINJS", "version": "3.0"},
}
SUPERDESK: dict[str, Any] = {
    "guid": "urn:newsml:desk.example:2026-11-23:1",
    "version": 2,
    "type": "text",
    "versioncreated": "2026-11-23T12:00:00+0000",
    "firstpublished": "2026-11-23T09:00:00+0000",
    "priority": 5,
    "headline": "Harbour reopens after storm",
    "body_html": "<p>The harbour reopened.</p>",
    "description_html": "<p>Ships sail <b>again</b>.</p>",
    "source": "VPA",
    "authors": [{"name": "Ann Lee", "role": "writer"}, {"name": "Bo Ek", "role": "editor"}],
    "service": [{"code": "a", "name": "Domestic"}],
    "keywords": ["harbours"],
    "subject": [{"code": "04015000", "name": "transport"}, {"qcode": "9", "name": "sea"}],
}


def article(value: dict[str, Any]) -> RawArticle:
    return RawArticle.model_validate(ninjs.fields(value) | {"received_at": NOON})


def without(value: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: part for name, part in value.items() if name not in names}


@pytest.mark.parametrize("value", [VERSION_1, VERSION_2, VERSION_3, SUPERDESK])
def test_every_version_is_recognised_and_becomes_the_article(value: dict[str, Any]) -> None:
    """Id, headline, body and time of the version, whatever the version calls them."""
    found = article(value)

    assert ninjs.recognises(value)
    assert found.uri == value.get("uri", value.get("guid"))
    assert found.headline == "Harbour reopens after storm"
    assert found.body.startswith("The harbour reopened.")
    assert (found.published_at, found.updated_at) == (NINE, NOON)


def test_version_1_is_read_by_its_own_names() -> None:
    """Texts are told by what follows the underscore; HTML goes before text."""
    found = article(VERSION_1)

    assert (found.version, found.urgency, found.language) == ("3", 4, "en-GB")
    assert (found.byline, found.located) == ("Ann Lee", "Port Vesper")
    assert (found.summary, found.source) == ("Ships sail again.", "Vesper Wire")
    assert found.body_html == VERSION_1["body_html"]
    assert (found.embargoed_until, found.pub_status) == (NOON, "usable")
    assert found.alt_ids == {"slug": "vesper-harbour", "desk": "7"}
    assert [(subject.id, subject.name) for subject in found.subjects] == [
        ("medtop:20000337", "transport"),
        ("http://wire.example/topics/77", "shipping"),
        (None, "Port Vesper"),
    ]


def test_version_2_is_read_by_role() -> None:
    """The main headline and body, the summary, ids of concepts by uri or literal."""
    found = article(VERSION_2)

    assert (found.byline, found.source) == ("Ann Lee", "Vesper Wire")
    assert found.summary == "Ships sail again."
    assert found.body_html == "<p>The harbour reopened.</p>"
    assert found.alt_ids == {"slug": "vesper-harbour"}
    assert [(subject.id, subject.name) for subject in found.subjects] == [
        ("medtop:20000337", "transport"),
        ("77", "shipping"),
        ("p-1", "Ann Lee"),
    ]


def test_version_3_is_version_2_in_camel_case() -> None:
    """Names are read without regard to case."""
    found = article(VERSION_3)

    assert (found.pub_status, found.embargoed_until) == ("withheld", NOON)
    assert (found.source, found.alt_ids) == ("Vesper Wire", {"slug": "vesper-harbour"})


def test_superdesk_is_read_by_its_additions() -> None:
    """A guid in place of a uri, authors, service, keywords, first publication."""
    found = article(SUPERDESK)

    assert (found.uri, found.guid, found.version) == (SUPERDESK["guid"], None, "2")
    assert (found.byline, found.source) == ("Ann Lee, Bo Ek", "VPA")
    assert found.summary == "Ships sail again."
    assert [(subject.id, subject.name) for subject in found.subjects] == [
        ("04015000", "transport"),
        ("9", "sea"),
        (None, "Domestic"),
        (None, "harbours"),
    ]


def test_ap_names_its_reporters_and_its_dateline_in_objects() -> None:
    """`bylines` and `datelinelocation`."""
    value = without(VERSION_1, "byline", "located") | {
        "bylines": [{"by": "By ANN LEE"}, {"by": "BO EK"}],
        "datelinelocation": {"city": "Port Vesper", "countrycode": "VES"},
    }

    found = article(value)

    assert (found.byline, found.located) == ("By ANN LEE, BO EK", "Port Vesper")


def test_the_source_is_named_before_who_holds_the_rights() -> None:
    """`infosource` of version 1; an address of the web is taken where somebody sends one."""
    addition = {"infosource": [{"name": "Vesper Desk"}], "url": "https://wire.example/1"}

    found = article(VERSION_1 | addition)

    assert (found.source, found.url) == ("Vesper Desk", "https://wire.example/1")


def test_an_id_that_is_no_uri_is_a_guid() -> None:
    """It counts within its source only."""
    found = article(VERSION_1 | {"uri": "vesper-1"})

    assert (found.uri, found.guid) == (None, "vesper-1")


@pytest.mark.parametrize(
    "value",
    [
        {"headline": "Harbour reopens", "body": "It did."},
        {"headline": "Harbour reopens", "body_html": "<p>It did.</p>", "uri": "urn:x:1"},
        {"body": "It did.", "type": "text"},
        {"uri": "urn:x:1", "type": "text", "body": "It did.", "pub_status": "usable"},
        {"body": "It did.", "slugline": "harbour", "published_at": "2026-11-23"},
        {"@type": "NewsArticle", "headline": "Harbour reopens", "versioncreated": "x"},
        {"standard": "none", "body": "x"},
        {},
    ],
)
def test_our_own_contract_and_schema_org_are_not_taken_for_ninjs(value: dict[str, Any]) -> None:
    """Told by a name that only ninjs has, and none that only they have."""
    assert not ninjs.recognises(value)


@pytest.mark.parametrize(
    "addition",
    [
        {"versioncreated": "2026-11-23T12:00:00Z"},
        {"embargoedUntil": "2026-11-23T12:00:00Z"},
        {"pubstatus": "canceled"},
        {"body_xhtml": "<p>It did.</p>"},
        {"description_text": "It did."},
        {"type": "picture"},
        {"standard": {"name": "ninjs"}},
    ],
)
def test_one_name_of_its_own_tells_ninjs(addition: dict[str, Any]) -> None:
    """An embargo or a kill in ninjs's words is not overlooked."""
    assert ninjs.recognises({"uri": "urn:x:1", "headline": "Harbour reopens"} | addition)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({"type": "picture"}, 'a picture without text: ninjs type is "picture"'),
        ({"type": "ninat:video"}, 'a video without text: ninjs type is "ninat:video"'),
        ({"type": "audio"}, 'audio without text: ninjs type is "audio"'),
        ({"type": "event"}, 'an event without text: ninjs type is "event"'),
        ({"type": "planning"}, 'a planning item without text: ninjs type is "planning"'),
        ({"type": "composite"}, 'a package without text: ninjs type is "composite"'),
        ({"type": "audio", "body_html": "<p> </p>"}, 'audio without text: ninjs type is "audio"'),
        (
            {"type": "picture", "body_text": "a quay"},  # Superdesk's text for the blind
            'a picture without text: ninjs type is "picture"',
        ),
        (
            {"eventDetails": {"dates": {}}},
            "an event without text: ninjs without a type, but with eventDetails",
        ),
        ({"mimetype": "image/jpeg"}, 'a picture without text: its mimetype is "image/jpeg"'),
    ],
)
def test_what_holds_no_text_says_so(value: dict[str, Any], reason: str) -> None:
    """Pictures, sound, events and packages are no articles, though they have headlines."""
    with pytest.raises(Unreadable) as error:
        ninjs.fields({"uri": "urn:x:1", "headline": "The quay"} | value)

    assert str(error.value) == reason


@pytest.mark.parametrize("kind", ["video", "composite", "event", "picture"])
def test_a_body_makes_an_article_of_any_type(kind: str) -> None:
    """A script of a video, the text of a package."""
    value = {"uri": "urn:x:1", "type": kind, "body_html": "<p>The harbour reopened.</p>"}

    assert article(value).body == "The harbour reopened."


def test_a_headline_is_enough_for_a_text() -> None:
    """A flash has no body."""
    assert article({"uri": "urn:x:1", "type": "text", "headline": "Quake"}).text == "Quake"


def test_a_text_without_any_is_refused() -> None:
    """Nothing to read."""
    with pytest.raises(Unreadable, match="neither a headline nor a body"):
        ninjs.fields({"uri": "urn:x:1", "type": "text", "slugline": "harbour"})


@pytest.mark.parametrize(
    "status", ["canceled", "stat:canceled", "http://cv.iptc.org/newscodes/pubstatusg2/canceled"]
)
def test_a_kill_needs_no_text(status: str) -> None:
    """It names its article by id; a picture's kill, too; a body of a wrong kind is no matter."""
    found = article({"uri": "urn:x:1", "type": "picture", "pubstatus": status, "bodies": 5})

    assert (found.uri, found.pub_status, found.text) == ("urn:x:1", "canceled", "")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"uri": 5}, "`uri` is a number, not text"),
        ({"version": []}, "`version` is a list, not text"),
        ({"pubstatus": {}}, "`pubstatus` is an object, not text"),
        ({"embargoed": True}, "`embargoed` is true or false, not text"),
        ({"embargoed": "soon"}, "`embargoed` is not a date and time by ISO 8601: 'soon'"),
        (
            {"versioncreated": "0001-01-01T00:00:00+14:00"},
            "`versioncreated` is not a date and time by ISO 8601: '0001-01-01T00:00:00+14:00'",
        ),
        ({"headline": 5, "headline_short": None}, "a headline that is a number, not text"),
        ({"body_html": {}, "body_text": None}, "a body that is an object, not text"),
        ({"body_html": None, "body_text": None, "bodies": 5}, "a body that is a number, not text"),
        (
            {
                "body_html": None,
                "body_text": None,
                "bodies": [{"contenttype": "application/xml", "value": "<WIRE/>"}],
            },
            "its only body is application/xml, which is not read within ninjs",
        ),
    ],
)
def test_what_must_not_be_lost_is_a_reason(broken: dict[str, Any], reason: str) -> None:
    """Id, version, status, times, embargo, headline and body are never dropped in silence."""
    with pytest.raises(Unreadable) as error:
        ninjs.fields(VERSION_1 | broken)

    assert str(error.value) == reason


@pytest.mark.parametrize("nothing", [None, 5, [], {}, [None], [[]], [5], {"a": {}}, True, ""])
@pytest.mark.parametrize(
    "name",
    ["byline", "located", "urgency", "language", "subject", "altids", "place", "infosource"],
)
def test_what_only_describes_is_left_out_when_it_has_another_type(name: str, nothing: Any) -> None:
    """The article itself is there."""
    found = article(without(VERSION_1, "copyrightholder") | {name: nothing})

    assert found.headline == "Harbour reopens after storm"


@pytest.mark.parametrize(
    ("bodies", "html", "text"),
    [
        (
            [{"value": "<p>One.</p>"}, {"value": "<p>Two.</p>"}],
            "<p>One.</p>\n<p>Two.</p>",
            "One.\nTwo.",
        ),
        ([{"value": "One."}, {"value": "Two.\n\nThree."}], None, "One.\nTwo.\nThree."),
        (["One."], None, "One."),
        (
            [{"role": "teaser", "value": "<p>Buy.</p>"}, {"role": "main", "value": "One."}],
            None,
            "One.",
        ),
        (
            [
                {
                    "role": "nitf",
                    "contenttype": "text/vnd.IPTC.NITF",
                    "value": "<nitf><body><body.head/><body.content><p>One.</p></body.content>"
                    "</body></nitf>",
                }
            ],
            "<p>One.</p>",
            "One.",
        ),
        ([{"role": "main", "contenttype": "text/plain", "value": "a <p> b"}], None, "a <p> b"),
    ],
)
def test_the_main_body_is_chosen_by_role_then_form(
    bodies: list[Any], html: str | None, text: str
) -> None:
    """All parts of one role and form are joined; NITF's content is taken where nothing else is."""
    found = article(without(VERSION_2, "bodies") | {"bodies": bodies})

    assert (found.body_html, found.body) == (html, text)


def test_the_title_stands_in_for_a_headline() -> None:
    """It is metadata, but the publisher's own."""
    value = {"uri": "urn:x:1", "title": "Harbour", "bodies": [{"value": "It reopened."}]}

    assert article(value).headline == "Harbour"


def test_another_headline_stands_in_for_the_main_one() -> None:
    """Rather than none."""
    assert article(without(VERSION_1, "headline")).headline == "Harbour open"


def test_a_headline_in_html_is_text() -> None:
    """Its elements are not part of it."""
    assert article(VERSION_1 | {"headline": "<i>Vesper</i> sails"}).headline == "Vesper sails"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted({*VERSION_1, *VERSION_2})) | st.text(), inner)
    ),
    max_leaves=20,
)
NAMES = sorted({*VERSION_1, *VERSION_2, *VERSION_3, *SUPERDESK, "authors", "bylines", "title"})


def reads_or_says_why(value: dict[str, Any]) -> None:
    ninjs.recognises(value)
    try:
        found = ninjs.fields(value)
    except Unreadable:
        return
    try:
        RawArticle.model_validate(found | {"received_at": NOON})
    except ValidationError:
        return


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "<" * 999, "<p>" * 999, "9" * 999, "&#0;"])
def test_no_text_breaks_it(text: str) -> None:
    """Halves of characters, NUL, endless markup and numbers, in every field."""
    for value in (VERSION_1, VERSION_2, VERSION_3, SUPERDESK):
        for name in NAMES:
            for part in (text, [text], [{"value": text, "name": text, "uri": text}], {text: text}):
                reads_or_says_why(value | {name: part})


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), JSON, max_size=8))
def test_no_object_breaks_it(value: dict[str, Any]) -> None:
    """Whatever stands in whatever field: an article, or a reason."""
    reads_or_says_why(value)


@given(
    st.sampled_from([VERSION_1, VERSION_2, VERSION_3, SUPERDESK]),
    st.dictionaries(st.sampled_from(NAMES), JSON, min_size=1, max_size=3),
)
def test_no_valid_document_with_other_values_breaks_it(
    value: dict[str, Any], other: dict[str, Any]
) -> None:
    """Nor one field of a good document."""
    reads_or_says_why(value | other)


@given(
    st.sampled_from([VERSION_1, VERSION_2, VERSION_3, SUPERDESK]),
    st.integers(0, 2000),
    st.integers(0, 200),
    st.text(max_size=6),
)
def test_no_mutation_of_a_document_breaks_it(
    value: dict[str, Any], at: int, cut: int, put: str
) -> None:
    """Cut, overwritten anywhere: what is still JSON is an article, or has a reason."""
    document = json.dumps(value)
    at %= len(document)
    try:
        mutated = json.loads(document[:at] + put + document[at + cut :])
    except ValueError:
        return

    if isinstance(mutated, dict):
        reads_or_says_why(mutated)
