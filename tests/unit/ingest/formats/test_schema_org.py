"""schema.org in JSON-LD, as newsrooms and web pages write it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.formats.json_based import ninjs, schema_org
from shared.errors import Unreadable
from shared.messages import RawArticle
from tests.builders import NOON

NINE: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)

ARTICLE: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "NewsArticle",
    "@id": "https://vesper.example/2026/harbour#article",
    "identifier": [
        "urn:vesper:1",
        {"@type": "PropertyValue", "propertyID": "cms", "value": 4711},
    ],
    "url": "https://vesper.example/2026/harbour",
    "version": 3,
    "headline": "Harbour reopens after storm",
    "alternativeHeadline": "Ships sail",
    "description": "Ships sail again.",
    "articleBody": "The harbour reopened.\n\nShips sailed.",
    "datePublished": "2026-11-23T09:00:00Z",
    "dateModified": "2026-11-23T13:00:00+01:00",
    "inLanguage": "en-GB",
    "author": [{"@type": "Person", "name": "Ann Lee"}, {"@type": "Person", "name": "Bo Ek"}],
    "publisher": {"@type": "Organization", "name": "Vesper Post"},
    "isPartOf": {"@type": ["CreativeWork", "Product"], "name": "Vesper Post Premium"},
    "locationCreated": {"@type": "Place", "name": "Port Vesper"},
    "about": [
        {
            "@type": "Thing",
            "name": "transport",
            "sameAs": [
                "https://www.wikidata.org/wiki/Q1",
                "http://cv.iptc.org/newscodes/mediatopic/20000337",
            ],
        }
    ],
    "mentions": [
        {"@type": "Place", "name": "Port Vesper", "sameAs": "https://www.wikidata.org/wiki/Q2"}
    ],
    "keywords": "harbours, ships,storms",
    "articleSection": ["Economy"],
}
GRAPH: dict[str, Any] = {
    "@context": "https://schema.org",
    "@graph": [
        {"@type": "WebPage", "@id": "https://vesper.example/2026/harbour", "name": "A page"},
        {
            "@type": ["Article", "NewsArticle"],
            "@id": "https://vesper.example/2026/harbour#article",
            "headline": "Harbour reopens after storm",
            "articleBody": "The harbour reopened.",
            "author": {"@id": "https://vesper.example/#ann"},
            "publisher": {"@id": "https://vesper.example/#vesper"},
            "mainEntityOfPage": {"@id": "https://vesper.example/2026/harbour"},
        },
        {"@type": "Person", "@id": "https://vesper.example/#ann", "name": "Ann Lee"},
        {"@type": "Organization", "@id": "https://vesper.example/#vesper", "name": "Vesper Post"},
    ],
}


def article(value: dict[str, Any]) -> RawArticle:
    return RawArticle.model_validate(schema_org.fields(value) | {"received_at": NOON})


def subjects(**parts: Any) -> list[tuple[str | None, str | None]]:
    bare = {"@type": "Article", "headline": "Harbour"}
    return [(subject.id, subject.name) for subject in article(bare | parts).subjects]


def test_an_article_is_read_by_the_names_of_schema_org() -> None:
    """Every field of the table in docs/formats/schema-org.md."""
    found = article(ARTICLE)

    assert (found.uri, found.url) == ("urn:vesper:1", "https://vesper.example/2026/harbour")
    assert (found.version, found.alt_ids) == ("3", {"cms": "4711"})
    assert (found.headline, found.summary) == ("Harbour reopens after storm", "Ships sail again.")
    assert found.body == "The harbour reopened.\nShips sailed."
    assert (found.byline, found.source) == ("Ann Lee, Bo Ek", "Vesper Post")
    assert (found.language, found.located) == ("en-GB", "Port Vesper")
    assert (found.published_at, found.updated_at) == (NINE, NOON)
    assert [(subject.id, subject.name) for subject in found.subjects] == [
        ("medtop:20000337", "transport"),
        ("https://www.wikidata.org/wiki/Q2", "Port Vesper"),
        (None, "harbours"),
        (None, "ships"),
        (None, "storms"),
        (None, "Economy"),
    ]


@pytest.mark.parametrize(
    "kind",
    [
        *("Article", "NewsArticle", "ReportageNewsArticle", "OpinionNewsArticle", "TechArticle"),
        *("BlogPosting", "LiveBlogPosting", "SocialMediaPosting", "Report", "schema:NewsArticle"),
        *("http://schema.org/NewsArticle", "https://schema.org/Article"),
        ["Thing", "NewsArticle"],
    ],
)
def test_all_kinds_of_articles_are_articles(kind: Any) -> None:
    """By the type's name, or one of several, with or without the vocabulary."""
    assert article(ARTICLE | {"@type": kind}).headline == "Harbour reopens after storm"


