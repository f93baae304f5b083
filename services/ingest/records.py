"""What formats read and what they find: a document, and the records in it. Pure.

    file  --(unpacking)-->  documents  --(formats)-->  records  --(contract)-->  articles

A document is one text or one archived page; most files are one, an archive holds several.
"""

import io
from collections.abc import Mapping
from functools import cached_property
from typing import Any, BinaryIO, Final, NamedTuple, Self, cast

from services.ingest import charset
from shared.errors import Unreadable

HEAD_BYTES: Final = 64 * 1024  # of a document, that formats are told by


class Limits(NamedTuple):
    """How much of a document is taken, whoever sent it."""

    document_bytes: int = 64 * 1024 * 1024  # of a format that is read whole
    record_bytes: int = 16 * 1024 * 1024  # of one record, of a format that is read record by record
    article_bytes: int = 8 * 1024 * 1024  # of one article, as JSON
    depth: int = 200  # of elements or values within each other


_USUAL_LIMITS: Final = Limits()
_PIECE: Final = 1024 * 1024  # bytes that are read at once


class Record(NamedTuple):
    """One record of a document: the fields of a RawArticle, not validated, or why there are none.

    `start` and `end` are its bytes within the document. When it is set aside, `head` and `data` are
    a file by itself, of the same format; the head is what such files share: a table's header line.
    With `joins`, the data of several behind one head is such a file, too: lines, rows.
    """

    start: int
    end: int
    fields: Mapping[str, Any] | None = None
    reason: str | None = None
    data: bytes = b""
    head: bytes = b""
    joins: bool = False


class Document:
    """Bytes to be read once, from first to last; a format takes them whole or as a stream."""

    def __init__(self, source: BinaryIO, *, limits: Limits = _USUAL_LIMITS, start: int = 0) -> None:
        """Take `source`, which stands at the first byte.

        `start` is where to go on: the first byte behind the records that were read before.
        """
        self.limits = limits
        self.start = start
        self.head = source.read(HEAD_BYTES)
        self._source = source

    @classmethod
    def of(cls, data: bytes, *, limits: Limits = _USUAL_LIMITS, start: int = 0) -> Self:
        """Return a document that holds `data`."""
        return cls(io.BytesIO(data), limits=limits, start=start)

    @cached_property
    def beginning(self) -> str:
        """The head as text, to tell the format by; empty where it is binary."""
        return charset.glance(self.head)

    @cached_property
    def data(self) -> bytes:
        """All bytes; raises Unreadable when there are more than `limits.document_bytes`."""
        limit = self.limits.document_bytes
        data = self.head + self._source.read(max(0, limit + 1 - len(self.head)))
        if len(data) > limit:
            msg = (
                f"larger than {limit} bytes, the most that is read of its format "
                "(NEWSFLOW_MAX_DOCUMENT_BYTES)"
            )
            raise Unreadable(msg)
        return data

    @property
    def taken(self) -> bytes:
        """All bytes, when they were taken whole; none of a document that is read as a stream."""
        whole: bytes = self.__dict__.get("data", b"")
        return whole

    @cached_property
    def text(self) -> str:
        """All of it as text; raises Unreadable when it is none, or too large."""
        return charset.decode(self.data)

    def stream(self, start: int = 0) -> BinaryIO:
        """Return all bytes from `start` on, to be read piece by piece; instead of `data`."""
        if self._source.seekable():
            self._source.seek(start)
            return self._source
        unread = cast("BinaryIO", io.BufferedReader(_Rewound(self.head, self._source), _PIECE))
        while start > 0 and (skipped := len(unread.read(min(start, _PIECE)))):
            start -= skipped
        return unread

    def whole(self, fields: Mapping[str, Any]) -> Record:
        """Return the one record of a document that is one article."""
        return Record(0, len(self.data), fields, data=self.data)


class _Rewound(io.RawIOBase):
    """What was read of a source already, then the source."""

    def __init__(self, head: bytes, source: BinaryIO) -> None:
        self._head = memoryview(head)
        self._source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (typeshed's Buffer is not at run time)
        """Fill `buffer`; return how many bytes that were."""
        piece = self._head[: len(buffer)] or self._source.read(len(buffer))
        self._head = self._head[len(piece) :]
        buffer[: len(piece)] = piece
        return len(piece)
