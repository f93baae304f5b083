"""What ingest does to a file, without the folder and without Redis."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, BinaryIO, Final, NamedTuple

from pydantic import ValidationError

from services.ingest.formats import format_of
from services.ingest.records import Document, Limits, Record
from services.ingest.unpacking import Allowance, Part, documents
from shared.entries import wire
from shared.errors import Unreadable
from shared.messages import RawArticle

_NOTHING: Final = Record(0, 0, reason="no article in it")


class File(NamedTuple):
    """A file of the inbox, as every article in it knows it."""

    path: str  # within the inbox
    sha256: str
    received_at: datetime


class Position(NamedTuple):
    """How far a file was read; to go on from here reads what follows, once."""

    documents: int = 0  # read to their end
    records: int = 0  # of the file
    here: int = 0  # records of the document in hand
    offset: int = 0  # behind the last of them, in bytes of the document


class Read(NamedTuple):
    """A record that was read: an entry for the stream, or the reason why it is none."""

    number: int  # in the file, from 1
    member: str | None
    start: int
    end: int
    after: Position
    article_id: str = ""
    article: bytes = b""  # as JSON, for the stream
    reason: str | None = None
    head: bytes = b""  # with data a file by itself, see records.Record
    data: bytes = b""
    joins: bool = False


def read(
    stream: BinaryIO,
    file: File,
    *,
    limits: Limits,
    allowance: Allowance,
    at: Position = Position(),  # noqa: B008 (immutable)
) -> Iterator[Read]:
    """Yield the records of `file`, whose bytes `stream` holds, those behind `at`.

    What cannot be read has a reason, for people, and what follows it is read. The same bytes give
    the same records, whenever they are read and from wherever on.
    """
    count = at.records
    index = -1
    try:
        for index, part in enumerate(documents(stream, allowance)):
            if index < at.documents:
                continue
            done, offset = (at.here, at.offset) if index == at.documents else (0, 0)
            for number, record in _records(part, limits, done=done, offset=offset):
                count += 1
                after = Position(index, count, number, record.end)
                yield _checked(record, file, part.name, after, limits)
    except Unreadable as error:
        broken = Record(0, 0, reason=str(error))
    else:
        broken = _NOTHING
    after = Position(index + 2, count + 1)  # where no document leads
    if at.documents < after.documents and (broken is not _NOTHING or after.records == 1):
        yield _checked(broken, file, None, after, limits)


def _records(part: Part, limits: Limits, *, done: int, offset: int) -> Iterator[tuple[int, Record]]:
    """Yield the records of one document, counted in it from 1: those behind the first `done`."""
    if part.stream is None:
        if done == 0:
            yield 1, Record(0, 0, reason=part.reason)
        return
    number, document = 0, None
    try:
        document = Document(part.stream, limits=limits, start=offset)
        known = format_of(document)
        number = done if known.RESUMES else 0
        for record in known.read(document):
            number += 1
            offset = record.end
            if number > done:
                yield number, record
    except Unreadable as error:
        if number >= done:
            taken = document.taken if document else b""
            yield number + 1, Record(offset, offset or len(taken), reason=str(error), data=taken)
    else:
        if number == done == 0:
            yield 1, _NOTHING


def _checked(
    record: Record, file: File, member: str | None, after: Position, limits: Limits
) -> Read:
    """Return the record as an entry, when it is an article by the contract."""
    place = (after.records, member, record.start, record.end, after)
    reason = record.reason
    if record.fields is not None:
        try:
            article = _article(record, record.fields, file, member, after.records)
            data = wire.encode(article)[wire.DATA]
        except ValidationError as error:
            reason = wire.explain(error)
        else:
            if len(data) <= limits.article_bytes:
                return Read(*place, article.article_id, data)
            reason = wire.too_large(len(data), limits.article_bytes)
    return Read(*place, reason=reason, head=record.head, data=record.data, joins=record.joins)


def _article(
    record: Record, fields: Mapping[str, Any], file: File, member: str | None, number: int
) -> RawArticle:
    origin = {
        "path": file.path,
        "sha256": file.sha256,
        "member": member,
        "record": number,
        "start": record.start,
        "end": record.end,
    }
    ours = {"received_at": file.received_at, "provenance": {"file": origin}}
    return RawArticle.model_validate({**fields, **ours})
