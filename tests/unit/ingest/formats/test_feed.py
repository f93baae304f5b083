"""RSS and Atom: an article for each entry."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.xml_based import feed
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
)

RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:media="http://search.yahoo.com/mrss/">
<channel><title>Example &amp;amp; News</title><language>en-gb</language>
<item>
 <title>Floods &lt;b&gt;close&lt;/b&gt; airport &amp;amp; road</title>
 <media:title>A wet runway</media:title>
 <link>https://example.com/floods</link>
 <guid isPermaLink="false">floods-77</guid>
 <description>Rain closed the airport.</description>
 <content:encoded><![CDATA[<p>Rain closed &eacute; it.</p>]]></content:encoded>
 <pubDate>Thu, 04 Mar 2027 12:00:00 -0500</pubDate>
 <dc:date>2027-03-04T18:30:00Z</dc:date>
 <dc:creator>Ana Paz</dc:creator><author>eva@example.com (Eva Rojas)</author>
 <category>rain</category>
 <category domain="http://cv.iptc.org/newscodes/mediatopic/">03000000</category>
</item>
<item><guid>https://example.com/2</guid><title>Second</title></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de"><title>Beispiel</title>
<entry><id>tag:example.com,2027:1</id><title type="html">Flut &amp;amp; Regen</title>
<link rel="self" href="https://example.com/1.atom"/><link href="https://example.com/1"/>
<published>2027-03-04T12:00:00+01:00</published><updated>2027-03-04T18:30:00Z</updated>
<author><name>Ana Paz</name></author><category term="rain" label="Regen"/>
<summary>Kurz</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Es regnet &lt; stark.</p></div>
</content>
</entry></feed>"""

RSS_1 = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel rdf:about="https://example.com/"><title>Example</title><dc:language>en</dc:language>
<items><rdf:Seq><rdf:li resource="https://example.com/1"/></rdf:Seq></items></channel>
<item rdf:about="https://example.com/1"><title>Floods</title><link>https://example.com/1</link>
<description>Rain closed the airport.</description><dc:date>2027-03-04T18:30:00Z</dc:date>
<dc:subject>rain</dc:subject></item></rdf:RDF>"""


def test_an_item_of_rss_gives_every_field() -> None:
    """The table of docs/formats/feeds.md."""
    first, second = records(feed, RSS)

    assert first.fields == {
        "guid": "floods-77",
        "url": "https://example.com/floods",
        "headline": "Floods close airport & road",
        "body_html": "<p>Rain closed &eacute; it.</p>",
        "summary": "Rain closed the airport.",
        "byline": "Ana Paz, Eva Rojas",
        "published_at": datetime(2027, 3, 4, 17, tzinfo=UTC),
        "updated_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "language": "en-gb",
        "source": "Example & News",
        "subjects": [{"name": "rain"}, {"id": "medtop:03000000"}],
    }
    assert second.fields == {
        "uri": "https://example.com/2",
        "url": "https://example.com/2",
        "headline": "Second",
        "language": "en-gb",
        "source": "Example & News",
    }


def test_an_entry_of_atom_gives_every_field() -> None:
    """The table of docs/formats/feeds.md."""
    assert fields(feed, ATOM) == {
        "uri": "tag:example.com,2027:1",
        "url": "https://example.com/1",
        "headline": "Flut & Regen",
        "body_html": "<p>Es regnet &lt; stark.</p>",
        "summary": "Kurz",
        "byline": "Ana Paz",
        "published_at": datetime(2027, 3, 4, 11, tzinfo=UTC),
        "updated_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "language": "de",
        "source": "Beispiel",
        "subjects": [{"name": "Regen"}],
    }


def test_an_item_of_rss_1_gives_its_fields() -> None:
    """Its channel stands beside it."""
    assert fields(feed, RSS_1) == {
        "uri": "https://example.com/1",
        "url": "https://example.com/1",
        "headline": "Floods",
        "body": "Rain closed the airport.",
        "published_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "updated_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "language": "en",
        "source": "Example",
        "subjects": [{"name": "rain"}],
    }


@pytest.mark.parametrize("version", ["0.91", "0.92", "2.0", ""])
def test_every_rss_is_read(version: str) -> None:
    """And told from other XML."""
    text = f"<rss version='{version}'><channel><item><title>x</title></item></channel></rss>"

    assert recognised(feed, text)
    assert fields(feed, text) == {"headline": "x"}


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (RSS, True),
        (ATOM, True),
        (RSS_1, True),
        ("<entry xmlns='http://www.w3.org/2005/Atom'/>", True),
        ("<feed xmlns='urn:other'/>", False),
        ("<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>", False),
        ("<html/>", False),
        ("rss", False),
    ],
)
def test_feeds_are_told_by_their_root(text: str, known: bool) -> None:
    """And RDF by the namespace of RSS."""
    assert recognised(feed, text) is known


def test_an_entry_by_itself_is_a_document() -> None:
    """As Atom's publishing protocol has it."""
    text = (
        "<entry xmlns='http://www.w3.org/2005/Atom'><id>tag:a,1</id>"
        "<title>5 &lt; 6</title><content>One\nTwo</content></entry>"
    )

    assert fields(feed, text) == {"uri": "tag:a,1", "headline": "5 < 6", "body": "One\nTwo"}


