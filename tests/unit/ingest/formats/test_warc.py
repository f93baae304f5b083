"""Web archives: an article for each page."""

import gzip
import io
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.web import warc
from services.ingest.records import Document, Limits, Record
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
)

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
HTML = "text/html; charset=utf-8"
STORY = "The café of the harbour of Port Vesper reopened on Monday, the port said."


def page(headline: str = "Harbour reopens", head: str = "") -> bytes:
    return (
        f"<!doctype html><html><head><title>{headline}</title>{head}</head>"
        f"<body><article><p>{STORY}</p></article></body></html>"
    ).encode()


def record(kind: str, content_type: str, block: bytes, **more: str) -> bytes:
    """Return a record; names with `_` for `-`."""
    said = {
        "WARC-Type": kind,
        "WARC-Record-ID": "<urn:uuid:1>",
        "WARC-Date": "2026-11-23T09:00:00Z",
        "WARC-Target-URI": "https://vesper.example/1",
        "Content-Type": content_type,
        "Content-Length": str(len(block)),
        **{name.replace("_", "-"): value for name, value in more.items()},
    }
    header = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
    return b"WARC/1.0\r\n" + header.encode() + b"\r\n" + block + b"\r\n\r\n"


def response(body: bytes, *headers: str, status: str = "200 OK", **more: str) -> bytes:
    said = "\r\n".join([f"HTTP/1.1 {status}", *(headers or (f"Content-Type: {HTML}",)), "", ""])
    return record("response", "application/http; msgtype=response", said.encode() + body, **more)


def chunked(body: bytes) -> bytes:
    pieces = (body[at : at + 50] for at in range(0, len(body), 50))
    return b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


INFO = record("warcinfo", "application/warc-fields", b"software: a\r\n")
THREE = [response(page(f"Page {number}")) for number in (1, 2, 3)]


def headlines(found: list[Record] | Iterator[Record]) -> list[object]:
    return [(one.fields or {}).get("headline", one.reason) for one in found]


def test_a_response_in_html_is_an_article() -> None:
    """Address and time are those of the archive where the page says none."""
    assert fields(warc, INFO + response(page())) == {
        "url": "https://vesper.example/1",
        "headline": "Harbour reopens",
        "body": STORY,
        "published_at": NINE,
    }


def test_what_the_page_says_is_believed_before_the_archive() -> None:
    """Its canonical address, its times."""
    head = """<link rel=canonical href="https://vesper.example/c">
    <meta property="article:modified_time" content="2026-11-23T10:00:00Z">"""

    found = fields(warc, response(page(head=head)))

    assert found["url"] == "https://vesper.example/c"
    assert found["updated_at"] == NINE.replace(hour=10)
    assert "published_at" not in found


@pytest.mark.parametrize("kind", ["resource", "conversion"])
def test_resources_and_conversions_are_articles(kind: str) -> None:
    """In HTML or in plain text, as web corpora hold."""
    assert fields(warc, record(kind, "text/html", page()))["headline"] == "Harbour reopens"
    assert fields(warc, record(kind, "text/plain; charset=koi8-r", "Порт".encode("koi8-r"))) == {
        "url": "https://vesper.example/1",
        "body": "Порт",
        "published_at": NINE,
    }


def test_all_other_records_are_passed_over() -> None:
    """Requests, metadata, pictures, redirects, errors, addresses of hosts."""
    others = [
        INFO,
        record("request", "application/http; msgtype=request", b"GET / HTTP/1.1\r\n\r\n"),
        record("metadata", "text/plain", b"fetchTimeMs: 1"),
        record("revisit", "application/http; msgtype=response", b"HTTP/1.1 200 OK\r\n\r\n"),
        record("response", "text/dns", b"1.2.3.4", WARC_Target_URI="dns:vesper.example"),
        record("resource", "image/png", b"\x89PNG"),
        response(b"\x89PNG", "Content-Type: image/png"),
        response(page(), status="301 Moved"),
        response(page(), status="404 Not Found"),
    ]

    assert headlines(records(warc, b"".join([*others, *THREE, *others]))) == [
        "Page 1",
        "Page 2",
        "Page 3",
    ]
    assert reason(warc, b"".join(others)).startswith("a web archive without pages")


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(page())),
        ("x-gzip", gzip.compress(page()[:50]) + gzip.compress(page()[50:])),
        ("deflate", zlib.compress(page())),
        ("deflate", zlib.compress(page(), wbits=-15)),
        ("zstd", zstandard.compress(page())),
        ("gzip", page()),
        ("identity", page()),
    ],
)
@pytest.mark.parametrize("joins", [True, False])
def test_responses_are_joined_and_unpacked(encoding: str, body: bytes, joins: bool) -> None:
    """As browsers do; a body that was unpacked by who archived it is taken as it is."""
    headers = [f"Content-Type: {HTML}", f"Content-Encoding: {encoding}"]
    headers += ["Transfer-Encoding: chunked"] if joins else []

    assert fields(warc, response(chunked(body) if joins else body, *headers))["body"] == STORY


