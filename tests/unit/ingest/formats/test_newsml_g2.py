"""NewsML-G2: news items, alone and in messages, with whatever agencies put into them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.xml_based import newsml_g2, nitf
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
)

ITEM = """<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/"
 guid="urn:newsml:example.com:20270304:floods" version="3" xml:lang="en-US">
 <catalog><scheme alias="mt" uri="http://cv.iptc.org/newscodes/mediatopic/"/></catalog>
 <rightsInfo><copyrightHolder literal="Example Ltd"/></rightsInfo>
 <itemMeta>
  <itemClass qcode="ninat:text"/>
  <provider qcode="nprov:EX"><name>Example Wire</name></provider>
  <versionCreated>2027-03-04T18:30:00Z</versionCreated>
  <firstCreated>2027-03-04T13:00:00+01:00</firstCreated>
  <embargoed>2027-03-05T00:00:00Z</embargoed>
  <pubStatus qcode="stat:usable"/>
  <title>Floods</title>
  <altRep>https://example.com/floods</altRep>
 </itemMeta>
 <contentMeta>
  <urgency>3</urgency>
  <contentCreated>2027-03-04T11:30:00Z</contentCreated>
  <located qcode="geo:1"><name>Lima</name></located>
  <creator qcode="who:1"><name>Eva Rojas</name></creator>
  <by>By Ana Paz</by>
  <language tag="en"/>
  <altId type="desk:number">77</altId>
  <slugline>peru-floods</slugline>
  <headline xml:lang="es">Inundaciones</headline>
  <headline xml:lang="en" role="hld:subheadline">Rain is to go on</headline>
  <headline xml:lang="en" role="hld:main">Floods close airport</headline>
  <subject qcode="mt:03000000"><name xml:lang="es">desastre</name>
   <name xml:lang="en">disaster</name></subject>
  <subject uri="http://cv.iptc.org/newscodes/mediatopic/20000151"/>
  <subject qcode="subj:03005000"/>
  <keyword>rain</keyword>
  <description role="drol:caption">A wet runway</description>
  <description role="drol:summary">Rain closed the airport.</description>
 </contentMeta>
 <contentSet><inlineXML contenttype="application/xhtml+xml">
  <html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>
  <body><p class="lead">Rain <b>closed</b> it.<br/>Again.</p></body></html>
 </inlineXML></contentSet>
