"""From the bytes of a file to its article."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.handler import read
from shared.errors import Unreadable
from shared.messages import RawArticle
from tests.builders import NOON


def article_in(data: bytes) -> RawArticle:
    [article] = read(data, file="desk/story.txt", sha256="ab" * 32, received_at=NOON)
    return article


def test_an_article_knows_its_file() -> None:
    """Path within the inbox, hash, record and byte range: where it stood."""
    origin = article_in(b"Harbour reopens\nIt did.").provenance.file

    assert origin is not None
    assert (origin.path, origin.sha256, origin.record) == ("desk/story.txt", "ab" * 32, 1)
    assert (origin.start, origin.end) == (0, 23)


def test_a_file_cannot_say_how_it_was_received() -> None:
    """Receipt and provenance are ours, whatever the JSON holds."""
    article = article_in(b'{"body": "x", "received_at": "1999-01-01", "provenance": {}}')

    assert article.received_at == NOON
    assert article.provenance.file is not None


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1", "cp1251"]
)
def test_text_is_read_in_whatever_encoding_it_has(encoding: str) -> None:
    """By its mark, as UTF-8, or by its look."""
    text = (
        "Президент заявил в понедельник, что страна готова к новым переговорам о мире."
        if encoding == "cp1251"
        else "Café owners in Zürich said prices rose, the ministry for trade in São Paulo agreed."
    )

    assert article_in(text.encode(encoding)).body == text


def test_typographic_quotes_of_windows_are_read() -> None:
    """An English page of Windows-1252 is not taken for Central European."""
    text = (
        "The minister said “we will not yield” – and Nestlé’s shares fell 3½ percent in São Paulo."
    )

    assert article_in(text.encode("cp1252")).body == text


def test_polish_of_windows_is_read() -> None:
    """Nor the other way round."""
    text = "Prezydent powiedział w poniedziałek, że rząd przyjmie nową ustawę o mediach."

    assert article_in(text.encode("cp1250")).body == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty: nothing but white space"),
        (b"\xff\xfe", "neither `headline` nor `body` holds any text"),
        (b"%PDF-1.7\n\x00\x01\x02", "not text: it holds binary data"),
        (bytes(range(256)) * 4, "not text: it holds binary data"),
        (b"\xef\xbb\xbf{", "not JSON (line 1, column 2)"),
        (b"[{}]", "a JSON array; one article is one JSON object"),
        (b'{"a": ' * 100_000, "depth limit exceeded"),
        (b'{"body": "\\ud800"}', "no low surrogate in string"),
        (b'{"body": "x", "headline": NaN}', "unexpected character, expected a JSON value"),
    ],
)
def test_what_holds_no_article_has_a_reason(data: bytes, reason: str) -> None:
    """Unreadable, in words for whoever dropped it."""
    with pytest.raises(Unreadable) as raised:
        article_in(data)

    assert reason in str(raised.value)


@given(st.binary(max_size=2000))
def test_no_file_whatever_breaks_the_reader(data: bytes) -> None:
    """Any bytes are an article or an Unreadable."""
    try:
        said = article_in(data).text
    except Unreadable as error:
        said = str(error)

    assert said
