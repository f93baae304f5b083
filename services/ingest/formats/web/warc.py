"""A web archive (WARC 1.0 and 1.1, ISO 28500): an article for each page in it.

Pages are responses with status 200, resources and conversions, in HTML or plain text; all other
records are passed over. It is read record by record, in the memory of one. warcio's own iterator
is not used: behind a wrong Content-Length it passes over records and says nothing.
docs/formats/warc.md has every field.
"""

from collections.abc import Iterator
from typing import Final

from services.ingest.formats.json_based import json_shapes
from services.ingest.formats.web import warc_page
from services.ingest.formats.web.warc_header import Header, header
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "web archive (WARC)"
RESUMES: Final = True

_VERSION: Final = b"WARC/"
_NEXT: Final = b"\nWARC/"  # where a record may begin
_LONGEST_HEADER: Final = 64 * 1024  # bytes
_PIECE: Final = 1024 * 1024  # bytes
_MOST_READ_AGAIN: Final = 256 * 1024 * 1024  # bytes behind headers that give a wrong length


def recognises(document: Document) -> bool:
    return document.head.startswith(_VERSION)


def read(document: Document) -> Iterator[Record]:
    """Yield the article of each page; a record that is broken has a reason and harms no other."""
    found = False
    for record in _Archive(document).records():
        found = True
        yield record
    if not found and document.start == 0:
        msg = "a web archive without pages: it holds no HTML and no plain text"
        raise Unreadable(msg)


class _Archive:
    """The records of an archive, and the part of it that is read."""

    def __init__(self, document: Document) -> None:
        self._limits = document.limits
        self._stream = document.stream(document.start)
        self._offset = document.start
        self._buffer = b""
        self._at = 0  # within the buffer
        self._again = 0  # bytes that were read more than once

    def records(self) -> Iterator[Record]:
        while self._skip_blank():
            start = self._offset
            head = self._peek(_LONGEST_HEADER)
            described = header(head) if head.startswith(_VERSION) else None
            if described is None or described.length is None:
                self._skip(len(_VERSION))
                self._skip_to_next()
                reason = f"at byte {start}: no record of a web archive, or without Content-Length"
                yield Record(start, self._offset, reason=reason)
            elif described.size + described.length > self._limits.record_bytes:
                yield from self._long(start, described, head)
            else:
                yield from self._usual(start, described)

    def _usual(self, start: int, described: Header) -> Iterator[Record]:
        """Yield what the record here holds, if that is a page."""
        size = described.size + (described.length or 0)
        data = self._take(size)
        another = -1 if self._follows() and len(data) == size else data.find(_NEXT, described.size)
        if another >= 0 and self._again <= _MOST_READ_AGAIN:
            self._put_back(data[another + 1 :])
            data = data[: another + 1]
        if another >= 0 or len(data) < size:
            reason = f"at byte {start}: cut off, or its Content-Length is wrong"
            yield Record(start, self._offset, reason=reason, data=data)
            return
        try:
            fields = warc_page.fields(described, data[described.size :], self._limits)
        except Unreadable as error:
            about = f"at byte {start} ({described.named('warc-target-uri')[:200]})"
            yield Record(start, self._offset, reason=f"{about}: {error}", data=data)
        else:
            if fields is not None:
                yield Record(start, self._offset, fields, data=data)

    def _long(self, start: int, described: Header, head: bytes) -> Iterator[Record]:
        """Pass over a record that is larger than what is read of one."""
        size = described.size + (described.length or 0)
        is_page = warc_page.is_page(described, head[described.size :])
        skipped = self._skip(size)
        if skipped < size or not self._follows():
            self._go_back(start + described.size)
            self._skip_to_next()
            reason = f"at byte {start}: cut off, or its Content-Length is wrong"
            yield Record(start, self._offset, reason=reason)
        elif is_page:
            yield json_shapes.too_long(start, self._offset, self._limits)

    def _follows(self) -> bool:
        """Say whether here, behind empty lines, a record begins or the archive ends."""
        rest = self._peek(_LONGEST_HEADER).lstrip(b"\r\n")
        return not rest or rest.startswith(_VERSION)

    def _skip_blank(self) -> bool:
        """Pass over line ends; say whether there is more."""
        while piece := self._peek(_LONGEST_HEADER):
            rest = piece.lstrip(b"\r\n")
            self._skip(len(piece) - len(rest))
            if rest:
                return True
        return False

    def _skip_to_next(self) -> None:
        """Pass over all bytes before the next record."""
        while piece := self._peek(_PIECE):
            found = piece.find(_NEXT)
            if found >= 0:
                self._skip(found + 1)
                return
            self._skip(max(1, len(piece) - len(_NEXT) + 1))

    def _peek(self, size: int) -> bytes:
        """Return the next bytes, up to `size`, and stay before them."""
        if len(self._buffer) - self._at < size:
            self._buffer = self._buffer[self._at :]
            self._at = 0
            while len(self._buffer) < size and (piece := self._stream.read(max(_PIECE, size))):
                self._buffer += piece
        return self._buffer[self._at : self._at + size]

    def _take(self, size: int) -> bytes:
        """Return the next bytes, up to `size`, and stand behind them."""
        data = self._peek(size)
        self._at += len(data)
        self._offset += len(data)
        return data

    def _put_back(self, data: bytes) -> None:
        """Stand before `data`, the last that was taken."""
        self._buffer = data + self._buffer[self._at :]
        self._at = 0
        self._offset -= len(data)
        self._again += len(data)

    def _go_back(self, offset: int) -> None:
        """Stand at a byte that was passed over; stay where that cannot be."""
        if self._stream.seekable() and self._again <= _MOST_READ_AGAIN:
            self._again += self._offset - offset
            self._stream.seek(offset)
            self._offset, self._buffer, self._at = offset, b"", 0

    def _skip(self, size: int) -> int:
        """Pass over the next bytes; return how many there were."""
        left = size
        while left > 0 and (passed := len(self._take(min(left, _PIECE)))):
            left -= passed
        return size - left
