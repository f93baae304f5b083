"""What formats read and what they find: a document, and the records in it. Pure.

    file  --(unpacking)-->  documents  --(formats)-->  records  --(contract)-->  articles

A document is one text or one archived page; most files are one, an archive holds several.
"""

import io
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, BinaryIO, Final, NamedTuple

from services.ingest import charset
from shared.errors import Unreadable

HEAD_BYTES: Final = 64 * 1024  # of a document, that formats are told by


class Limits(NamedTuple):
    """How much of a document is taken, whoever sent it."""

    document_bytes: int = 64 * 1024 * 1024  # of a format that is read whole
    record_bytes: int = 16 * 1024 * 1024  # of one record, of a format that is read record by record
    depth: int = 200  # of elements or values within each other


class Record(NamedTuple):
    """One record of a document: the fields of a RawArticle, not validated, or why there are none.

    `start` and `end` are its bytes within the document. `data`, when the record is set aside, is a
    file by itself, of the same format; empty stands for the bytes from start to end.
    """

    start: int
    end: int
    fields: Mapping[str, Any] | None = None
    reason: str | None = None
    data: bytes = b""


class Document:
    """Bytes to be read once, from first to last; a format takes them whole or piece by piece."""

    def __init__(self, stream: BinaryIO, *, limits: Limits = Limits(), start: int = 0) -> None:
        """Take `stream`, which stands at the first byte.

        `start` is the first byte of the record to go on with, where an earlier reading ended.
        """
        self.limits = limits
        self.start = start
        self.head = stream.read(HEAD_BYTES)
        self._stream = stream

    @classmethod
    def of(cls, data: bytes, *, limits: Limits = Limits(), start: int = 0) -> "Document":
        """Return a document that holds `data`."""
        return cls(io.BytesIO(data), limits=limits, start=start)

    @cached_property
    def data(self) -> bytes:
        """All bytes; raises Unreadable when there are more than `limits.document_bytes`."""
        limit = self.limits.document_bytes
        data = self.head + self._stream.read(limit + 1 - len(self.head))
        if len(data) > limit:
            msg = f"larger than {limit} bytes (NEWSFLOW_MAX_DOCUMENT_BYTES), the most for its format"
            raise Unreadable(msg)
        return data

    @cached_property
    def text(self) -> str:
        """All of it as text; raises Unreadable when it is none, or too large."""
        return charset.decode(self.data)

    @cached_property
    def beginning(self) -> str:
        """The head as text, to tell the format by; empty where it is binary."""
        return charset.glance(self.head)

    def whole(self, fields: Mapping[str, Any]) -> Record:
        """Return the one record of a document that is one article."""
        return Record(0, len(self.data), fields, data=self.data)