</newsItem>"""
NAMESPACE = ' xmlns="http://iptc.org/std/nar/2006-10-01/"'
CONTENT = ITEM[ITEM.index("<contentSet>") : ITEM.index("</contentSet>") + 13]


def changed(*pairs: tuple[str, str]) -> str:
    text = ITEM
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def with_content(content: str) -> str:
    return changed((CONTENT, f"<contentSet>{content}</contentSet>"))


def test_an_item_gives_every_field() -> None:
    """The table of docs/formats/newsml-g2.md."""
    assert fields(newsml_g2, ITEM) == {
        "uri": "urn:newsml:example.com:20270304:floods",
        "version": "3",
        "url": "https://example.com/floods",
        "pub_status": "usable",
        "embargoed_until": datetime(2027, 3, 5, tzinfo=UTC),
        "published_at": datetime(2027, 3, 4, 11, 30, tzinfo=UTC),
        "updated_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "headline": "Floods close airport",
        "byline": "Ana Paz",
        "summary": "Rain closed the airport.",
        "language": "en",
        "source": "Example Wire",
        "located": "Lima",
        "urgency": 3,
        "subjects": [
            {"id": "medtop:03000000", "name": "disaster"},
            {"id": "medtop:20000151"},
            {"id": "subj:03005000"},
            {"name": "rain"},
        ],
        "alt_ids": {"desk:number": "77", "slugline": "peru-floods"},
        "body_html": '<p class="lead">Rain <b>closed</b> it.<br>Again.</p>',
    }


@pytest.mark.parametrize("prefix", ["", "g2:"])
def test_the_namespace_makes_no_difference(prefix: str) -> None:
    """With it, under a prefix, or without."""
    plain = changed((NAMESPACE, ""))
    prefixed = ITEM.replace("<", "<g2:").replace("<g2:/", "</g2:").replace("xmlns=", "xmlns:g2=", 1)
    text = prefixed.replace('xmlns="http://www.w3', 'xmlns:g2="http://www.w3') if prefix else plain

    assert recognised(newsml_g2, text)
    assert fields(newsml_g2, text) == fields(newsml_g2, ITEM)


def test_what_is_left_out_has_a_substitute() -> None:
    """The title for the headline, the first creation, the creator, the holder of the rights."""
    text = changed(
        ("headline", "ignored"),
        ("<contentCreated>2027-03-04T11:30:00Z<", "<contentCreated>2027-03<"),
        ("<by>By Ana Paz</by>", ""),
        ('<provider qcode="nprov:EX"><name>Example Wire</name></provider>', ""),
        ('<language tag="en"/>', ""),
    )  # fmt: skip

    found = fields(newsml_g2, text)

    assert (found["headline"], found["byline"]) == ("Floods", "Eva Rojas")
    assert (found["source"], found["language"]) == ("Example Ltd", "en-US")
    assert found["published_at"] == datetime(2027, 3, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "name", "said"),
    [
        ("<altRep>https://example.com/floods</altRep>",
         '<link rel="irel:hasAlternate" href="https://example.com/f"/>',
         "url", "https://example.com/f"),
        ("<name>Example Wire</name>", "", "source", "EX"),
        ('<provider qcode="nprov:EX"><name>Example Wire</name></provider>',
         "", "source", "Example Ltd"),
        ('<located qcode="geo:1"><name>Lima</name></located>',
         "<dateline>LIMA, March 4</dateline>", "located", "LIMA, March 4"),
        ("drol:summary", "drol:lead", "summary", "Rain closed the airport."),
        ("<urgency>3", "<urgency>30", "urgency", None),
    ],
)  # fmt: skip
def test_each_field_has_its_second_choice(old: str, new: str, name: str, said: object) -> None:
    """Where an agency puts it elsewhere."""
    assert fields(newsml_g2, changed((old, new))).get(name) == said


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("<inlineXML><![CDATA[<p>One</p>]]></inlineXML>", "body_html", "<p>One</p>"),
        ("<inlineXML>&lt;p&gt;One&lt;/p&gt;</inlineXML>", "body_html", "<p>One</p>"),
        ("<inlineXML><p>One</p></inlineXML>", "body_html", "<p>One</p>"),
        ("<inlineData contenttype='text/plain'>One.\nTwo.</inlineData>", "body", "One.\nTwo."),
        ("<inlineData>&lt;p&gt;One&lt;/p&gt;</inlineData>", "body_html", "<p>One</p>"),
        (
            '<inlineData contenttype="application/json">{"body_text": "One"}</inlineData>',
            "body",
            "One",
        ),
        (
            "<inlineXML><nitf><body><body.content><hl2>1</hl2></body.content></body></nitf></inlineXML>",
            "body_html",
            "<h2>1</h2>",
        ),
        (
            "<inlineData xml:lang='es'>Uno</inlineData><inlineData xml:lang='en'>One</inlineData>",
            "body",
            "One",
        ),
        ("<remoteContent href='x'/><inlineData>One</inlineData>", "body", "One"),
    ],
)  # fmt: skip
def test_the_body_in_whatever_form(content: str, name: str, said: str) -> None:
    """XHTML, NITF, HTML in CDATA or escaped, text, JSON; in the item's language."""
    assert fields(newsml_g2, with_content(content))[name] == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("ninat:text", "ninat:picture", 'a picture without text: itemMeta/itemClass is "picture"'),
        ("ninat:text", "ninat:video", 'a video without text: itemMeta/itemClass is "video"'),
        ("stat:usable", "stat:maybe", 'itemMeta/pubStatus is none of the IPTC: "maybe"'),
        ("2027-03-04T18:30:00Z", "now", 'itemMeta/versionCreated is not a date: "now"'),
        ("2027-03-05T00:00:00Z", "later", 'itemMeta/embargoed is not a date: "later"'),
        (CONTENT, "", "NewsML-G2 without a body: contentSet is missing"),
        (CONTENT, "<contentSet><remoteContent href='https://e.com/1.xml'/></contentSet>",
         "text only by reference: contentSet/remoteContent https://e.com/1.xml"),
        (CONTENT, "<contentSet><inlineData encoding='e:base64'>eA==</inlineData></contentSet>",
         "contentSet/inlineData is encoded: e:base64"),
        (CONTENT, "<contentSet><inlineData contenttype='x/json'>{</inlineData></contentSet>",
         "contentSet/inlineData is not JSON: unexpected end of data"),
    ],
)  # fmt: skip
def test_what_is_no_article_has_a_reason(old: str, new: str, said: str) -> None:
    """Media, references, and what must not be guessed."""
    assert reason(newsml_g2, changed((old, new))) == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("packageItem", "a package of references without text: packageItem"),
        ("conceptItem", "a concept without a story: conceptItem"),
        ("knowledgeItem", "a list of concepts without a story: knowledgeItem"),
        ("planningItem", "a plan of coverage without a story: planningItem"),
    ],
)
def test_items_of_other_kinds_are_named(name: str, said: str) -> None:
    """They hold no story."""
    assert reason(newsml_g2, f"<{name}{NAMESPACE} guid='x'/>") == said


