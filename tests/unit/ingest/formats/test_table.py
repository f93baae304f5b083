"""Tables in text: one article a row, below a header."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.text import table
from services.ingest.records import Document, Limits, Record
from shared.errors import Unreadable
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
)

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
THREE = 'id,headline,body\n1,One,A\n2,Two,"B\nsays ""C"", D"\n3,Three,E\n'


def row(**cells: str) -> dict[str, object]:
    """Return the fields of a table of one row with these columns, between tabs."""
    names = "\t".join(name.replace("__", " ") for name in cells)
    return fields(table, f"{names}\n" + "\t".join(cells.values()) + "\n")


def texts(found: list[Record]) -> list[object]:
    return [record.fields["headline"] if record.fields else record.reason for record in found]


def test_every_column_becomes_its_field() -> None:
    """Whatever else is in the table is no business of ours."""
    assert row(
        guid="vw-1",
        URL="https://vesper.example/1",
        version="3",
        headline="Harbour reopens",
        summary="Ships sail.",
        body="The harbour reopened.",
        author="Ann Lee",
        source="Vesper Wire",
        language="en",
        location="Port Vesper",
        urgency="4",
        status="published",
        date="2026-11-23T09:00:00Z",
        updated="Mon, 23 Nov 2026 09:00:00 GMT",
        embargo="2026-11-23 09:00:00 +0000",
        category="shipping",
        Tags="ports; medtop:20000337",
        price="7",
    ) == {
        "guid": "vw-1",
        "url": "https://vesper.example/1",
        "version": "3",
        "headline": "Harbour reopens",
        "summary": "Ships sail.",
        "body": "The harbour reopened.",
        "byline": "Ann Lee",
        "source": "Vesper Wire",
        "language": "en",
        "located": "Port Vesper",
        "urgency": 4,
        "pub_status": "usable",
        "published_at": NINE,
        "updated_at": NINE,
        "embargoed_until": NINE,
        "subjects": [{"name": "shipping"}, {"name": "ports"}, {"id": "medtop:20000337"}],
    }


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Title", "headline"),
        ("CONTENT", "body"),
        ("article", "body"),
        ("body_html", "body_html"),
        ("Description", "summary"),
        ("abstract", "summary"),
        ("publisher", "source"),
        ("agency", "source"),
        ("lang", "language"),
        ("by", "byline"),
    ],
)
def test_columns_are_known_by_common_names(name: str, field: str) -> None:
    """In any case."""
    assert row(**{"text" if field != "body" else "title": "A", name: "B"})[field] == "B"


@pytest.mark.parametrize(
    "name", ["published", "pubDate", "Published At", "published_at", "created"]
)
def test_times_are_known_by_common_names(name: str) -> None:
    """In any case, with spaces or without."""
    assert row(title="A", **{name: "2026-11-23T10:00:00+01:00"})["published_at"] == NINE


def test_an_id_that_is_a_uri_is_one() -> None:
    """It is the publisher's lasting id."""
    assert row(title="A", id="urn:vesper:1") == {"headline": "A", "uri": "urn:vesper:1"}


def test_html_in_a_body_is_kept_as_it_came() -> None:
    """The text is made of it later."""
    assert row(title="A", body="<p>B</p>")["body_html"] == "<p>B</p>"


def test_of_several_columns_of_a_field_the_first_that_is_filled_counts() -> None:
    """As exports have them."""
    assert row(title="", headline="B", body="C", text="D") == {"headline": "B", "body": "C"}


def test_what_cannot_be_read_is_left_out() -> None:
    """Dates, urgencies and addresses."""
    assert row(title="A", date="Monday", urgency="high", url="/1") == {"headline": "A"}


@pytest.mark.parametrize(
    ("status", "kept"),
    [("Canceled", "canceled"), ("kill", "canceled"), ("withheld", "withheld"), ("live", "usable")],
)
def test_a_status_is_read_in_the_words_of_newsrooms(status: str, kept: str) -> None:
    """And in those of IPTC."""
    assert row(title="A", status=status)["pub_status"] == kept


def test_a_kill_needs_an_id_and_no_text() -> None:
    """It names the article."""
    assert row(title="", id="vw-1", status="canceled") == {"guid": "vw-1", "pub_status": "canceled"}


def test_status_and_embargo_that_cannot_be_read_are_reasons() -> None:
    """Neither is left out in silence."""
    assert reason(table, "title,status\nA,draft\n") == "line 2: a status that is not known: 'draft'"
    assert reason(table, "title,embargo\nA,soon\n") == (
        "line 2: an embargo that is no date and time: 'soon'"
    )


def test_rows_have_their_bytes_and_stand_by_themselves_with_the_header() -> None:
    """Line ends and quotation marks within a cell are part of it."""
    data = THREE.encode()

    found = records(table, data)

    assert texts(found) == ["One", "Two", "Three"]
    assert (found[1].fields or {})["body"] == 'B\nsays "C", D'
    assert [data[record.start : record.end] for record in found] == [one.data for one in found]
    assert b"".join([found[0].head, *(record.data for record in found)]) == data
    assert records(table, found[1].head + found[1].data)[0].fields == found[1].fields


@pytest.mark.parametrize("seekable", [True, False])
def test_reading_goes_on_at_a_row(seekable: bool) -> None:
    """The header is read first, and lines are counted from the beginning."""
    data = (THREE + "4,Four\n").encode()
    source = io.BytesIO(data)
    source.seekable = lambda: seekable  # type: ignore[method-assign]
    start = data.index(b"3,")

    found = list(table.read(Document(source, start=start)))

    assert texts(found) == ["Three", "line 6: 2 cells, the header has 3"]
    assert found[0].start == start


