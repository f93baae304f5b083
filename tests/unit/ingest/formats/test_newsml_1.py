"""NewsML 1: components within components."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.xml_based import newsml_1, newsml_g2
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
)

STORY = """<NewsML Version="1.2">
 <NewsEnvelope><SentFrom><Party FormalName="Example Wire"/></SentFrom></NewsEnvelope>
 <NewsItem>
  <Identification><NewsIdentifier>
   <ProviderId>example.com</ProviderId><DateId>20270304</DateId><NewsItemId>floods</NewsItemId>
   <RevisionId PreviousRevision="1" Update="N">2</RevisionId>
   <PublicIdentifier>urn:newsml:example.com:20270304:floods:2</PublicIdentifier>
  </NewsIdentifier></Identification>
  <NewsManagement>
   <NewsItemType FormalName="News"/>
   <FirstCreated>20270304T120000+0000</FirstCreated>
   <ThisRevisionCreated>20270304T183000Z</ThisRevisionCreated>
   <Status FormalName="Usable"/><Urgency FormalName="3"/>
  </NewsManagement>
  <NewsComponent>
   <DescriptiveMetadata><Language FormalName="en"/>
    <SubjectCode><Subject FormalName="03000000"/></SubjectCode></DescriptiveMetadata>
   <Metadata><MetadataType FormalName="Keywords"/>
    <Property FormalName="IndustryKeywords" Value="Airports"/>
    <Property FormalName="Rank" Value="1"/></Metadata>
   <NewsComponent>
    <NewsLines><HeadLine>Floods close airport</HeadLine><ByLine>Ana Paz</ByLine>
     <DateLine>LIMA, Peru</DateLine><SlugLine>peru-floods</SlugLine>
     <KeywordLine>rain</KeywordLine></NewsLines>
    <NewsComponent><Role FormalName="StyleSheet"/>
     <ContentItem><MimeType FormalName="text/css"/><DataContent>p {color: red}</DataContent>
     </ContentItem></NewsComponent>
    <NewsComponent><Role FormalName="Abstract"/>
     <ContentItem><DataContent>Rain closed the airport.</DataContent></ContentItem></NewsComponent>
    <NewsComponent><Role FormalName="Photo"/>
     <NewsLines><HeadLine>A wet runway</HeadLine></NewsLines>
     <ContentItem Href="https://example.com/1.jpg"><MimeType FormalName="image/jpeg"/>
     </ContentItem></NewsComponent>
    <NewsComponent><Role FormalName="Body"/>
     <ContentItem><DataContent><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>
      <body><p>Rain <b>closed</b> it.<br/>Again.</p></body></html></DataContent></ContentItem>
    </NewsComponent>
   </NewsComponent>
  </NewsComponent>
 </NewsItem>