@pytest.mark.parametrize("kind", ["WebPage", "VideoObject", "Product", "JobPosting", None, 5])
def test_what_is_no_article_says_what_it_is(kind: Any) -> None:
    """A page, a video, a product."""
    with pytest.raises(Unreadable, match="JSON-LD without an article: its @type is"):
        schema_org.fields({"@type": kind, "name": "x"})


def test_names_may_be_iris() -> None:
    """As in expanded JSON-LD, where a value stands within `@value`, in a list."""
    value = {
        "@type": ["http://schema.org/NewsArticle"],
        "http://schema.org/headline": [{"@value": "Harbour reopens"}],
        "http://schema.org/articleBody": [{"@value": "It did.", "@language": "en"}],
        "http://schema.org/keywords": [{"@value": "harbours"}],
    }

    found = article(value)

    assert (found.headline, found.body, found.subjects[0].name) == (
        "Harbour reopens",
        "It did.",
        "harbours",
    )


def test_json_ld_is_told_from_our_own_contract_and_from_ninjs() -> None:
    """By its keywords, which begin with @."""
    assert schema_org.recognises(ARTICLE)
    assert schema_org.recognises(GRAPH)
    assert not schema_org.recognises({"headline": "Harbour", "body": "It reopened."})
    assert not ninjs.recognises(ARTICLE)
    assert not ninjs.recognises(GRAPH)


def test_an_article_of_a_graph_knows_what_it_refers_to() -> None:
    """Author and publisher are other nodes; they are named."""
    found = article(GRAPH)

    assert (found.byline, found.source) == ("Ann Lee", "Vesper Post")
    assert found.url == "https://vesper.example/2026/harbour"


def test_every_article_of_a_graph_or_a_list_is_found_in_order() -> None:
    """Other nodes are passed over, main entities of pages are not."""
    one, two, three = ({"@type": "Article", "headline": name} for name in ("1", "2", "3"))
    value = [
        {"@graph": [{"@type": "Person", "name": "Ann"}, one, [two]]},
        5,
        None,
        {"@type": "WebPage", "mainEntity": three},
    ]

    found = [node["headline"] for node in schema_org.articles(value)]

    assert found == ["1", "2", "3"]


def test_several_articles_are_not_one() -> None:
    """Who asks for one is told; `articles` finds them all."""
    with pytest.raises(Unreadable, match="several articles"):
        schema_org.fields({"@graph": [ARTICLE, ARTICLE]})


def test_the_updates_of_a_live_blog_are_its_text() -> None:
    """Headline and text of each, in their order."""
    value = {
        "@type": "LiveBlogPosting",
        "headline": "Storm live",
        "liveBlogUpdate": [
            {"@type": "BlogPosting", "headline": "Port opens", "articleBody": "<p>At noon.</p>"},
            {"@type": "BlogPosting", "articleBody": "Ships &amp; ferries sail."},
            5,
        ],
    }

    assert article(value).body == "Port opens\nAt noon.\nShips & ferries sail."


@pytest.mark.parametrize(
    ("given_body", "html", "text"),
    [
        ("<p>One.</p><p>Two.</p>", "<p>One.</p><p>Two.</p>", "One.\nTwo."),
        ("Rain &amp; wind&#8217;s", None, "Rain & wind’s"),
        ("3 < 4 & 5 > 2", None, "3 < 4 & 5 > 2"),
        (["One.", "Two."], None, "One.\nTwo."),
    ],
)
def test_a_body_is_text_or_html(given_body: Any, html: str | None, text: str) -> None:
    """Told by its elements; the named characters of a web page are read."""
    found = article({"@type": "Article", "articleBody": given_body})

    assert (found.body_html, found.body) == (html, text)


def test_a_posting_may_have_a_text() -> None:
    """In place of articleBody."""
    assert article({"@type": "SocialMediaPosting", "text": "Port open"}).body == "Port open"


def test_headlines_and_names_of_web_pages_are_text() -> None:
    """Elements and named characters are none of it; `name` stands in for a headline."""
    found = article(
        {"@type": "Article", "name": "<i>Vesper</i> sails", "author": "Ann &amp; Bo", "text": "x"}
    )

    assert (found.headline, found.byline) == ("Vesper sails", "Ann & Bo")