@pytest.mark.parametrize(
    ("encoding", "body", "said"),
    [
        ("br", b"abc", "packed by 'br', which is not read"),
        ("gzip", gzip.compress(page())[:-40], "broken gzip"),
        ("gzip", b"abc", "broken gzip"),
        ("gzip", gzip.compress(b" " * 10_000_000), "larger than 1000000 bytes once it is unpacked"),
        ("zstd", zstandard.compress(b" " * 10_000_000), "larger than 1000000 bytes"),
        ("identity", b"<p></p>", "HTML without text"),
    ],
)
def test_a_page_that_cannot_be_read_has_a_reason(encoding: str, body: bytes, said: str) -> None:
    """With its place and its address; what a bomb would fill is bounded."""
    data = response(body, f"Content-Type: {HTML}", f"Content-Encoding: {encoding}") + THREE[0]

    first, second = warc.read(Document.of(data, limits=Limits(document_bytes=1_000_000)))

    assert (first.reason or "").startswith(f"at byte 0 (https://vesper.example/1): {said}")
    assert second.fields


def test_records_have_their_bytes_and_stand_by_themselves() -> None:
    """Empty lines between them are of none."""
    data = INFO + b"".join(THREE)

    found = records(warc, data)

    assert [data[one.start : one.end] + b"\r\n\r\n" for one in found] == THREE
    assert [one.data + b"\r\n\r\n" for one in found] == THREE
    assert records(warc, found[1].data)[0].fields == found[1].fields


@pytest.mark.parametrize("seekable", [True, False])
def test_reading_goes_on_at_a_record(seekable: bool) -> None:
    """Or at the end of the one before."""
    data = INFO + b"".join(THREE)
    found = records(warc, data)
    for start in (found[1].start, found[0].end):
        source = io.BytesIO(data)
        source.seekable = lambda: seekable  # type: ignore[method-assign]

        assert list(warc.read(Document(source, start=start))) == found[1:]


@pytest.mark.parametrize("length", ["1000", "2000", "999999999"])
def test_a_length_that_is_too_great_costs_no_other_record(length: str) -> None:
    """The records behind it are found again."""
    wrong = response(page("Wrong"), Content_Length=length)

    found = records(warc, THREE[0] + wrong + THREE[1] + INFO + THREE[2])

    assert headlines(found) == [
        "Page 1",
        f"at byte {len(THREE[0])}: cut off, or its Content-Length is wrong",
        "Page 2",
        "Page 3",
    ]


@pytest.mark.parametrize(
    "broken_record",
    [
        response(page(), Content_Length="150"),
        response(page(), Content_Length=""),
        response(page(), Content_Length="many"),
        b"no record of any kind\r\n\r\n",
        b"\0" * 100_000 + b"\r\n",
    ],
)
def test_bytes_that_are_no_record_have_a_reason(broken_record: bytes) -> None:
    """The records behind them are found again."""
    *_, said, after = headlines(records(warc, THREE[0] + broken_record + THREE[1]))

    assert str(said).startswith("at byte ")
    assert after == "Page 2"


def test_an_archive_that_is_cut_off_says_so() -> None:
    """At the record."""
    said = headlines(records(warc, THREE[0] + THREE[1][:-100]))

    assert said == ["Page 1", f"at byte {len(THREE[0])}: cut off, or its Content-Length is wrong"]


def test_a_page_that_is_too_long_has_a_reason_and_a_film_has_none() -> None:
    """Neither is held in memory."""
    film = response(b"\0" * 500_000, "Content-Type: video/mp4")
    long = response(page() + b" " * 500_000)

    found = list(
        warc.read(Document.of(film + long + THREE[0], limits=Limits(record_bytes=100_000)))
    )

    assert [one.reason is None for one in found] == [False, True]
    assert "the limit is 100000" in (found[0].reason or "")
    assert found[0].data == b""


def test_many_records_with_wrong_lengths_end_in_good_time() -> None:
    """What is read again has a bound."""
    data = b"WARC/1.0\r\nContent-Length: 900000\r\n\r\n\r\n\r\n" * 2000 + THREE[0]

    found = records(warc, data)

    assert all(one.reason for one in found[:-1])
    assert len(data) - found[-1].end <= len(b"\r\n\r\n")


@pytest.mark.parametrize("version", [b"WARC/1.0", b"WARC/1.1", b"WARC/0.18"])
def test_archives_are_recognised(version: bytes) -> None:
    """By their first bytes."""
    assert recognised(warc, THREE[0].replace(b"WARC/1.0", version))
    assert not recognised(warc, b"\n" + THREE[0])


@given(st.binary(max_size=300), st.sampled_from([b"", b"WARC/1.0\r\n", THREE[0][:300]]))
def test_no_bytes_break_it(data: bytes, before: bytes) -> None:
    """Articles and reasons."""
    assert survives(warc, before + data)


@given(
    broken(
        (
            INFO
            + response(page())
            + response(chunked(page()), "Content-Type: text/html", "Transfer-Encoding: chunked")
            + record("conversion", "text/plain", b"A.")
        ).decode()
    )
)
def test_no_broken_archive_breaks_it(data: bytes) -> None:
    """Cut, changed or repeated anywhere."""
    assert survives(warc, data)


@given(st.integers(0, len(gzip.compress(page())) - 1), st.integers(0, 255))
def test_no_broken_body_breaks_it(at: int, byte: int) -> None:
    """A byte changed in what is packed."""
    body = gzip.compress(page())
    body = body[:at] + bytes([byte]) + body[at + 1 :]

    assert survives(warc, response(body, f"Content-Type: {HTML}", "Content-Encoding: gzip"))
