"""Mail with an article in it (RFC 5322, MIME): one message, or many in an mbox (RFC 4155).

An mbox is read message by message in the memory of one. docs/formats/mail.md has every field.
"""

import re
from collections.abc import Iterator
from typing import Final

from services.ingest.formats.byte_lines import Line, Lines
from services.ingest.formats.json_based import json_shapes
from services.ingest.formats.mail import mail_message
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "mail"
RESUMES: Final = True

_FIELD: Final = re.compile(r"([!-9;-~]{1,80}):")  # the name of a header field
_USUAL: Final = frozenset(
    {"from", "date", "subject", "message-id", "mime-version", "received", "return-path", "to"}
)
_FEWEST_USUAL: Final = 2
_DIVIDER: Final = re.compile(  # before each message of an mbox: sender and time of arrival
    rb"From \S{1,320} {1,9}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [ \w:,+-]{10,60}\s*$"
)
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)  # as mbox writes a line of the text
_BOM: Final = b"\xef\xbb\xbf"


def recognises(document: Document) -> bool:
    """Say whether it begins with a header that has the fields of a mail, as few stories do."""
    lines = document.beginning.lstrip("\r\n").splitlines()
    if lines and _DIVIDER.match(lines[0].encode("utf-8", "replace")):
        lines = lines[1:]
    return _has_header(lines)


def read(document: Document) -> Iterator[Record]:
    """Yield the article of each message; one that is broken has a reason and harms no other."""
    if document.head.lstrip(b"\r\n").startswith(b"From "):
        yield from _mbox(document)
        return
    if document.start:  # behind the one message
        return
    data = document.data
    yield _record(0, len(data), data, data.removeprefix(_BOM), document)


def _has_header(lines: list[str]) -> bool:
    """Say whether the lines up to the first empty one are fields, enough of them a mail's."""
    found = set()
    for line in lines:
        if not line.strip():
            break
        field = _FIELD.match(line)
        if field:
            found.add(field[1].lower())
        elif not found or line[0] not in " \t":
            return False
    return len(found & _USUAL) >= _FEWEST_USUAL and not found.isdisjoint({"from", "subject"})


def _mbox(document: Document) -> Iterator[Record]:
    """Yield the article of each message of an mbox, from `document.start` on."""
    longest = document.limits.record_bytes
    lines = Lines(document.stream(document.start), longest=longest, offset=document.start)
    message: list[Line] = []
    size, after_empty = 0, True
    while (line := lines.take()) is not None:
        if after_empty and message and line.data is not None and _DIVIDER.match(line.data):
            yield from _message(message, size, document)
            message, size = [], 0
        size += line.end - line.start
        if size > longest:  # only its place is kept
            del message[1:]
        message.append(line)
        after_empty = line.data is not None and not line.data.strip()
    if message:
        yield from _message(message, size, document)


def _message(lines: list[Line], size: int, document: Document) -> Iterator[Record]:
    """Yield the article of the message in these lines, the first of which divides."""
    start, end = lines[0].start, lines[-1].end
    if size > document.limits.record_bytes:
        yield json_shapes.too_long(start, end, document.limits)
        return
    kept = [line.data or b"" for line in lines]
    first = next((at for at, line in enumerate(kept) if line.strip()), None)
    if first is not None:
        alone = _QUOTED.sub(rb"\1", b"".join(kept[first + 1 :]))
        yield _record(start, end, b"".join(kept), alone, document)


def _record(start: int, end: int, data: bytes, message: bytes, document: Document) -> Record:
    """Return the record of one message; `data` is what stands in the document for it."""
    try:
        return Record(start, end, mail_message.fields(message, document.limits), data=data)
    except Unreadable as error:
        return Record(start, end, reason=str(error), data=data)
