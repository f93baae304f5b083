"""Web pages: the article's text, and what the page says of it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.web import web_page
from services.ingest.records import Document, Limits
from shared.errors import Unreadable
from tests.unit.ingest.formats.xml_cases import broken, fields, reason, recognised, survives

NINE: datetime = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEN: datetime = datetime(2026, 11, 23, 10, tzinfo=UTC)
STORY = """<nav><a href="/">Home</a> <a href="/news">News</a></nav>
<article><h1>Harbour reopens</h1>
<p>The harbour of Port Vesper reopened on Monday after three days of storm, the port said.</p>
<p>Ferries sailed at noon, and the fish market is to follow on Tuesday, its keeper said.</p>
</article>
<div id="comments"><p>First! I have waited for this for three days, said a reader.</p></div>
<script>document.write("never run")</script>"""
LINKED = """<script type="application/ld+json">{"@context": "https://schema.org",
"@type": "NewsArticle", "@id": "urn:vesper:1", "identifier": "urn:vesper:1",
"url": "https://vesper.example/linked", "headline": "Linked headline",
"description": "Linked summary.", "author": {"@type": "Person", "name": "Linked Lee"},
"publisher": {"@type": "Organization", "name": "Linked Wire"}, "inLanguage": "en-GB",
"datePublished": "2026-11-23T09:00:00Z", "dateModified": "2026-11-23T10:00:00Z",
"keywords": ["linked"]}</script>"""
OPEN_GRAPH = """<meta property="og:title" content="Open headline - Open Wire">
<meta property="og:description" content="Open summary.">
<meta property="og:url" content="https://vesper.example/open">
<meta property="og:site_name" content="Open Wire"><meta property="og:locale" content="en_IE">
<meta property="article:published_time" content="2026-11-23T10:00:00+01:00">
<meta property="article:modified_time" content="2026-11-23T11:00:00+01:00">
<meta property="article:author" content="Open Lee"><meta property="article:author" content="Bo Li">
<meta property="article:section" content="shipping"><meta property="article:tag" content="ports">"""
META = """<meta name="dc.title" content="Meta headline"><meta name="description" content="Meta sum">
<meta name="author" content="Meta Lee"><meta name="dc.publisher" content="Meta Wire">
<meta name="dcterms.issued" content="2026-11-23T09:00:00Z">
<meta name="dcterms.modified" content="Mon, 23 Nov 2026 10:00:00 GMT">
<meta http-equiv="content-language" content="en-NZ"><meta name="keywords" content="sea, storms">
<meta name="parsely-link" content="https://vesper.example/meta">"""
MARKUP = """<title>Harbour reopens | Vesper</title>
<link rel="canonical" href="https://vesper.example/canonical">"""
TIMES = """<main><time datetime="2026-11-23T09:00:00Z">nine</time>
<a rel="author" href="/lee">Ann Lee</a></main>"""


def page(*head: str, body: str = STORY) -> str:
    inner = "".join(head)
    return f'<!doctype html><html lang="en-AU"><head>{inner}</head><body>{body}</body></html>'


def described(*head: str, body: str = STORY) -> dict[str, Any]:
    found = fields(web_page, page(*head, body=body))
    del found["body"]
    return found


def test_body_is_the_article_a_paragraph_a_line_without_navigation_comments_and_scripts() -> None:
    """The text is what a reader came for."""
    body = fields(web_page, page())["body"]

    assert body.splitlines() == [
        "Harbour reopens",
        "The harbour of Port Vesper reopened on Monday after three days of storm, the port said.",
        "Ferries sailed at noon, and the fish market is to follow on Tuesday, its keeper said.",
    ]


def test_json_ld_is_believed_before_all_else() -> None:
    """It is written for machines."""
    assert described(LINKED, OPEN_GRAPH, META, MARKUP) == {
        "uri": "urn:vesper:1",
        "url": "https://vesper.example/linked",
        "headline": "Linked headline",
        "summary": "Linked summary.",
        "byline": "Linked Lee",
        "source": "Linked Wire",
        "language": "en-GB",
        "published_at": NINE,
        "updated_at": TEN,
        "subjects": [{"name": "linked"}],
    }


def test_open_graph_is_believed_before_other_meta_elements() -> None:
    """The site's name at the end of a title is no part of the headline."""
    assert described(OPEN_GRAPH, META, MARKUP) == {
        "url": "https://vesper.example/open",
        "headline": "Open headline",
        "summary": "Open summary.",
        "byline": "Open Lee, Bo Li",
        "source": "Open Wire",
        "language": "en-IE",
        "published_at": NINE,
        "updated_at": TEN,
        "subjects": [{"name": "shipping"}, {"name": "ports"}],
    }


