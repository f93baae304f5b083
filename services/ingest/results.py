"""What came of each record of a file, until its receipt is written.

A file that is read at once keeps it in memory. One that takes several batches keeps it beside
itself, in `inbox/.reading/`, so that a process that is killed can be followed by one that knows.
What is lost there is read again: the same bytes give the same results.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

from services.ingest.handler import Read

READING: Final = ".reading"  # within the inbox; a dotted name is never read


class Failure(NamedTuple):
    """A record that is no article, and its bytes, where they are known."""

    record: int
    member: str | None
    start: int
    end: int
    reason: str
    head: bytes  # with data a file by itself, see records.Record
    data: bytes
    joins: bool


class Results:
    """The results of one file, record by record, in order."""

    def __init__(self, inbox: Path, key: str) -> None:
        self._lines_at = inbox / READING / f"{key}.jsonl"
        self._bytes_at = inbox / READING / f"{key}.bytes"
        self._saved = 0  # bytes of what failed, in the file
        self._lines: list[bytes] = []
        self._bytes = bytearray()
        self.records = 0

    def recover(self, records: int) -> bool:
        """Take up what was saved of the first `records`; say whether that was all of them."""
        kept, self._saved = [], 0
        if self._lines_at.exists():
            for line in self._lines_at.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n") or (known := orjson.loads(line))["n"] > records:
                    break
                kept.append(line)
                self._saved = max(self._saved, known.get("to", 0))
        bytes_there = self._bytes_at.exists() and self._bytes_at.stat().st_size >= self._saved
        if len(kept) < records or not (bytes_there or self._saved == 0):
            self.discard()
            return False
        self._lines_at.write_bytes(b"".join(kept))
        if bytes_there:
            with self._bytes_at.open("r+b") as file:
                file.truncate(self._saved)
        self.records = records
        return True

    def add(self, read: Read, *, duplicate: bool = False) -> None:
        """Note what came of the next record."""
        line: dict[str, Any] = {"n": read.number}
        if read.article:
            line |= {"id": read.article_id} | ({"dup": True} if duplicate else {})
        else:
            at = self._saved + len(self._bytes)
            self._bytes += read.head + read.data
            line |= {"member": read.member, "start": read.start, "end": read.end}
            line |= {"reason": read.reason, "from": at, "data": at + len(read.head)}
            line |= {"to": at + len(read.head) + len(read.data), "joins": read.joins}
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self.records = read.number

    def save(self) -> None:
        """Write down what is only in memory; done before the records are published."""
        self._lines_at.parent.mkdir(exist_ok=True)
        with self._bytes_at.open("ab") as file:
            file.write(self._bytes)
        with self._lines_at.open("ab") as file:
            file.writelines(self._lines)
        self._saved += len(self._bytes)
        self._lines, self._bytes = [], bytearray()

    def article_ids(self) -> Iterator[str]:
        """Yield the id of each article that was published."""
        return (line["id"] for line in self._all() if "id" in line and "dup" not in line)

    def failures(self) -> Iterator[Failure]:
        """Yield each record that failed."""
        for line in self._all():
            if "reason" in line:
                place = (line["n"], line["member"], line["start"], line["end"], line["reason"])
                head = self._slice(line["from"], line["data"])
                data = self._slice(line["data"], line["to"])
                yield Failure(*place, head, data, line["joins"])

    def discard(self) -> None:
        """Drop everything: the receipt is written, or all is read again."""
        self._lines_at.unlink(missing_ok=True)
        self._bytes_at.unlink(missing_ok=True)
        self._lines, self._bytes, self._saved, self.records = [], bytearray(), 0, 0

    def _all(self) -> Iterator[dict[str, Any]]:
        if self._lines_at.exists():
            with self._lines_at.open("rb") as file:
                yield from map(orjson.loads, file)
        yield from map(orjson.loads, self._lines)

    def _slice(self, start: int, end: int) -> bytes:
        if start >= self._saved:
            return bytes(self._bytes[start - self._saved : end - self._saved])
        with self._bytes_at.open("rb") as file:
            file.seek(start)
            return file.read(end - start)