def test_a_kill_needs_no_body() -> None:
    """Its id says what it kills."""
    found = fields(newsml_g2, changed(("stat:usable", "stat:canceled"), (CONTENT, "")))

    assert (found["pub_status"], found["uri"]) == ("canceled", fields(newsml_g2, ITEM)["uri"])


def test_an_embargo_without_an_end_withholds() -> None:
    """Empty: nobody knows yet until when."""
    text = changed(("<embargoed>2027-03-05T00:00:00Z</embargoed>", "<embargoed/>"))

    assert fields(newsml_g2, text)["pub_status"] == "withheld"


def test_each_item_of_a_message_is_a_record() -> None:
    """One that is none harms no other, and each is a file by itself."""
    bare = ITEM.replace(NAMESPACE, "")
    picture = bare.replace("ninat:text", "ninat:picture")
    items = f"{bare}{picture}<packageItem guid='p'/>{bare}"
    text = f"<newsMessage{NAMESPACE}><header/><itemSet>{items}</itemSet></newsMessage>"

    assert recognised(newsml_g2, text)
    found = records(newsml_g2, text)

    assert [record.reason for record in found] == [
        None,
        'a picture without text: itemMeta/itemClass is "picture"',
        "a package of references without text: packageItem",
        None,
    ]
    assert fields(newsml_g2, found[3].data) == fields(newsml_g2, ITEM)
    assert reason(newsml_g2, found[1].data) == found[1].reason


def test_a_message_cut_off_gives_what_is_whole() -> None:
    """And a reason for the rest."""
    bare = ITEM.replace(NAMESPACE, "")
    text = f"<newsMessage{NAMESPACE}><itemSet>{bare}<packageItem guid='p'/>{bare[:900]}"

    found = records(newsml_g2, text)

    assert found[0].fields == fields(newsml_g2, ITEM)
    assert found[1].reason == "a package of references without text: packageItem"
    assert found[2].reason == "cut off: what begins in line 39 has no end"


def test_a_message_without_items_has_a_reason() -> None:
    """Nothing is no article."""
    text = f"<newsMessage{NAMESPACE}><header/></newsMessage>"

    assert reason(newsml_g2, text).startswith("XML without an article: no catalogItem or ")


def test_an_id_that_is_no_uri_is_the_guid() -> None:
    """It counts within its source."""
    found = fields(newsml_g2, changed(("urn:newsml:example.com:20270304:floods", "77-a")))

    assert (found.get("uri"), found["guid"]) == (None, "77-a")


def test_an_item_with_nitf_inside_is_not_nitf() -> None:
    """The root tells."""
    text = with_content("<inlineXML><nitf/></inlineXML>")

    assert recognised(newsml_g2, text)
    assert not recognised(nitf, text)


@given(st.one_of(st.binary(max_size=300), broken(ITEM)))
def test_no_bytes_break_it(data: bytes) -> None:
    """They are articles or have a reason."""
    assert survives(newsml_g2, data)