def test_meta_elements_are_believed_before_markup() -> None:
    """Dublin Core, Parse.ly, and the plain names."""
    assert described(META, MARKUP) == {
        "url": "https://vesper.example/meta",
        "headline": "Meta headline",
        "summary": "Meta sum",
        "byline": "Meta Lee",
        "source": "Meta Wire",
        "language": "en-NZ",
        "published_at": NINE,
        "updated_at": TEN,
        "subjects": [{"name": "sea"}, {"name": "storms"}],
    }


def test_markup_says_what_nothing_else_does() -> None:
    """Canonical address, first heading, language of the page, author's link, time in the text."""
    assert described(MARKUP, body=STORY + TIMES) == {
        "url": "https://vesper.example/canonical",
        "headline": "Harbour reopens",
        "byline": "Ann Lee",
        "language": "en-AU",
        "published_at": NINE,
    }


def test_title_is_the_headline_of_a_page_without_a_heading() -> None:
    """A title is better than none."""
    assert (
        described("<title>Harbour news</title>", body="<p>Ships.</p>")["headline"] == "Harbour news"
    )


def test_one_field_may_come_from_json_ld_and_another_from_meta() -> None:
    """Each field is asked for by itself."""
    short = '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "A"}</script>'

    found = described(short, META)

    assert (found["headline"], found["byline"]) == ("A", "Meta Lee")


def test_of_several_articles_in_json_ld_that_of_the_page_counts() -> None:
    """A page may list others."""
    two = """<link rel="canonical" href="https://vesper.example/2">
    <script type="application/ld+json">[
    {"@type": "NewsArticle", "headline": "One", "url": "https://vesper.example/1"},
    {"@type": "NewsArticle", "headline": "Two", "url": "https://vesper.example/2"}]</script>"""

    assert described(two)["headline"] == "Two"


@pytest.mark.parametrize("written", ["<!-- {} -->", "//<![CDATA[\n{}\n//]]>", "{};", " {} "])
def test_json_ld_is_read_out_of_what_pages_wrap_it_in(written: str) -> None:
    """Comments, CDATA, a semicolon."""
    value = written.replace("{}", '{"@type": "NewsArticle", "headline": "A"}')

    found = described(f'<script type="application/ld+json">{value}</script>')

    assert found["headline"] == "A"


@pytest.mark.parametrize("value", ["{", "[" * 5000, "9" * 5000, "null", '{"@type": 7}', "\ud800"])
def test_json_ld_that_cannot_be_read_is_left_out(value: str) -> None:
    """The page has other signs."""
    head = f'<script type="application/ld+json">{value}</script>'.encode("utf-8", "replace")

    assert described(head.decode())["headline"] == "Harbour reopens"


def test_json_ld_is_the_text_of_a_page_that_shows_none() -> None:
    """A page that is written by its script."""
    text = "The harbour reopened on Monday. " * 3
    value = f'{{"@type": "NewsArticle", "headline": "A", "articleBody": "{text}"}}'

    found = fields(
        web_page, page(f'<script type="application/ld+json">{value}</script>', body="<p></p>")
    )

    assert found["body"] == text.strip()


@pytest.mark.parametrize(
    "head",
    [
        '<meta property="og:url" content="/relative"><meta name="date" content="last week">',
        '<meta property="og:locale" content="English, mostly"><meta name="author" content=" ">',
        '<meta property="article:author" content="https://facebook.example/ann">',
        '<link rel="canonical" href="http://[">',
        f'<meta property="og:url" content="https://vesper.example/{"a" * 3000}">',
    ],
)
def test_what_cannot_be_read_is_left_out(head: str) -> None:
    """Relative addresses, dates in words, profiles in place of names."""
    assert described(head) == {"headline": "Harbour reopens", "language": "en-AU"}


def test_a_line_goes_on_over_links_and_emphasis() -> None:
    """A paragraph is one line, be the page ever so short; a row of a table is one, too."""
    page = """<article><p>Port <b>Vesper</b>, on <a href="/a">Monday</a>: open.</p>
    <ul><li>Ferries <i>sail</i></ul><table><tr><td>Pier <b>1</b><td>open</table></article>"""

    assert fields(web_page, page)["body"].splitlines() == [
        "Port Vesper, on Monday: open.",
        "* Ferries sail",
        "Pier 1 open",
    ]


def test_a_page_without_text_has_a_reason() -> None:
    """Nothing to read is no article."""
    for empty in ("", "<script>a()</script>", "<img src=a.png>"):
        assert reason(web_page, page("<title>A</title>", body=empty)) == "HTML without text"


def test_a_page_with_little_text_is_taken_as_it_is() -> None:
    """A flash has no paragraphs to weigh."""
    assert fields(web_page, "<p>Harbour <b>open</b>.</p><p>Ships sail.</p>") == {
        "body": "Harbour open.\nShips sail."
    }


