"""From the folder to the stream: read what arrived, publish it, put it away, file after file."""

import asyncio
import hashlib
import os
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest import shelf
from services.ingest.folder import Folder
from services.ingest.handler import read
from services.ingest.settings import IngestSettings
from services.ingest.shelf import Look, Taken
from shared import streams, wire
from shared.broker import publish
from shared.errors import RedisUnavailable, Unreadable
from shared.group import Fields, Group
from shared.messages import RawArticle
from shared.metrics import Metrics
from shared.observability import get_logger
from shared.part import Running
from shared.retry import delay_s

_BATCH_BYTES: Final = 16 * 1024 * 1024
_BACKLOG_EVERY_S: Final = 0.5
_STUCK_EVERY_S: Final = 5


class _Reading(NamedTuple):
    """A file as it was read: its articles as entries for the stream, or why there are none."""

    file: Taken
    article_ids: Sequence[str] = ()
    entries: Sequence[Fields] = ()
    reason: str | None = None


class Intake:
    """Publishes the articles of every complete file in the inbox, then moves the file.

    A file leaves the inbox only after Redis has taken all that it holds: killed in between, it is
    read and published again, and its article ids make that one article.
    """

    def __init__(self, settings: IngestSettings, *, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._log = get_logger("ingest")
        self._folder = Folder(settings)
        self._outage: str | None = None
        self._stuck: dict[Path, _Reading] = {}
        self._stopping = asyncio.Event()
        self._idle = asyncio.Event()
        self._redis: Redis

    async def open(self, redis: Redis) -> Sequence[Running]:
        """Make inbox and archive; return the watching, the searching and the publishing."""
        self._redis = redis
        self._settings.inbox_dir.mkdir(parents=True, exist_ok=True)
        self._settings.archive_dir.mkdir(parents=True, exist_ok=True)
        self._idle.set()
        folder = self._folder
        return [folder.watch(), folder.sweep(), self._take_in(), self._clear_stuck()]

    async def close(self) -> None:
        """Finish the batch in hand."""
        self._stopping.set()
        await self._idle.wait()

    async def problem(self) -> str | None:
        """Return why files do not leave the inbox, or None."""
        if self._stuck:
            return f"cannot move {len(self._stuck)} published files out of the inbox, see the log"
        return self._outage

    async def _take_in(self) -> None:
        most = self._settings.batch_size
        while not self._stopping.is_set():
            paths = await self._folder.arrivals(most=most, most_bytes=_BATCH_BYTES)
            self._idle.clear()
            try:
                await self._batch(paths)
            finally:
                self._idle.set()

    async def _batch(self, paths: Sequence[Path]) -> None:
        readings = await asyncio.to_thread(lambda: [self._read(path) for path in paths])
        readable = [reading for reading in readings if reading]
        entries = [entry for reading in readable for entry in reading.entries]
        if entries and not await self._publish(entries):
            return
        for path, reading in zip(paths, readings, strict=True):
            if reading:
                self._say(reading)
                await self._clear(reading)
            else:
                self._folder.release(path)

    def _read(self, path: Path) -> _Reading | None:
        """Return what `path` holds; None when it is gone."""
        try:
            file = Taken(
                path, self._settings.inbox_dir, Look.of(path.lstat()), "", datetime.now(UTC)
            )
        except FileNotFoundError:
            return None
        try:
            with path.open("rb") as opened:
                file = file._replace(sha256=hashlib.file_digest(opened, "sha256").hexdigest())
                opened.seek(0)
                data = opened.read(self._settings.max_file_bytes + 1)
                file = file._replace(look=Look.of(os.fstat(opened.fileno())))
            if file.look.size > self._settings.max_file_bytes:
                return _Reading(file, reason=self._too_large(file.look.size))
            articles = read(data, file=file.name, sha256=file.sha256, received_at=file.at)
            ids = [article.article_id for article in articles]
            return _Reading(file, ids, [self._encode(article) for article in articles])
        except Unreadable as error:
            return _Reading(file, reason=str(error))
        except OSError as error:
            return _Reading(file, reason=f"cannot be read: {error.strerror}")
        except Exception as error:  # noqa: BLE001 (a bug harms its file only, which is kept)
            self._log.error("a bug", file=file.name, exc_info=error)
            return _Reading(file, reason=f"a bug in Newsflow: {type(error).__name__}: {error}")

    def _encode(self, article: RawArticle) -> Fields:
        entry = wire.encode(article)
        size, limit = len(entry[wire.DATA]), self._settings.max_article_bytes
        if size > limit:
            raise Unreadable(wire.too_large(size, limit))
        return entry

    def _too_large(self, size: int) -> str:
        limit = self._settings.max_file_bytes
        return f"too large: {size} bytes; the limit is {limit} (NEWSFLOW_MAX_FILE_BYTES)"

    async def _publish(self, entries: Sequence[Fields]) -> bool:
        """Publish `entries`, however long it takes; return False when asked to stop before."""
        attempt = 0
        while not self._stopping.is_set():
            try:
                await self._wait_for_room()
                await publish(self._redis, streams.RAW, entries)
            except RedisUnavailable as error:
                attempt += 1
                self._outage = f"waiting: {error}"
                self._log.warning("waiting", error=str(error), attempt=attempt)
                await asyncio.sleep(delay_s(attempt, jitter=random.random()))  # noqa: S311
            else:
                self._outage = None
                return True
        return False

    async def _wait_for_room(self) -> None:
        """Wait while the stages behind have more before them than they should."""
        group = Group(self._redis, streams.ENRICH, "ingest")
        try:
            while (waiting := (await group.state()).waiting) > self._settings.max_backlog:
                if self._stopping.is_set():
                    return
                self._outage = f"paused: {waiting} articles wait to be enriched"
                await asyncio.sleep(_BACKLOG_EVERY_S)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    def _say(self, reading: _Reading) -> None:
        file = reading.file.name
        for article_id in reading.article_ids:
            self._metrics.articles["published"].inc()
            self._log.info("article", article_id=article_id, status="published", file=file)
        if reading.reason:
            self._metrics.articles["refused"].inc()
            self._log.warning("article", status="refused", file=file, reason=reading.reason)

    async def _clear(self, reading: _Reading) -> None:
        """Move a file out of the inbox; remember it when that fails, and do not read it again."""
        path = reading.file.path
        try:
            if reading.reason is None:
                await asyncio.to_thread(shelf.put_away, reading.file, self._settings.archive_dir)
            else:
                await asyncio.to_thread(shelf.set_aside, reading.file, reading.reason)
        except FileNotFoundError:
            self._log.warning("file went away", file=reading.file.name)
        except OSError as error:
            self._stuck[path] = reading
            self._log.error("file stays in the inbox", file=reading.file.name, error=str(error))
            return
        self._stuck.pop(path, None)
        self._folder.release(path)

    async def _clear_stuck(self) -> None:
        """Try again, for ever, to move what could not be moved."""
        while True:
            await asyncio.sleep(_STUCK_EVERY_S)
            for reading in list(self._stuck.values()):
                await self._clear(reading)
