"""A table in text, as CSV or with tabs, semicolons or bars: one article a row, below a header.

It is read row by row in the memory of one. Rows are told as RFC 4180 has it, and more loosely: a
quotation mark ends a cell only before a delimiter or the end of the line. docs/formats/csv.md has
the names of columns.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from services.ingest import charset
from services.ingest.formats.byte_lines import Line, Lines
from services.ingest.formats.json_based import json_shapes
from services.ingest.formats.text import table_columns
from services.ingest.records import HEAD_BYTES, Document, Record
from shared.errors import Unreadable

NAME: Final = "table (CSV)"
RESUMES: Final = True

_DELIMITERS: Final = (",", "\t", ";", "|")
_SEPARATOR: Final = re.compile(r"sep=([,\t;|])\s*$", re.IGNORECASE)  # a first line of Excel's
_OPENING: Final = re.compile(r' *"')
_QUOTES: Final = re.compile(r'"+')
_MARKS: Final = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MOST_READ_AGAIN: Final = 4 * 1024 * 1024  # bytes behind quotation marks that are never closed


class _Row:
    """The cells of a row, which may go over several lines."""

    def __init__(self, delimiter: str) -> None:
        self.cells: list[str] = []
        self._delimiter = delimiter
        self._quoted: list[str] | None = None  # parts of a cell in quotation marks

    def take(self, line: str) -> bool:
        """Take the next line; say whether it completes the row."""
        at, end = 0, len(line.rstrip("\r\n"))
        while at <= end:
            if self._quoted is None and (opening := _OPENING.match(line, at, end)):
                self._quoted = []
                at = opening.end()
            if self._quoted is None:
                found = line.find(self._delimiter, at, end)
                closing = end if found < 0 else found
                self.cells.append(line[at:closing])
                at = closing + 1
                continue
            closing = self._closing(line, at, end)
            if closing < 0:
                self._quoted.append(line[at:])
                return False
            self._quoted.append(line[at:closing])
            self.cells.append("".join(self._quoted).replace('""', '"'))
            self._quoted = None
            at = closing + 2
        return True

    def _closing(self, line: str, at: int, end: int) -> int:
        """Return where the quotation mark stands that ends a cell; -1 if it is not in the line."""
        for marks in _QUOTES.finditer(line, at, end):
            behind = marks.end()
            if len(marks[0]) % 2 and (behind == end or line[behind] == self._delimiter):
                return behind - 1
        return -1


class _Header(NamedTuple):
    data: bytes  # all that stands before the first row
    encoding: str
    delimiter: str
    columns: list[str | None]


def recognises(document: Document) -> bool:
    """Say whether a first line names columns, a text among them, and a second has cells as well."""
    lines = [line for line in document.beginning.splitlines() if line.strip()][:3]
    if lines and _SEPARATOR.match(lines[0]):
        lines = lines[1:]
    delimiter = _delimiter(lines[0]) if lines else None
    return delimiter is not None and (
        delimiter in lines[1] if lines[1:] else len(document.head) < HEAD_BYTES
    )


def read(document: Document) -> Iterator[Record]:
    """Yield the article of each row; one that is broken has a reason and harms no other."""
    mark, encoding = next((one for one in _MARKS if document.head.startswith(one[0])), (b"", ""))
    encoding = encoding or charset.encoding_of(document.head)
    stream = document.stream()
    stream.read(len(mark))
    ends = "\n" if "\n".encode(encoding) in document.head else "\r"
    longest = document.limits.record_bytes
    lines = Lines(stream, longest=longest, offset=len(mark), line_end=ends.encode(encoding))
    header = _header(lines, mark, encoding)
    lines.skip_to(document.start)
    rows = 0
    for record in _records(document, lines, header):
        rows += 1
        yield record
    if not rows and document.start == 0:
        msg = "a table without rows"
        raise Unreadable(msg)


def _delimiter(line: str) -> str | None:
    """Return what stands between the cells of a header; None when the line is no header."""
    for delimiter in _DELIMITERS:
        row = _Row(delimiter)
        in_markdown = delimiter == "|" and line.lstrip().startswith(delimiter)
        if not in_markdown and row.take(line) and table_columns.is_header(row.cells):
            return delimiter
    return None


def _header(lines: Lines, mark: bytes, encoding: str) -> _Header:
    """Take the lines up to the header; raises Unreadable when there is none."""
    before, separator = mark, None
    while (line := lines.take()) is not None and line.data is not None:
        before += line.data
        text = line.data.decode(encoding, "replace")
        told = _SEPARATOR.match(text)
        if told or not text.strip():
            separator = told[1] if told else separator
            continue
        delimiter = _delimiter(text) or separator
        if delimiter:
            row = _Row(delimiter)
            row.take(text)
            return _Header(before, encoding, delimiter, table_columns.fields_of(row.cells))
        break
    msg = "a table without a header: its first line names no columns that are known"
    raise Unreadable(msg)


def _records(document: Document, lines: Lines, header: _Header) -> Iterator[Record]:
    longest, read_again = document.limits.record_bytes, 0
    while (line := lines.take()) is not None:
        row, taken, size = _Row(header.delimiter), [line], line.end - line.start
        reason = None
        while reason is None and not _completes(row, taken[-1], header.encoding):
            following = lines.take()
            if following is None or size + following.end - following.start > longest:
                reason = f"line {line.number}: a quotation mark that is never closed"
                taken += [following] if following else []
                if read_again <= _MOST_READ_AGAIN:
                    lines.put_back(taken[1:])
                    del taken[1:]
                read_again += size
            else:
                taken.append(following)
                size += following.end - following.start
        if reason is None and not any(cell.strip() for cell in row.cells) and line.data:
            continue
        yield _record(document, header, taken, row, reason)


def _completes(row: _Row, line: Line, encoding: str) -> bool:
    return line.data is None or row.take(line.data.decode(encoding, "replace"))


def _record(
    document: Document, header: _Header, taken: list[Line], row: _Row, reason: str | None
) -> Record:
    """Return the article of a row, or why there is none."""
    start, end, number = taken[0].start, taken[-1].end, taken[0].number
    if any(line.data is None for line in taken):
        return json_shapes.too_long(start, end, document.limits)
    data = b"".join(line.data or b"" for line in taken)
    broken = Record(start, end, data=data, head=header.data, joins=True)
    if reason is None:
        try:
            _refuse_broken(data, header, row)
            article = table_columns.article(header.columns, row.cells)
            return broken._replace(fields=article)
        except Unreadable as error:
            reason = f"line {number}: {error}"
    return broken._replace(reason=reason)


def _refuse_broken(data: bytes, header: _Header, row: _Row) -> None:
    """Raise Unreadable when a row is not in the table's encoding, or has too many or few cells."""
    try:
        text = data.decode(header.encoding)
    except UnicodeDecodeError as error:
        msg = f"not {header.encoding} (byte {error.start} of the row)"
        raise Unreadable(msg) from None
    if "\0" in text:
        msg = "not text: it holds binary data"
        raise Unreadable(msg)
    cells, columns = len(row.cells), len(header.columns)
    while cells > columns and not row.cells[cells - 1].strip():
        cells -= 1
    if cells != columns:
        msg = f"{cells} cell{'s'[: cells != 1]}, the header has {columns}"
        raise Unreadable(msg)