@pytest.mark.parametrize(
    "start",
    [
        "<!DOCTYPE html>",
        "\ufeff\n<!-- saved from a site -->\n<html>",
        '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "a.dtd">',
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">',
        "<article><h1>A</h1>",
        "<!-- a --><div class='a'>",
        "<p>",
        "<H1>",
    ],
)
def test_pages_and_fragments_are_recognised(start: str) -> None:
    """Whatever stands before the root, or without one."""
    assert recognised(web_page, f"{start}<p>A story.</p>")


@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0"?><nitf><body/></nitf>',
        '<?xml version="1.0"?><article><p>JATS</p></article>',
        "<rss version='2.0'><channel/></rss>",
        "<newsItem/>",
        "<!-- no end",
        "PORT VESPER (VW) - a < b, and <p> is an element",
        "<Reuters> - Ships sailed",
        "<picture of the harbour>",
        "",
        "\0<html>",
    ],
)
def test_other_xml_and_stories_are_not_pages(text: str) -> None:
    """They are for other formats."""
    assert not recognised(web_page, text)


@pytest.mark.parametrize(
    ("declaration", "encoding"),
    [
        ('<meta charset="iso-8859-1">', "cp1252"),
        ("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", "koi8-r"),
        ('<meta charset="Shift_JIS">', "cp932"),
        ('<meta charset="utf-16">', "utf-8"),
        ('<meta charset="unicode_escape">', "utf-8"),
        ('<meta charset="nonsense">', "utf-8"),
        ('<meta charset="utf-8">', "utf-16"),
    ],
)
def test_text_is_in_the_declared_encoding(declaration: str, encoding: str) -> None:
    """As browsers take it; a byte order mark goes before, and what cannot be is not believed."""
    words = {"koi8-r": "Порт открыт", "cp932": "港が再開", "cp1252": "“Café”"}.get(encoding, "Café")
    data = f"<html><head>{declaration}</head><body><p>{words}</p></body></html>".encode(encoding)

    assert fields(web_page, data)["body"] == words


def test_xhtml_is_in_the_encoding_of_its_declaration() -> None:
    """There is no meta element in it."""
    data = '<?xml version="1.0" encoding="windows-1251"?><html><body><p>Порт</p></body></html>'

    assert fields(web_page, data.encode("cp1251"))["body"] == "Порт"


def test_a_byte_that_is_broken_costs_no_page() -> None:
    """Old pages have them."""
    data = b"<meta charset=euc-jp><p>Harbour \xff open</p>"

    assert fields(web_page, data)["body"].startswith("Harbour")


def test_binary_data_is_no_page() -> None:
    """A declared encoding makes no text of it."""
    assert reason(web_page, b"<meta charset=iso-8859-1>\0\1\2") == "not text: it holds binary data"


@pytest.mark.parametrize("tag", ["<div>", "<b>", "<table><tr><td>", "<ul><li>", "<blockquote>"])
def test_deep_nesting_has_a_reason(tag: str) -> None:
    """Parsers stop at some depth and leave out the rest, saying nothing; we say so."""
    said = reason(web_page, f"<html><body>{tag * 100_000}Harbour")

    assert said == "HTML with more than 200 elements within each other"


def test_nesting_that_is_allowed_keeps_its_text() -> None:
    """Of the 200 elements two are html and body."""
    assert "Harbour" in fields(web_page, f"<html><body>{'<div>' * 198}Harbour open")["body"]


@pytest.mark.parametrize("part", ["<div></div>", "<li>a", "<tr><td>a", "<a href='/a'>a b</a> "])
def test_a_page_of_very_many_elements_is_read_without_weighing_them(part: str) -> None:
    """Weighing takes time that grows faster than the page."""
    assert "Harbour" in fields(web_page, f"<html><body>{part * 25_000}<p>Harbour</p>")["body"]


def test_a_page_larger_than_the_limit_has_a_reason() -> None:
    """Of the document, for a page is read whole."""
    document = Document.of(page().encode(), limits=Limits(document_bytes=100))

    with pytest.raises(Unreadable, match="larger than 100 bytes"):
        list(web_page.read(document))


def test_a_long_paragraph_is_not_cut() -> None:
    """Parsers stop at ten megabytes of one text unless they are told not to."""
    assert len(fields(web_page, f"<html><body><p>{'port ' * 2_100_000}</p>")["body"]) > 10_400_000


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"<p>{text}".encode()))
def test_no_bytes_break_it(data: bytes) -> None:
    """An article, or a reason."""
    assert survives(web_page, data)


@given(broken(page(LINKED, OPEN_GRAPH, META, MARKUP, body=STORY + TIMES)))
def test_no_broken_page_breaks_it(data: bytes) -> None:
    """Cut, changed or repeated anywhere."""
    assert survives(web_page, data)
