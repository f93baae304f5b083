"""JSON as one object, lines and an array: told apart, read record by record, salvaged."""

import contextlib
import itertools
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats import format_of
from services.ingest.formats.json_based import json_array, json_lines, json_object
from services.ingest.records import Document, Limits, Record
from shared.errors import Unreadable

ONE, TWO = {"headline": "One"}, {"headline": "Two"}


def records(data: bytes, *, start: int = 0, **limits: int) -> list[Record]:
    document = Document.of(data, start=start, limits=Limits(**limits))
    return list(format_of(document).read(document))


def said(found: list[Record]) -> list[str | Mapping[str, Any]]:
    return [record.reason or dict(record.fields or {}) for record in found]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b'{"headline": "One"}', "JSON"),
        (b'{\n  "headline": "One"\n}\n', "JSON"),
        (b'{"headline": "One",\n "body": "b",\n "source": "s"}\n', "JSON"),
        (b'\xef\xbb\xbf {"headline": "One"}', "JSON"),
        (b'{"headline": "One"}\n{"headline": "Two"}\n', "JSON lines"),
        (b'{"headline": "One"}\r\n\r\n{"headline": "Two"}', "JSON lines"),
        (b'{"headline": \n{"headline": "Two"}\n{"headline": "Three"}', "JSON lines"),
        (b'{"body": "' + b"x" * 70_000 + b'"}\n{"headline": "Two"}', "JSON lines"),
        (b'\n [{"headline": "One"}]', "JSON array"),
    ],
)
def test_json_is_told_by_its_lines(data: bytes, name: str) -> None:
    """One object may be spread over lines; several stand one a line, or in an array."""
    found = format_of(Document.of(data))

    assert name == found.NAME


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n  \n"])
@pytest.mark.parametrize("last", [b"", b"\n"])
def test_lines_are_articles(end: bytes, last: bytes) -> None:
    """Blank lines are none; the last may lack its end."""
    data = json.dumps(ONE).encode() + end + json.dumps(TWO).encode() + last

    assert said(records(data)) == [ONE, TWO]


def test_a_line_knows_its_bytes() -> None:
    """Also behind a byte order mark, and in letters of several bytes."""
    data = '\ufeff{"headline": "Été"}\n{"headline": "Zwei"}\n'.encode()

    assert [data[one.start : one.end] for one in records(data)] == [
        '{"headline": "Été"}\n'.encode(),
        b'{"headline": "Zwei"}\n',
    ]


def test_a_broken_line_harms_no_other() -> None:
    """Its bytes are kept as they came."""
    first, broken, last = records(b'{"headline": "One"}\n{"headline": "Tw\n{"headline": "Two"}\n')

    assert said([first, last]) == [ONE, TWO]
    assert broken.reason == "not JSON (column 17): unexpected end of data"
    assert broken.data == b'{"headline": "Tw\n'


def test_a_line_too_long_is_passed_over() -> None:
    """However long it is, the next one is read."""
    data = b'{"headline": "One"}\n{"headline": "' + b"x" * 3_000_000 + b'"}\n{"headline": "Two"}\n'

    first, long, last = records(data, record_bytes=1000)

    assert said([first, last]) == [ONE, TWO]
    assert "the limit is 1000 (NEWSFLOW_MAX_RECORD_BYTES)" in (long.reason or "")
    assert (long.start, long.end) == (20, 3_000_037)


def test_one_line_in_another_encoding_is_set_aside() -> None:
    """In a file of UTF-8 it is a mistake: guessing would garble it."""
    data = b'{"headline": "One"}\n' * 20 + '{"headline": "Été"}\n'.encode("cp1252")
    padding = b'{"headline": "Two"}\n' * 4000  # the file looks like UTF-8 as far as is looked

    found = records(padding + data)

    assert found[-1].reason == "not UTF-8 (byte 14 of the record)"


def test_lines_of_another_encoding_are_read() -> None:
    """When the file is in it from its beginning."""
    data = "".join(f'{{"headline": "Été à Zürich, numéro {n}"}}\n' for n in range(20))

    assert said(records(data.encode("cp1252")))[0] == {"headline": "Été à Zürich, numéro 0"}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'[{"headline": "One"}, {"headline": "Two"}]', [ONE, TWO]),
        (b'[\n{"headline": "One"},\n{"headline": "Two"}\n]\n', [ONE, TWO]),
        (b'[{"headline": "One"} {"headline": "Two"}]', [ONE, TWO]),
        (b"[]", []),
        (
            b'[{"headline": "One"}, {"headline" 1}, {"headline": "Two"}]',
            [ONE, "not JSON (column 13): unexpected character, expected ':' after key", TWO],
        ),
        (b'[{"headline": "One"}, nul, {"headline": "Two"}]', [ONE, ..., TWO]),
        (b'[{"headline": "One"}, {"headline": "Tw', [ONE, ...]),
        (b'[{"headline": "One"}', [ONE, "cut off: the array does not end"]),
        (b'[{"headline": "One"}] {"headline": "Two"}', [ONE, ...]),
        (b'[1, {"headline": "One"}]', ["a JSON number; an article is a JSON object", ONE]),
        (b"[" * 50_000, [...]),
    ],
)
def test_elements_of_an_array_are_articles(data: bytes, expected: list[Any]) -> None:
    """A broken one has a reason, and reading goes on behind it."""
    found = said(records(data))

    assert len(found) == len(expected)
    for one, wanted in zip(found, expected, strict=True):
        assert one == wanted if wanted is not ... else isinstance(one, str)


