"""JSON lines: one article a line, read line by line in the memory of one."""

from collections.abc import Iterator
from typing import BinaryIO, Final

from services.ingest import charset
from services.ingest.formats.json_based.json_shapes import parsed, too_long
from services.ingest.records import HEAD_BYTES, Document, Record

NAME: Final = "JSON lines"
RESUMES: Final = True

_PIECE: Final = 1024 * 1024  # bytes
_BLANK: Final = b" \t\r\n"
_MOST_LOOKED_AT: Final = 50  # lines


def recognises(document: Document) -> bool:
    """Say whether most lines that can be seen are an object each, or the first is too long to."""
    lines = [line for line in document.beginning.splitlines()[:_MOST_LOOKED_AT] if line.strip()]
    if not lines or lines[0].lstrip()[:1] != "{":
        return False
    if len(lines) == 1:
        return len(document.head) == HEAD_BYTES
    opened = sum(line.lstrip()[:1] == "{" for line in lines)
    closed = sum(line.rstrip()[-1:] == "}" for line in lines)
    return lines[0].strip() != "{" and 2 * min(opened, closed + 1) > len(lines)


def read(document: Document) -> Iterator[Record]:
    """Yield the article of each line; one that is broken has a reason and harms no other."""
    encoding = charset.encoding_of(document.head)
    for start, end, line in _lines(document):
        if line is None:
            yield too_long(start, end, document.limits)
        elif line.strip(_BLANK):
            yield parsed(line, start, end, encoding)


def _lines(document: Document) -> Iterator[tuple[int, int, bytes | None]]:
    """Yield first byte, byte behind the last, and the line with its end; None if it is too long."""
    stream = document.stream(document.start)
    at, rest = document.start, b""
    if at == 0 and document.head.startswith(charset.UTF8_MARK):
        at = len(stream.read(len(charset.UTF8_MARK)))
    longest = document.limits.record_bytes
    while piece := stream.read(_PIECE):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            end = at + len(line) + 1
            yield at, end, line + b"\n" if len(line) <= longest else None
            at = end
        if len(rest) > longest:
            end = at + len(rest) + _skip_line(stream)
            yield at, end, None
            at, rest = end, b""
    if rest:
        yield at, at + len(rest), rest


def _skip_line(stream: BinaryIO) -> int:
    """Pass over the rest of a line; return how many bytes that were."""
    skipped = 0
    while piece := stream.readline(_PIECE):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped
