"""NITF, with and without its namespace, and what agencies make of it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.xml_based import nitf
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
    validated,
)

STORY = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE nitf SYSTEM "nitf-3-2.dtd">
<nitf uno="u-17" xml:lang="es-PE">
 <head>
  <title>Inundaciones</title>
  <tobject><tobject.subject tobject.subject.refnum="03000000" tobject.subject.type="Disaster"/>
  </tobject>
  <docdata management-status="usable">
   <doc-id id-string="urn:example:floods" regsrc="Example Wire"/>
   <urgency ed-urg="3"/>
   <date.issue norm="20270304T120000-0500"/>
   <date.release norm="20270305T000000Z"/>
   <du-key key="peru-floods" version="2"/>
   <doc.copyright holder="Example Ltd"/>
   <key-list><keyword key="rain"/></key-list>
   <identified-content><classifier value="weather"/></identified-content>
  </docdata>
  <pubdata ex-ref="https://example.com/floods"/>
  <revision-history norm="2027-03-04T18:30:00Z"/>
 </head>
 <body>
  <body.head>
   <hedline><hl1>Floods close airport</hl1><hl2>Rain is to go on</hl2></hedline>
   <byline>By <person><name.given>Ana</name.given><name.family>Paz</name.family></person>
    <byttl>Reporter</byttl></byline>
   <dateline><location><city>LIMA</city>, <country>Peru</country></location></dateline>
   <abstract><p>Rain closed the airport.</p></abstract>
  </body.head>
  <body.content>
   <block>
    <p lede="true">Rain closed <em>the</em> airport of <location>Lima</location> &mdash; again.</p>
    <media media-type="image"><media-caption>A wet runway</media-caption></media>
    <hl2>Roads</hl2>
    <ul><li>North</li></ul>
    <table><tr><td colspan="2">10 &lt; 20</td></tr></table>
    <bq><block><p>Stay home.</p></block><credit>The mayor</credit></bq>
    <note type="npa"><p>Editors: more to come</p></note>
   </block>
  </body.content>
  <body.end><tagline>(Editing by Eva)</tagline></body.end>
 </body>
</nitf>"""


def changed(*pairs: tuple[str, str]) -> str:
    text = STORY
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_story_gives_every_field() -> None:
    """The table of docs/formats/nitf.md."""
    found = fields(nitf, STORY)

    body = str(found.pop("body_html"))
    assert found == {
        "uri": "urn:example:floods",
        "url": "https://example.com/floods",
        "version": "2",
        "source": "Example Wire",
        "alt_ids": {"du-key": "peru-floods", "uno": "u-17"},
        "pub_status": "usable",
        "embargoed_until": datetime(2027, 3, 5, tzinfo=UTC),
        "published_at": datetime(2027, 3, 4, 17, tzinfo=UTC),
        "updated_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "headline": "Floods close airport",
        "byline": "Ana Paz",
        "located": "LIMA, Peru",
        "summary": "Rain closed the airport.",
        "language": "es-PE",
        "urgency": 3,
        "subjects": [
            {"id": "subj:03000000", "name": "Disaster"},
            {"name": "weather"},
            {"name": "rain"},
        ],
    }
    assert "<p>Rain closed <em>the</em> airport of Lima — again.</p>" in body
    assert "<h2>Roads</h2>" in body
    assert '<td colspan="2">10 &lt; 20</td>' in body


def test_the_text_is_the_story_and_nothing_beside_it() -> None:
    """No captions, no notes to editors, no tagline."""
    [record] = records(nitf, STORY)

    assert validated(record).body.splitlines() == [
        "Rain closed the airport of Lima — again.",
        "Roads",
        "* North",
        "10 < 20",
        "Stay home.",
        "The mayor",
    ]


@pytest.mark.parametrize("prefix", ["", "n:"])
def test_the_namespace_makes_no_difference(prefix: str) -> None:
    """Neither does a prefix."""
    declared = "xmlns:n" if prefix else "xmlns"
    text = (
        f'<{prefix}nitf {declared}="http://iptc.org/std/NITF/2006-10-18/"><{prefix}body>'
        f"<{prefix}body.content><{prefix}p>Rain.</{prefix}p></{prefix}body.content>"
        f"</{prefix}body></{prefix}nitf>"
    )

    assert recognised(nitf, text)
    assert fields(nitf, text) == {"pub_status": "usable", "body_html": "<p>Rain.</p>"}


@pytest.mark.parametrize(
    ("status", "release", "said"),
    [
        ("usable", "", ("usable", None)),
        ("withheld", "", ("withheld", None)),
        ("cancelled", "", ("canceled", None)),
        ("embargoed", "", ("withheld", None)),
        ("embargoed", "20270305T000000Z", ("usable", datetime(2027, 3, 5, tzinfo=UTC))),
    ],
)
def test_the_status_and_the_embargo(
    status: str, release: str, said: tuple[str, datetime | None]
) -> None:
    """An embargo without an end withholds."""
    text = changed(
        ('management-status="usable"', f'management-status="{status}"'),
        ('norm="20270305T000000Z"', f'norm="{release}"'),
    )

    found = fields(nitf, text)

    assert (found["pub_status"], found.get("embargoed_until")) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"usable"', '"maybe"', 'docdata/@management-status is none of NITF: "maybe"'),
        ("20270304T120000-0500", "4 March", 'date.issue/@norm is not a date: "4 March"'),
        ("20270305T000000Z", "20270230", 'date.release/@norm is not a date: "20270230"'),
        ("2027-03-04T18:30:00Z", "soon", 'revision-history/@norm is not a date: "soon"'),
        ("body.content", "content", "NITF without a body: body/body.content is missing"),
    ],
)
def test_what_must_not_be_guessed_is_a_reason(old: str, new: str, said: str) -> None:
    """A wrong status, a wrong date, no body."""
    assert reason(nitf, changed((old, new))) == said