@pytest.mark.parametrize(
    ("author", "byline"),
    [
        ("Ann Lee", "Ann Lee"),
        (["Ann Lee", "Bo Ek", "Ann Lee"], "Ann Lee, Bo Ek"),
        ({"@type": "Person", "givenName": "Ann", "familyName": "Lee"}, "Ann Lee"),
        ({"@type": "Organization", "name": ["Vesper Post"]}, "Vesper Post"),
        ("https://vesper.example/ann", None),
        ({"@id": "#nobody"}, None),
        (5.5, None),
    ],
)
def test_authors_are_named(author: Any, byline: str | None) -> None:
    """Texts, people, organisations, one or several; an address is no name."""
    assert article(ARTICLE | {"author": author}).byline == byline


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        ("en", "en"),
        (["de", "en"], "de"),
        ({"@type": "Language", "name": "Spanish", "alternateName": "es"}, "es"),
        ({"@type": "Language", "name": "Spanish"}, "Spanish"),
        ([[]], None),
    ],
)
def test_languages_are_tags_or_objects(language: Any, tag: str | None) -> None:
    """Of schema.org's Language, the alternate name is the tag."""
    assert article(ARTICLE | {"inLanguage": language}).language == tag


@pytest.mark.parametrize(
    ("parts", "located"),
    [
        ({"dateline": "PORT VESPER", "contentLocation": "Sea"}, "PORT VESPER"),
        ({"contentLocation": {"address": {"addressLocality": "Vesper"}}}, "Vesper"),
        ({"locationCreated": {"name": "Vesper"}, "dateline": "x"}, "Vesper"),
        ({"contentLocation": [{"name": "Vesper"}, {"name": "Sea"}]}, "Vesper"),
    ],
)
def test_where_it_was_written_is_told_in_three_ways(parts: dict[str, Any], located: str) -> None:
    """locationCreated, dateline, contentLocation."""
    assert article({"@type": "Article", "headline": "x"} | parts).located == located


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2026-11-23T12:00:00+00:00", NOON),
        ("2026-11-23T12:00:00.000Z", NOON),
        ("2026-11-23 13:00:00 +0100", NOON),
        ("2026-11-23 12:00:00 UTC", NOON),
        ("20261123T120000Z", NOON),
        ("Mon, 23 Nov 2026 13:00:00 +0100", NOON),
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("29 October, 2016", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("2026", None),
        (1795435200, None),
        ("9" * 1000, None),
    ],
)
def test_dates_are_read_as_the_web_writes_them(written: Any, read: datetime | None) -> None:
    """One that cannot be read is left out."""
    assert article(ARTICLE | {"datePublished": written}).published_at == read


def test_an_article_without_a_publisher_is_part_of_something() -> None:
    """A newspaper or a site."""
    value = {name: part for name, part in ARTICLE.items() if name != "publisher"}

    assert article(value).source == "Vesper Post Premium"


def test_the_second_names_are_read_where_the_first_are_missing() -> None:
    """Creator, creation, abstract, source and provider."""
    found = article(
        {
            "@type": "Article",
            "alternativeHeadline": "Ships sail",
            "creator": "Ann Lee",
            "dateCreated": "2026-11-23T12:00:00Z",
            "abstract": "Ships sail again.",
            "provider": {"name": "Vesper Wire"},
        }
    )

    assert (found.headline, found.byline) == ("Ships sail", "Ann Lee")
    assert (found.published_at, found.summary) == (NOON, "Ships sail again.")
    assert found.source == "Vesper Wire"


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ({"mainEntityOfPage": "https://v.example/1"}, "https://v.example/1"),
        ({"mainEntityOfPage": {"@id": "https://v.example/1"}}, "https://v.example/1"),
        ({"mainEntityOfPage": {"url": "https://v.example/1"}}, "https://v.example/1"),
        ({"@id": "https://v.example/1#article"}, "https://v.example/1"),
        ({"@id": "https://v.example/1#a2"}, "https://v.example/1#a2"),
        ({"url": "https://v.example/"}, None),
        ({"url": "/1"}, None),
        ({"mainEntityOfPage": True}, None),
    ],
)
def test_the_address_is_that_of_the_article(parts: dict[str, Any], url: str | None) -> None:
    """That of the whole site would make one article of all."""
    assert article({"@type": "Article", "headline": "x"} | parts).url == url