def test_an_array_is_read_in_the_memory_of_an_element() -> None:
    """Pieces are read as they are needed, and dropped."""
    data = b"[" + b",\n".join([json.dumps({"headline": "x" * 5000}).encode()] * 1000) + b"]"

    assert len(records(data, document_bytes=10_000)) == 1000


def test_an_element_too_long_is_passed_over() -> None:
    """Its bytes are not held in memory."""
    long = b'{"headline": "' + b"x" * 3_000_000 + b'"}'

    found = records(b'[{"headline": "One"},' + long + b',{"headline": "Two"}]', record_bytes=1000)

    assert said([found[0], found[-1]]) == [ONE, TWO]
    assert "the limit is 1000" in (found[1].reason or "")
    assert found[1].data == b""


@pytest.mark.parametrize(
    "data",
    [
        b'{"headline": "One"}\n{"x\n{"headline": "Two"}\n{"headline": "Three"}\n',
        '[{"headline": "Öne"}, {"x" 1}, {"headline": "Two"}, {"headline": "Three"}]'.encode(),
    ],
)
def test_reading_resumes_behind_any_record(data: bytes) -> None:
    """From the end of a record on, the rest is as it was."""
    whole = records(data)

    for number, record in enumerate(whole, start=1):
        reader = json_array if data.startswith(b"[") else json_lines
        assert list(reader.read(Document.of(data, start=record.end))) == whole[number:]


@pytest.mark.parametrize("name", ["articles", "items", "_items", "data"])
def test_an_object_may_hold_a_list(name: str) -> None:
    """A page of results: each is an article, and a file by itself when it is set aside."""
    found = records(json.dumps({"total": 2, name: [ONE, 5]}).encode())

    assert said(found) == [ONE, "a JSON number; an article is a JSON object"]
    assert json.loads(found[0].data) == ONE


def test_objects_with_other_names_are_read_like_tables() -> None:
    """What news services on the web send: `title`, `content`, `publishedAt`, a named source."""
    article = {
        "source": {"id": None, "name": "Harbour News"},
        "title": "One",
        "content": "It was one.",
        "publishedAt": "2026-11-20T10:00:00Z",
    }

    [found] = records(json.dumps({"status": "ok", "articles": [article]}).encode())

    assert found.fields is not None
    assert found.fields["headline"] == "One"
    assert found.fields["body"] == "It was one."
    assert found.fields["source"] == "Harbour News"
    assert str(found.fields["published_at"]).startswith("2026-11-20 10:00")


def test_items_may_be_wrapped() -> None:
    """As in AP's Media API: `data`, `items`, and in each an `item`."""
    item = {
        "uri": "urn:x",
        "type": "text",
        "version": 1,
        "headline": "One",
        "body_html": "<p>x</p>",
    }

    [found] = records(json.dumps({"data": {"items": [{"meta": {}, "item": item}]}}).encode())

    assert found.fields is not None
    assert found.fields["headline"] == "One"


def test_a_graph_of_schema_org_is_its_articles() -> None:
    """The other nodes are what they refer to."""
    nodes = [
        {"@type": "NewsArticle", "headline": "One", "articleBody": "It was one."},
        {"@type": "WebPage", "name": "A page"},
        {"@type": "NewsArticle", "headline": "Two", "articleBody": "It was two."},
    ]

    found = records(json.dumps({"@context": "https://schema.org", "@graph": nodes}).encode())

    assert [record.fields and record.fields["headline"] for record in found] == ["One", "Two"]


def test_repeated_keys_are_refused() -> None:
    """One of the two would be lost; further within, where nothing is read, they do no harm."""
    with pytest.raises(Unreadable, match="a key stands twice: 'headline'"):
        records(b'{"headline": "One", "headline": "Two"}')

    [found] = records(b'{"headline": "One", "x": {"a": 1, "a": 2}}')
    assert found.reason is None


@given(st.data())
def test_damage_of_any_kind_is_a_reason(data: st.DataObject) -> None:
    """Any bytes of the kind give records; only Unreadable is raised, and ranges do not overlap."""
    article = '{"headline": "Été, {x}, [y]", "subjects": [{"id": "a"}, {"name": "b"}]}'
    whole = data.draw(st.sampled_from([article, f"[{article}, {article}]", f"{article}\n" * 3]))
    broken = bytearray(whole.encode())
    for at in data.draw(st.lists(st.integers(0, len(broken) - 1), max_size=4)):
        broken[at] = data.draw(st.sampled_from(b'{}[]",:\\ \n\xff1'))
    cut = bytes(broken[: data.draw(st.integers(1, len(broken)))])
    reader = data.draw(st.sampled_from([json_array, json_lines, json_object]))
    if reader is json_array and b"[" not in cut:
        return

    found: list[Record] = []
    with contextlib.suppress(Unreadable):
        found.extend(reader.read(Document.of(cut)))

    assert all((one.fields is None) == (one.reason is not None) for one in found)
    if reader is not json_object:
        assert all(a.end <= b.start for a, b in itertools.pairwise(found))