def test_a_kill_needs_no_body() -> None:
    """Its id says what it kills."""
    text = changed(('"usable"', '"canceled"'), ("body.content", "content"))

    assert fields(nitf, text)["pub_status"] == "canceled"


ISSUED = '<date.issue norm="20270304T120000-0500"/>'
PUBLISHED = '<pubdata date.publication="20270303T010000Z" ex-ref'
STORY_DATE = '<dateline><story.date norm="20270302"/>'
DISTRIBUTOR = "<body.head><distributor>Desk</distributor>"


@pytest.mark.parametrize(
    ("pairs", "name", "said"),
    [
        ([("urn:example:floods", "floods-77")], "guid", "floods-77"),
        ([(' regsrc="Example Wire"', "")], "source", "Example Ltd"),
        ([(' regsrc="Example Wire"', ""), ("<body.head>", DISTRIBUTOR)], "source", "Desk"),
        ([(ISSUED, ""), ("<pubdata ex-ref", PUBLISHED)], "published_at",
         datetime(2027, 3, 3, 1, tzinfo=UTC)),
        ([(ISSUED, ""), ("<dateline>", STORY_DATE)], "published_at",
         datetime(2027, 3, 2, tzinfo=UTC)),
        ([('norm="2027-03-04T18:30:00Z"', "")], "updated_at",
         datetime(2027, 3, 4, 17, tzinfo=UTC)),
        ([("<person>", "<bytag>"), ("</person>", "</bytag>")], "byline", "Ana Paz"),
        ([("<person>", "<b>"), ("</person>", "</b>")], "byline", "Ana Paz Reporter"),
        ([("<location><city>", "<b><city>"), ("</country></location>", "</country></b>")],
         "located", "LIMA, Peru"),
        ([('ed-urg="3"', 'ed-urg="0"')], "urgency", None),
    ],
)  # fmt: skip
def test_each_field_has_its_second_choice(
    pairs: list[tuple[str, str]], name: str, said: object
) -> None:
    """Where an agency puts it elsewhere."""
    assert fields(nitf, changed(*pairs)).get(name) == said


def test_the_second_line_is_the_summary_where_there_is_no_abstract() -> None:
    """And a title is the headline where there is no hl1."""
    text = changed(("abstract", "note"), ("<hl1>Floods close airport</hl1>", ""))

    found = fields(nitf, text)

    assert (found["headline"], found["summary"]) == ("Inundaciones", "Rain is to go on")


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("<![CDATA[<p>One</p><p>Two</p>]]>", "body_html", "<p>One</p><p>Two</p>"),
        ("&lt;p&gt;One&lt;/p&gt;", "body_html", "<p>One</p>"),
        ("<p>&lt;b&gt;One&lt;/b&gt; two</p>", "body_html", "<p><b>One</b> two</p>"),
        ("<p>a &lt; b &amp;&amp; c</p>", "body_html", "<p>a &lt; b &amp;&amp; c</p>"),
        ("One.\nTwo.", "body", "One.\nTwo."),
        ("One.<media><media-caption>x</media-caption></media>", "body", "One."),
        ("<pre>One.\nTwo.</pre>", "body_html", "<pre>One.\nTwo.</pre>"),
        ('<p><a href="javascript:x">a</a></p>', "body_html", "<p><a>a</a></p>"),
        ('<p><a href="https://e.com/?a=1&amp;b">a</a></p>', "body_html",
         '<p><a href="https://e.com/?a=1&amp;b">a</a></p>'),
        ("<p>One<script>x()</script></p>", "body_html", "<p>One</p>"),
    ],
)  # fmt: skip
def test_bodies_as_agencies_write_them(content: str, name: str, said: str) -> None:
    """HTML in CDATA or escaped, text without paragraphs, preformatted text."""
    text = f"<nitf><body><body.content>{content}</body.content></body></nitf>"

    assert fields(nitf, text)[name] == said


def test_several_stories_in_one_file_are_records_of_their_own() -> None:
    """One that is broken harms no other, and each is a file by itself."""
    story = "<nitf><body><body.content><p>{}</p></body.content></body></nitf>"
    text = f"<stories>{story.format('One')}<nitf/>{story.format('Two')}</stories>"

    assert recognised(nitf, text)
    first, second, third = records(nitf, text)

    assert [record.reason for record in (first, third)] == [None, None]
    assert second.reason == "NITF without a body: body/body.content is missing"
    assert fields(nitf, third.data) == third.fields


def test_a_story_that_is_not_well_formed_harms_no_other() -> None:
    """The whole ones are taken out of broken XML."""
    story = "<nitf><body><body.content><p>{}</p></body.content></body></nitf>\n"
    text = f"<stories>\n{story.format('One')}{story.format('<b>')}{story.format('Two')}<nitf><body>"

    found = records(nitf, text)

    assert [bool(record.fields) for record in found] == [True, False, True, False]
    assert found[1].reason == (
        "not XML (line 3, column 37): Opening and ending tag mismatch: b and p"
    )
    assert found[3].reason == "cut off: what begins in line 5 has no end"


def test_html_that_speaks_of_nitf_is_none() -> None:
    """The root tells."""
    assert not recognised(nitf, "<html><nitf>x</nitf></html>")
    assert not recognised(nitf, "<rss><channel><item><nitf/></item></channel></rss>")
    assert not recognised(nitf, "plain text")


@given(st.one_of(st.binary(max_size=300), broken(STORY)))
def test_no_bytes_break_it(data: bytes) -> None:
    """They are articles or have a reason."""
    assert survives(nitf, data)