@pytest.mark.parametrize(
    ("identifier", "ids"),
    [
        ("urn:v:1", ("urn:v:1", None, {})),
        (4711, (None, "4711", {})),
        ("https://v.example/", (None, None, {})),
        ({"name": "cms", "value": "1"}, (None, None, {"cms": "1"})),
        ([{"value": "1"}, "a", "b"], (None, "a", {"identifier": "1"})),
        ([[], {}, None, 5.5], (None, None, {})),
    ],
)
def test_identifiers_are_ids_by_their_kind(identifier: Any, ids: tuple[Any, ...]) -> None:
    """A URI, an id that is none, and those that say whose they are."""
    found = article({"@type": "Article", "headline": "x", "identifier": identifier})

    assert (found.uri, found.guid, found.alt_ids) == ids


def test_an_identifier_that_is_the_address_is_no_further_id() -> None:
    """The same article without JSON-LD is known by its address, too."""
    address = "https://vesper.example/2026/harbour"

    assert article(ARTICLE | {"identifier": address}).uri is None


def test_subjects_are_things_terms_and_words() -> None:
    """Each once; IPTC's ids are written as ours."""
    assert subjects(keywords=["a, b", "c", "c", 5.5, ""]) == [(None, "a, b"), (None, "c")]
    assert subjects(keywords="a; b") == [(None, "a"), (None, "b")]
    assert subjects(
        keywords=[
            {"@type": "DefinedTerm", "name": "sport", "termCode": "medtop:15000000"},
            {
                "@type": "DefinedTerm",
                "name": "war",
                "termCode": "16000000",
                "inDefinedTermSet": {"@id": "http://cv.iptc.org/newscodes/mediatopic"},
            },
        ],
        articleSection="sport",
    ) == [("medtop:15000000", "sport"), ("medtop:16000000", "war")]
    assert subjects(about={"@id": "https://v.example/t/1", "name": "tides"}) == [
        ("https://v.example/t/1", "tides")
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"headline": 5}, "`headline` is a number, not text"),
        ({"articleBody": {"a": "b"}}, "`articleBody` is an object, not text"),
        ({"articleBody": ["One.", 5]}, "`articleBody` is a list, not text"),
        (
            {"headline": None, "alternativeHeadline": "", "articleBody": []},
            "NewsArticle without text: neither headline nor articleBody",
        ),
    ],
)
def test_headline_and_body_are_not_lost_in_silence(broken: dict[str, Any], reason: str) -> None:
    """A wrong type is a reason; the rest of a loose format is left out."""
    with pytest.raises(Unreadable) as error:
        schema_org.fields(ARTICLE | broken)

    assert str(error.value) == reason


def test_metadata_of_a_page_need_not_hold_text() -> None:
    """The text is in the page itself."""
    found = schema_org.metadata({"@type": "NewsArticle", "headline": 5, "author": "Ann Lee"})

    assert found == {"byline": "Ann Lee"}


NAMES = sorted({*ARTICLE, "@graph", "liveBlogUpdate", "mainEntityOfPage", "text", "mainEntity"})
INNER = ["@id", "@type", "@value", "name", "url", "sameAs", "value", "termCode", "address"]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.sampled_from(["NewsArticle", "https://v.example/1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*INNER, *NAMES]) | st.text(), inner)
    ),
    max_leaves=20,
)


def reads_or_says_why(value: dict[str, Any]) -> None:
    schema_org.recognises(value)
    schema_org.metadata(value)
    try:
        found = schema_org.fields(value)
    except Unreadable:
        return
    try:
        RawArticle.model_validate(found | {"received_at": NOON})
    except ValidationError:
        return


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "<" * 999, "<p>" * 999, "9" * 999, "&#0;"])
def test_no_text_breaks_it(text: str) -> None:
    """Halves of characters, NUL, endless markup and numbers, in every field."""
    for name in NAMES:
        for part in (text, [text], {"@value": text}, [{"name": text, "sameAs": text}]):
            reads_or_says_why(ARTICLE | {name: part})


def test_deep_nesting_does_not_break_it() -> None:
    """Lists within lists and graphs within graphs."""
    value: Any = ARTICLE
    for _ in range(50_000):
        value = {"@graph": [value]}

    assert [node["headline"] for node in schema_org.articles(value)] == [ARTICLE["headline"]]


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(), JSON, max_size=8))
def test_no_object_breaks_it(value: dict[str, Any]) -> None:
    """Whatever stands in whatever field: an article, or a reason."""
    reads_or_says_why(value)
    reads_or_says_why(ARTICLE | value)


@given(
    st.sampled_from([ARTICLE, GRAPH]),
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