</NewsML>"""

HTML = STORY[STORY.index("<html") : STORY.index("</html>") + 7]


def changed(*pairs: tuple[str, str]) -> str:
    text = STORY
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


def test_a_story_gives_every_field() -> None:
    """The table of docs/formats/newsml-1.md."""
    assert fields(newsml_1, STORY) == {
        "uri": "urn:newsml:example.com:20270304:floods",
        "version": "2",
        "alt_ids": {"slugline": "peru-floods"},
        "pub_status": "usable",
        "published_at": datetime(2027, 3, 4, 12, tzinfo=UTC),
        "updated_at": datetime(2027, 3, 4, 18, 30, tzinfo=UTC),
        "urgency": 3,
        "headline": "Floods close airport",
        "byline": "Ana Paz",
        "located": "LIMA, Peru",
        "summary": "Rain closed the airport.",
        "language": "en",
        "source": "Example Wire",
        "subjects": [{"id": "subj:03000000"}, {"name": "Airports"}, {"name": "rain"}],
        "body_html": "<p>Rain <b>closed</b> it.<br>Again.</p>",
    }


def test_it_is_told_from_newsml_g2() -> None:
    """By its root."""
    assert recognised(newsml_1, STORY)
    assert not recognised(newsml_g2, STORY)
    assert not recognised(newsml_1, "<newsItem/>")


def test_the_id_does_not_change_with_the_revision() -> None:
    """Two revisions are one article."""
    third = changed((">2</RevisionId>", ">3</RevisionId>"), ("floods:2", "floods:3"))
    only_public = changed(("<ProviderId>example.com</ProviderId>", ""))

    assert fields(newsml_1, third)["uri"] == "urn:newsml:example.com:20270304:floods"
    assert fields(newsml_1, only_public)["uri"] == "urn:newsml:example.com:20270304:floods"


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        ("One.\nTwo.", "body", "One.\nTwo."),
        ("<p>One</p>", "body_html", "<p>One</p>"),
        ("<![CDATA[<p>One</p>]]>", "body_html", "<p>One</p>"),
        (
            "<nitf><body><body.content><hl2>One</hl2></body.content></body></nitf>",
            "body_html",
            "<h2>One</h2>",
        ),
    ],
)
def test_the_body_in_whatever_form(content: str, name: str, said: str) -> None:
    """Text, HTML or NITF."""
    assert fields(newsml_1, changed((HTML, content)))[name] == said


def test_titles_and_texts_may_be_components_without_lines() -> None:
    """Roles tell which is which."""
    text = """<NewsML><NewsItem><NewsComponent>
    <NewsComponent><Role FormalName="Title"/><ContentItem><DataContent>Floods</DataContent>
    </ContentItem></NewsComponent>
    <NewsComponent><ContentItem><DataContent>Rain.</DataContent></ContentItem></NewsComponent>
    </NewsComponent></NewsItem></NewsML>"""

    found = fields(newsml_1, text)

    assert (found["headline"], found["body"]) == ("Floods", "Rain.")


def test_the_provider_is_the_source() -> None:
    """Before the sender, and the sender before the id."""
    provider = "<AdministrativeMetadata><Provider><Party FormalName='Desk'/></Provider>"
    named = changed(
        ("<NewsLines><HeadLine>F", f"{provider}</AdministrativeMetadata><NewsLines><HeadLine>F")
    )
    nameless = changed(("SentFrom", "SentTo"))

    assert fields(newsml_1, named)["source"] == "Desk"
    assert fields(newsml_1, nameless)["source"] == "example.com"


def test_an_embargo_ends_when_the_status_changes() -> None:
    """Without such a time it withholds."""
    embargoed = changed(('"Usable"/>', '"Embargoed"/>'))
    until = "<StatusWillChange><FutureStatus FormalName='Usable'/><DateAndTime>20270305T000000Z</DateAndTime></StatusWillChange>"  # noqa: E501 (as it is sent)

    timed = fields(newsml_1, embargoed.replace("<Urgency", f"{until}<Urgency"))

    assert fields(newsml_1, embargoed)["pub_status"] == "withheld"
    assert timed["embargoed_until"] == datetime(2027, 3, 5, tzinfo=UTC)
    assert timed["pub_status"] == "usable"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"Usable"', '"Maybe"', 'NewsManagement/Status is none of NewsML: "Maybe"'),
        ("20270304T183000Z", "x", 'NewsManagement/ThisRevisionCreated is not a date: "x"'),
        (HTML, "", "no text, only references: ContentItem https://example.com/1.jpg"),
    ],
)
def test_what_must_not_be_guessed_is_a_reason(old: str, new: str, said: str) -> None:
    """A wrong status, a wrong date, no body."""
    assert reason(newsml_1, changed((old, new))) == said


def test_a_kill_needs_no_body() -> None:
    """Its id says what it kills."""
    found = fields(newsml_1, changed(('"Usable"', '"Canceled"'), (HTML, "")))

    assert found["pub_status"] == "canceled"


def test_each_item_is_a_record() -> None:
    """And a file by itself."""
    item = STORY[STORY.index("<NewsItem>") : STORY.index("</NewsML>")]
    first, second = records(newsml_1, STORY.replace("</NewsML>", f"{item}</NewsML>"))

    assert first.fields == second.fields
    assert b"<NewsItem>" in second.data


@given(st.one_of(st.binary(max_size=300), broken(STORY)))
def test_no_bytes_break_it(data: bytes) -> None:
    """They are articles or have a reason."""
    assert survives(newsml_1, data)