@pytest.mark.parametrize(
    ("description", "name", "said"),
    [
        ("Rain &amp; wind", "body", "Rain & wind"),
        ("Rain &amp;amp; wind", "body_html", "Rain &amp; wind"),
        ("&lt;p&gt;Rain&lt;/p&gt;", "body_html", "<p>Rain</p>"),
        ("<![CDATA[One\nTwo]]>", "body", "One\nTwo"),
        ("AT&T &nbsp;caf&eacute;", "body", "AT&T \xa0café"),
    ],
)
def test_a_description_alone_is_the_body(description: str, name: str, said: str) -> None:
    """As HTML or text, whichever it is."""
    text = f"<rss><channel><item><description>{description}</description></item></channel></rss>"

    assert fields(feed, text) == {name: said}


def test_an_entry_may_say_where_it_comes_from() -> None:
    """An aggregator is not the source."""
    text = RSS.replace(
        "<guid isP", "<source url='https://o.example.com/'>Original</source><guid isP"
    )

    found = records(feed, text)[0].fields

    assert found is not None
    assert found["source"] == "Original"


def test_a_date_that_cannot_be_read_is_left_out() -> None:
    """A feed is loose; so are its dates."""
    text = "<rss><channel><item><title>x</title><pubDate>soon</pubDate></item></channel></rss>"

    assert fields(feed, text) == {"headline": "x"}


def test_an_entry_set_aside_is_a_feed_by_itself() -> None:
    """With what its feed says of it."""
    for found in (*records(feed, RSS), *records(feed, ATOM), *records(feed, RSS_1)):
        assert fields(feed, found.head + found.data) == found.fields


def test_an_entry_without_text_harms_no_other() -> None:
    """It has a reason."""
    text = RSS.replace("<title>Second</title>", "<enclosure url='https://example.com/2.mp3'/>")

    first, second = records(feed, text)

    assert first.fields
    assert second.reason == "an entry without text: it has no title, description or content"


def test_a_broken_entry_harms_no_other() -> None:
    """The whole ones are read, with their feed's title."""
    text = RSS.replace("<guid>https://example.com/2</guid>", "<b>") + RSS[-70:]

    first, second, *_ = records(feed, text)

    assert first.fields == records(feed, RSS)[0].fields
    assert second.reason == (
        "not XML (line 18, column 38): Opening and ending tag mismatch: b and item"
    )


@pytest.mark.parametrize(
    ("length", "reasons"),
    [
        (-6, [None, None, "not XML (line 19, column 11): Premature end of data in tag rss"]),
        (-30, [None, "cut off: what begins in line 18 has no end"]),
    ],
)
def test_a_feed_cut_off_says_so(length: int, reasons: list[str | None]) -> None:
    """What is whole is read; what may be missing has a reason."""
    assert [record.reason for record in records(feed, RSS[:length])] == reasons


def test_a_feed_without_entries_has_a_reason() -> None:
    """Nothing is no article."""
    text = "<rss><channel><title>x</title></channel></rss>"

    assert reason(feed, text) == "a feed without entries: no item or entry in rss"


@pytest.mark.parametrize("name", ["author", "pubDate", "link", "guid", "category"])
def test_a_value_that_is_too_long_is_refused(name: str) -> None:
    """Some patterns of feedparser's take the square of its length."""
    value = f"<{name}>{'a' * 100_000}</{name}>"
    text = f"<rss><channel><item><title>x</title>{value}</item></channel></rss>"

    assert reason(feed, text) == f"an entry whose {name} has 100000 characters, more than 2048"


def test_nothing_is_fetched_or_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not a stylesheet, not a DTD, not a file that has the feed's bytes for its name."""
    opened: list[object] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.open", lambda *names, **_: opened.append(names))
    monkeypatch.setattr("socket.socket.connect", lambda *names: opened.append(names))
    text = RSS.replace(
        "<rss", '<?xml-stylesheet href="https://example.com/a.xsl"?>'
        '<!DOCTYPE rss SYSTEM "https://example.com/rss.dtd"><rss', 1
    )  # fmt: skip

    found = records(feed, text)

    assert (len(found), opened) == (2, [])


@given(st.one_of(st.binary(max_size=300), broken(RSS), broken(ATOM), broken(RSS_1)))
def test_no_bytes_break_it(data: bytes) -> None:
    """They are articles or have a reason."""
    assert survives(feed, data)


VALUES = st.text(max_size=30).map(
    lambda text: "".join(char for char in text if char.isprintable() and char not in '<&>"')
)
NAMES = st.sampled_from(
    [
        "title",
        "link",
        "guid",
        "id",
        "description",
        "summary",
        "content",
        "author",
        "category",
        "source",
        "updated",
        "pubDate",
        "language",
        "issued",
        "created",
        "modified",
    ]
)


@given(st.lists(st.tuples(NAMES, VALUES, VALUES), max_size=8))
def test_no_values_break_it(parts: list[tuple[str, str, str]]) -> None:
    """Whatever entries say, in whatever order, of whatever type."""
    said = "".join(
        f'<{name} type="{kind}" href="{value}">{value}</{name}>' for name, kind, value in parts
    )

    assert survives(feed, f"<rss><channel><item>{said}</item></channel></rss>".encode())
    assert survives(feed, f"<feed><title>x</title><entry>{said}</entry></feed>".encode())
