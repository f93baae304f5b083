"""The contracts take what newsrooms send, and refuse with a reason what is no article."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.entries.wire import explain
from shared.messages import ENTRY, EntryOrigin, RawArticle
from tests.builders import raw_article

FROM_STREAM = {ENTRY: EntryOrigin(stream="articles.raw", entry_id="1795470694568-3")}


def test_a_message_needs_nothing_but_text() -> None:
    """Receipt and provenance come from the stream entry: the same at every delivery."""
    article = RawArticle.model_validate_json('{"body": "Words."}', context=FROM_STREAM)

    assert article.received_at == datetime(2026, 11, 23, 21, 51, 34, 568000, tzinfo=UTC)
    assert article.provenance.entry == FROM_STREAM[ENTRY]
    assert article.version_created == article.received_at


def test_unknown_fields_are_ignored() -> None:
    """Services can be upgraded one by one."""
    article = RawArticle.model_validate_json('{"body": "W", "new": 1}', context=FROM_STREAM)

    assert article.body == "W"


def test_a_message_is_frozen() -> None:
    """Nobody changes an article on its way."""
    with pytest.raises(ValidationError):
        raw_article().headline = "Other"  # type: ignore[misc]


def test_the_newest_time_that_a_publisher_gives_orders_versions() -> None:
    """Updated, else published, else received."""
    times = {
        "updated_at": "2026-03-03T00:00:00Z",
        "published_at": "2026-02-02T00:00:00Z",
        "received_at": "2026-01-01T00:00:00Z",
    }

    for name in list(times):
        article = raw_article(**times)
        assert article.version_created == getattr(article, name)
        del times[name]
        times.setdefault("received_at", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    ("given_time", "utc"),
    [
        ("2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00+00:00"),
        ("2026-11-23T10:00:00", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23T10:00:00.123456Z", "2026-11-23T10:00:00.123000+00:00"),
    ],
)
def test_times_are_utc_in_milliseconds(given_time: str, utc: str) -> None:
    """Without an offset a time is UTC; finer than MongoDB keeps it is cut."""
    article = raw_article(published_at=given_time)

    assert article.published_at is not None
    assert article.published_at.isoformat() == utc


@pytest.mark.parametrize("word", ["canceled", "cancelled", "stat:canceled", " Canceled "])
def test_a_kill_is_understood_however_it_is_spelled(word: str) -> None:
    """IPTC's word, the qcode and the British spelling; a kill needs no text."""
    article = RawArticle.model_validate({"uri": "urn:a", "pub_status": word}, context=FROM_STREAM)

    assert article.pub_status == "canceled"


def test_text_is_made_of_html_when_none_is_given() -> None:
    """Blocks are lines, inline tags are not, scripts are nothing; the HTML is kept."""
    html = "<p>One <b>two</b> three</p><script>alert(1)</script><p>Four &amp; five</p>"

    article = raw_article(headline=None, body="", body_html=html)

    assert article.body == "One two three\nFour & five"
    assert article.body_html == html


def test_text_that_is_given_is_kept_beside_html() -> None:
    """The publisher's own text version wins."""
    assert raw_article(body="Mine", body_html="<p>Theirs</p>").body == "Mine"


@pytest.mark.parametrize(
    ("headline", "body", "text"),
    [
        ("Head", "Body", "Head\nBody"),
        ("Head", "", "Head"),
        (None, "Head\nBody", "Head\nBody"),
        ("Head", "Head\nBody", "Head\nBody"),
        ("Head  line", "Head line\nBody", "Head line\nBody"),
        ("Head", "a\r\nb\rc", "Head\na\nb\nc"),
    ],
)
def test_the_stored_text_is_headline_and_body_once(
    headline: str | None, body: str, text: str
) -> None:
    """A headline that the body repeats stands once; lines end in one way."""
    assert raw_article(headline=headline, body=body).text == text


@pytest.mark.parametrize(
    ("json", "reason"),
    [
        ("{", "not JSON: EOF while parsing an object at line 1 column 1"),
        ("[]", "not a JSON object"),
        ("{}", "neither `headline` nor `body` holds any text"),
        ('{"body": "  "}', "neither `headline` nor `body` holds any text"),
        ('{"pub_status": "canceled"}', "neither `headline` nor `body` holds any text"),
        ('{"headline": 5}', "`headline`: input should be a valid string, got 5"),
        (
            '{"body": "x", "published_at": "soon"}',
            (
                "`published_at`: input should be a valid datetime or date, input is too short, "
                "got 'soon'"
            ),
        ),
    ],
)
def test_what_is_no_article_has_a_reason(json: str, reason: str) -> None:
    """The reason names the field and what was found there."""
    with pytest.raises(ValidationError) as raised:
        RawArticle.model_validate_json(json, context=FROM_STREAM)

    assert explain(raised.value) == reason


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "1e300"])
def test_a_number_that_is_none_or_is_rounded_is_no_version(number: str) -> None:
    """Python reads NaN as JSON, and it is smaller than no limit."""
    with pytest.raises(ValidationError):
        RawArticle.model_validate_json(f'{{"body": "W", "version": {number}}}', context=FROM_STREAM)


def test_many_problems_are_said_in_one_line() -> None:
    """Five are named, the rest counted."""
    numbers = dict.fromkeys(("headline", "body", "byline", "summary", "source", "url", "uri"), 5)

    with pytest.raises(ValidationError) as raised:
        RawArticle.model_validate(numbers, context=FROM_STREAM)

    assert explain(raised.value).endswith("; and 2 more")


@given(st.text(), st.text())
def test_an_article_survives_its_own_json(headline: str, body: str) -> None:
    """What is written to a stream is read back the same, whatever the text."""
    fields = {"headline": headline, "body": body, "uri": "urn:a", "pub_status": "canceled"}
    article = raw_article(**fields)

    again = RawArticle.model_validate_json(article.model_dump_json())

    assert again == article
    assert again.content_hash == article.content_hash
