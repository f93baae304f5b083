"""One file of the inbox being read: opened, told from what was known of it, batch after batch."""

import hashlib
import os
import stat
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from services.ingest import handler
from services.ingest.handler import File, Read
from services.ingest.ledger import IN_HAND, Life, Step
from services.ingest.results import Results
from services.ingest.settings import IngestSettings
from services.ingest.shelf import Look, Taken, shown

_MOST_RECORDS: Final = 2000  # of a batch: what a killed process leaves to be read again
_MOST_BYTES: Final = 4 * 1024 * 1024  # of a batch's articles
_REMEMBERED: Final = 50_000  # at least so many records, that a later one may say the same as


class Batch(NamedTuple):
    """What a step publishes: ids of articles; and why records were refused."""

    step: Step
    published: list[str]
    refused: list[str]


class Reading:
    """A file that is being read. Its calls block: they belong in a thread."""

    def __init__(self, path: Path, known: Life | None, settings: IngestSettings) -> None:
        """Open `path`, whose last known life is `known`. Raises OSError when it cannot be read."""
        self._settings = settings
        inbox = settings.inbox_dir
        self.opened_ns = time.time_ns()
        self._stream = _open(path)
        look = Look.of(os.fstat(self._stream.fileno()))
        same = known is not None and known.look == look
        sha256 = known.sha256 if known and same else _sha256(self._stream)
        going_on = known is not None and known.sha256 == sha256 and known.state in IN_HAND
        if known and (going_on or (same and known.state == "left")):
            self.life = replace(known, size=look.size, inode=look.inode, mtime_ns=look.mtime_ns)
        else:
            now = _now_ms()
            name = shown(path, inbox)
            self.life = Life(name, sha256, look.size, look.inode, look.mtime_ns, now, now)
        received_at = datetime.fromtimestamp(self.life.received_ms / 1000, UTC)
        self.file = Taken(path, inbox, look, sha256, received_at)
        key = f"{sha256[:16]}-{hashlib.sha256(self.life.path.encode()).hexdigest()[:8]}"
        self.results = Results(inbox, key)
        self.error: Exception | None = None
        self._seen: set[int] = set()
        self._seen_before: set[int] = set()
        self._ahead = self.life
        self._reads = self._guarded()

    @property
    def left(self) -> bool:
        """Whether it was published before and stays where it is."""
        return self.life.state == "left"

    @property
    def done(self) -> bool:
        """Whether all of it is published."""
        return self.life.state == "published"

    def batch(self) -> Batch:
        """Read on, and return what is to be published; that may be behind what is published.

        `life` is what is published, and set by who publishes.
        """
        life = self._ahead
        before = life.records
        after = life.position
        articles: list[bytes] = []
        published: list[str] = []
        refused: list[str] = []
        size = 0
        for read in self._reads:
            duplicate = bool(read.article) and self._is_duplicate(read)
            self.results.add(read, duplicate=duplicate)
            if read.reason is not None:
                refused.append(read.reason)
            elif not duplicate:
                articles.append(read.article)
                published.append(read.article_id)
                size += len(read.article)
            after = read.after
            if after.records - before >= _MOST_RECORDS or size >= _MOST_BYTES:
                break
        else:
            life = replace(life, state="published")
        if life.state != "published" or before:
            self.results.save()
        life = replace(
            life.moved_to(after),
            published=life.published + len(published),
            duplicate=life.duplicate + after.records - before - len(published) - len(refused),
            failed=life.failed + len(refused),
            reason=life.reason or (refused[0] if refused else ""),
            changed_ms=_now_ms(),
            bytes_read=self._bytes_read(life),
        )
        self._ahead = life
        return Batch(Step(before, life, articles), published, refused)

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def _begin(self) -> Iterator[Read]:
        """Return the records that are to be read, after making sure what came of those before."""
        known, at = self.life.records, self.life.position
        if known == 0:
            self.results.discard()  # of another life
        elif not self.results.recover(known):
            for read in islice(self._read(handler.Position()), known):
                self.results.add(read, duplicate=bool(read.article) and self._is_duplicate(read))
        return iter(()) if self.done else self._read(at)

    def _read(self, at: handler.Position) -> Iterator[Read]:
        self._stream.seek(0)
        return handler.read(
            self._stream,
            File(self.life.path, self.file.sha256, self.file.at),
            limits=self._settings.limits,
            allowance=self._settings.allowance(self.life.size),
            at=at,
        )

    def _guarded(self) -> Iterator[Read]:
        """Yield what is left to read; an unforeseen error ends the file, and it only."""
        limit = self._settings.max_file_bytes
        try:
            if self.life.size <= limit:
                yield from self._begin()
                return
            reason = f"too large: {self.life.size} bytes; the limit is {limit}"
            reason += " (NEWSFLOW_MAX_FILE_BYTES)"
        except OSError:
            raise  # the disk's matter, and not the file's
        except Exception as error:  # noqa: BLE001 (a bug harms its file only, which is kept)
            self.error = error
            reason = f"a bug in Newsflow: {type(error).__name__}: {error}"
        number = self.results.records + 1
        yield Read(number, None, 0, 0, self.life.position._replace(records=number), reason=reason)

    def _is_duplicate(self, read: Read) -> bool:
        """Say whether a record of this file, not long before, was the same article word by word."""
        key = hash(read.article[: read.article.rfind(b',"provenance":')])
        if key in self._seen or key in self._seen_before:
            return True
        self._seen.add(key)
        if len(self._seen) == _REMEMBERED:
            self._seen, self._seen_before = set(), self._seen
        return False

    def _bytes_read(self, life: Life) -> int:
        return life.size if life.state == "published" else min(self._stream.tell(), life.size)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _open(path: Path) -> BinaryIO:
    """Open a file itself; a link could lead out of the inbox, a pipe would never end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(path)
    return os.fdopen(descriptor, "rb")


def _sha256(stream: BinaryIO) -> str:
    digest = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # has readinto
    stream.seek(0)
    return digest
