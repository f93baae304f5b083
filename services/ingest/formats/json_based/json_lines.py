"""JSON lines: one article a line, read line by line in the memory of one."""

from collections.abc import Iterator
from typing import Final

from services.ingest import charset
from services.ingest.formats.byte_lines import Lines
from services.ingest.formats.json_based.json_shapes import parsed, too_long
from services.ingest.records import HEAD_BYTES, Document, Record

NAME: Final = "JSON lines"
RESUMES: Final = True

_BLANK: Final = b" \t\r\n"
_MOST_LOOKED_AT: Final = 50  # lines


def recognises(document: Document) -> bool:
    """Say whether most lines that can be seen are an object each, or the first is too long to."""
    lines = [line.strip() for line in document.beginning.splitlines()[:_MOST_LOOKED_AT]]
    lines = [line for line in lines if line]
    if len(lines) == 1:
        return lines[0][0] == "{" and len(document.head) == HEAD_BYTES
    opened = sum(line[0] == "{" and line != "{" for line in lines)
    whole = sum(line[0] == "{" and line[-1] == "}" for line in lines)
    starts = bool(lines) and lines[0][0] == "{" and lines[0] != "{"
    # The first may be the end of a line that a resumed upload began in another file.
    return (starts and 2 * min(opened, whole + 1) > len(lines)) or (
        whole > 1 and 2 * whole >= len(lines)
    )


def read(document: Document) -> Iterator[Record]:
    """Yield the article of each line; one that is broken has a reason and harms no other."""
    encoding = charset.encoding_of(document.head)
    stream, start = document.stream(document.start), document.start
    if start == 0 and document.head.startswith(charset.UTF8_MARK):
        start = len(stream.read(len(charset.UTF8_MARK)))
    lines = Lines(stream, longest=document.limits.record_bytes, offset=start)
    while line := lines.take():
        if line.data is None:
            yield too_long(line.start, line.end, document.limits)
        elif line.data.strip(_BLANK):
            yield parsed(line.data, line.start, line.end, encoding)