def test_a_wrong_number_of_cells_is_a_reason_and_the_next_row_goes_on() -> None:
    """Empty cells at the end are none too many."""
    found = records(table, "title,body\nA,B\nA\n\nA,B,C\n,\nD,E,,\n")

    assert texts(found) == [
        "A",
        "line 3: 1 cell, the header has 2",
        "line 5: 3 cells, the header has 2",
        "D",
    ]


def test_a_quotation_mark_that_is_never_closed_costs_one_line() -> None:
    """The rows behind it are read again."""
    found = records(table, 'title,body\n"A,B\nC,D\nE,F\n')

    assert texts(found) == ["line 2: a quotation mark that is never closed", "C", "E"]


def test_quotation_marks_within_a_cell_are_part_of_it() -> None:
    """Hands and bad exports leave them as they are."""
    [record] = records(table, 'title,body\nThe 5" gun,"He said "no", she "yes"."\n')

    assert record.reason == "line 2: 3 cells, the header has 2"
    assert fields(table, 'title,body\nThe 5" gun, "He "said" no"\n') == {
        "headline": 'The 5" gun',
        "body": 'He "said" no',
    }


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_every_delimiter_line_end_and_encoding(delimiter: str, end: str, encoding: str) -> None:
    """Excel alone writes four of these."""
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    text = f"{mark}title,body{end}Port,Ćafé{end}Two,B".replace(",", delimiter)

    data = text.encode(encoding)

    assert recognised(table, data)
    assert [(record.fields or {}).get("body") for record in records(table, data)] == ["Ćafé", "B"]
    assert records(table, data)[1].end == len(data)


def test_a_table_in_an_older_encoding_is_read_in_it() -> None:
    """It is told by its look."""
    body = "Die Fähren müssen über Nacht draußen bleiben, erklärte der Hafen am Montag für alle."
    text = f"title;text\nHafen öffnet;{body}\n"

    assert fields(table, text.encode("cp1252")) == {"headline": "Hafen öffnet", "body": body}


def test_a_row_in_another_encoding_has_a_reason() -> None:
    """The rest of the table is as it should be."""
    assert texts(records(table, b"title,body\nA,B\nCaf\xe9,B\nC,D\n" + b"x,y\n" * 20_000))[:3] in (
        ["A", "line 3: not utf-8 (byte 3 of the row)", "C"],
        ["A", "Café", "C"],
    )
    late = b"title,body\n" + b"x,y\n" * 20_000 + b"Caf\xe9,B\nC,D\n"
    assert texts(records(table, late))[-2:] == ["line 20002: not utf-8 (byte 3 of the row)", "C"]


def test_the_delimiter_that_excel_names_is_taken() -> None:
    """Its first line is no header."""
    [record] = records(table, "sep=;\r\ntitle;body\r\nA;B\r\n")

    assert record.fields == {"headline": "A", "body": "B"}
    assert record.head == b"sep=;\r\ntitle;body\r\n"


def test_a_row_that_is_too_long_is_passed_over() -> None:
    """Its bytes are not held in memory."""
    data = b"title,body\nA," + b"x" * 3_000_000 + b"\nC,D\n"
    limits = Limits(record_bytes=100)

    found = list(table.read(Document.of(data, limits=limits)))

    assert "the limit is 100" in (found[0].reason or "")
    assert (found[0].start, found[0].end, found[0].data) == (11, 3_000_014, b"")
    assert texts(found)[1] == "C"


def test_a_table_without_rows_is_none() -> None:
    """Nor is one without a header."""
    assert reason(table, "title,body\n") == "a table without rows"
    with pytest.raises(Unreadable, match="names no columns"):
        records(table, "A,B\nC,D\n")


@pytest.mark.parametrize(
    "text",
    [
        "Ships, ferries, and the port\nPORT VESPER (VW) - The harbour, it said, reopened.\n",
        "Title, body and soul\nThe film, a first, opens on Monday.\n",
        "title\nA\nB\n",
        "title,body\nNo second cell in the next line\n",
        "name,price\nA,7\n",
        "Date, title and agency of a story, as they stand in the archive of 1912\na,b\n",
        "title,title\nA,B\n",
        "id,date,source\n1,2026-11-23,VW\n",
        "| title | body |\n|---|---|\n| A | B |\n",
        "",
        "\0title,body\nA,B\n",
    ],
)
def test_stories_with_commas_are_no_tables(text: str) -> None:
    """Nor are tables of other things."""
    assert not recognised(table, text)


@given(st.binary(max_size=200) | st.text('ab,";\n\r\t|', max_size=60).map(str.encode))
def test_no_rows_break_it(data: bytes) -> None:
    """Articles and reasons, and no byte of a row is lost."""
    document = b"title,body\n" + data

    assert survives(table, document)


@given(broken(THREE) | st.binary(max_size=100))
def test_no_broken_table_breaks_it(data: bytes) -> None:
    """Cut, changed or repeated anywhere."""
    assert survives(table, data)


@given(st.text('ab,";\n', max_size=60))
def test_reading_on_gives_what_reading_at_once_does(text: str) -> None:
    """At any row."""
    data = b"title,body\n" + text.encode()
    try:
        found = records(table, data)
    except Unreadable:
        return

    for at, record in enumerate(found):
        assert list(table.read(Document.of(data, start=record.start))) == found[at:]
        assert record.data == data[record.start : record.end]
