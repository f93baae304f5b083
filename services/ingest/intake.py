"""From the folder to the stream: read what arrived, publish it, put it away.

Small files go many at once. One that is large, or turns out to hold more than a batch, goes on
by itself, batch after batch, so that it delays nobody; a few do so side by side.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from redis.asyncio import Redis

from services.ingest.finishing import Finisher
from services.ingest.folder import Arrival, Folder
from services.ingest.gauges import Gauges
from services.ingest.ledger import Ledger, Life
from services.ingest.reading import Batch, Reading
from services.ingest.room import Room
from services.ingest.settings import IngestSettings
from services.ingest.shelf import shown
from shared import observability
from shared.delivery.retry import delay_s
from shared.errors import RedisUnavailable
from shared.metrics import Metrics
from shared.observability import get_logger
from shared.part import Running

_LARGE_BYTES: Final = 4 * 1024 * 1024  # a file that is not read among others
_LARGE_AT_ONCE: Final = 3
_BATCH_BYTES: Final = 16 * 1024 * 1024  # of articles in memory, of many small files
_PAUSE: Final = 5  # as many attempts, for how long to wait before looking again
_TELL_EVERY_S: Final = 2.0
_FORGET_EVERY_S: Final = 3600.0


class _Taken(NamedTuple):
    """A file in hand; without a batch when it was left where it is before."""

    arrival: Arrival
    reading: Reading
    batch: Batch | None


class Intake:
    """Publishes the articles of every complete file in the inbox, then puts the file away.

    What was read and how far the file is are written to Redis together: killed whenever, nothing
    is lost, and nothing is published twice.
    """

    def __init__(self, settings: IngestSettings, *, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._log = get_logger("ingest")
        self._folder = Folder(settings)
        self._gauges = Gauges(settings, metrics.registry)
        self._large: asyncio.Queue[Arrival] = asyncio.Queue()
        self._outage: str | None = None
        self._stopping = asyncio.Event()
        self._busy: set[object] = set()
        self._idle = asyncio.Event()

    async def open(self, redis: Redis) -> Sequence[Running]:
        """Make inbox and archive; return the watching, the searching and the publishing."""
        self._settings.inbox_dir.mkdir(parents=True, exist_ok=True)
        self._settings.archive_dir.mkdir(parents=True, exist_ok=True)
        self._ledger = Ledger(redis, replicas=self._settings.redis_replicas)
        self._redis = redis
        self._room = Room(redis, self._settings)
        self._finisher = Finisher(redis, self._ledger, self._folder, self._settings)
        self._idle.set()
        return [
            self._folder.watch(),
            self._folder.sweep(),
            self._take_in(),
            *(self._take_in_large() for _ in range(_LARGE_AT_ONCE)),
            self._finisher.run(),
            self._keep_house(),
        ]

    async def close(self) -> None:
        """Finish the batches in hand, and put away what is published."""
        self._stopping.set()
        await self._idle.wait()
        await self._finisher.close()

    async def problem(self) -> str | None:
        """Return why files do not leave the inbox, or None."""
        return self._finisher.problem or self._outage

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    async def _take_in(self) -> None:
        most = self._settings.batch_size
        while not self._stopping.is_set():
            arrivals = await self._folder.arrivals(most=most)
            with self._at_work():
                for arrival in [one for one in arrivals if one.look.size > _LARGE_BYTES]:
                    self._large.put_nowait(arrival)
                small: Sequence[Arrival] = [
                    one for one in arrivals if one.look.size <= _LARGE_BYTES
                ]
                while small and not self._stopping.is_set():
                    small = await self._take_together(small)

    async def _take_together(self, arrivals: Sequence[Arrival]) -> Sequence[Arrival]:
        """Publish files up to a batch's size, and return those that are left."""
        known = await self._known(arrivals)
        if self._stopping.is_set():
            return []
        taken, count = await asyncio.to_thread(self._read_together, arrivals, known)
        published = await self._publish([(one.reading, one.batch) for one in taken if one.batch])
        for one in taken:
            one.reading.close()
            if published and not (one.reading.done or one.reading.left):
                self._large.put_nowait(one.arrival)  # to go on from there
        if not published:
            return []
        self._finish([one.reading for one in taken])
        return arrivals[count:]

    def _read_together(
        self, arrivals: Sequence[Arrival], known: Sequence[Life | None]
    ) -> tuple[list[_Taken], int]:
        """Read the first batch of files until there is enough; say how many were looked at."""
        taken: list[_Taken] = []
        room = _BATCH_BYTES
        for count, (arrival, life) in enumerate(zip(arrivals, known, strict=True)):
            if room <= 0:
                return taken, count
            reading = self._open(arrival, life)
            if reading is None or reading.left:
                taken += [_Taken(arrival, reading, None)] if reading else []
                continue
            batch = self._next(arrival, reading)
            if batch and self._may_be_half(arrival, batch):
                reading.close()
                self._folder.hold(arrival)
            elif batch:
                taken.append(_Taken(arrival, reading, batch))
                room -= sum(map(len, batch.step.articles))
        return taken, len(arrivals)

    def _open(self, arrival: Arrival, life: Life | None) -> Reading | None:
        """Return the file opened; None when it is gone, or was given back to come later."""
        try:
            return Reading(arrival.path, life, self._settings)
        except FileNotFoundError:
            self._folder.release(arrival.path)
        except OSError as error:
            self._give_back(arrival, error)
        return None

    def _next(self, arrival: Arrival, reading: Reading) -> Batch | None:
        """Return the next batch; None when the disk failed us, and the file comes again later."""
        try:
            return reading.batch()
        except OSError as error:
            reading.close()
            self._give_back(arrival, error)
        return None

    def _give_back(self, arrival: Arrival, error: OSError) -> None:
        self._log.warning("cannot be read yet", file=str(arrival.path), error=str(error))
        self._folder.hold(arrival)

    def _may_be_half(self, arrival: Arrival, batch: Batch) -> bool:
        """Say whether a file that no event told of looks broken, and may still be written."""
        quiet_ms = (time.time_ns() - arrival.look.mtime_ns) // 1_000_000
        young = 0 <= quiet_ms < self._settings.stalled_after_ms
        return bool(batch.refused) and not arrival.told and young and not arrival.held

    async def _take_in_large(self) -> None:
        while not self._stopping.is_set():
            arrival = await self._large.get()
            with self._at_work():
                [life] = await self._known([arrival])
                reading = await asyncio.to_thread(self._open, arrival, life)
                if reading:
                    await self._read_on(arrival, reading)

    async def _read_on(self, arrival: Arrival, reading: Reading) -> None:
        """Read and publish a file to its end, or until asked to stop; read ahead by one batch."""
        batch = None if reading.left else await asyncio.to_thread(self._next, arrival, reading)
        while batch and not self._stopping.is_set():
            is_last = batch.step.after.state == "published"
            more = _nothing() if is_last else asyncio.to_thread(self._next, arrival, reading)
            ahead = asyncio.create_task(more)
            await self._publish([(reading, batch)])
            batch = await ahead
        reading.close()
        self._finish([reading])

    # ── publishing ────────────────────────────────────────────────────────────────────────────

    async def _known(self, arrivals: Sequence[Arrival]) -> list[Life | None]:
        """Return what Redis knows of files, however long it takes."""
        names = [shown(arrival.path, self._settings.inbox_dir) for arrival in arrivals]
        attempt = 0
        while not self._stopping.is_set():
            try:
                return await self._ledger.lives(names)
            except RedisUnavailable as error:
                attempt += 1
                await self._wait(f"waiting: {error}", attempt)
        return [None for _ in arrivals]

    async def _publish(self, batches: Sequence[tuple[Reading, Batch]]) -> bool:
        """Publish, however long it takes; return False when asked to stop before."""
        attempt = 0
        while batches and not self._stopping.is_set():
            try:
                while why := await self._room.lacking():
                    await self._wait(f"paused: {why}", _PAUSE)
                    if self._stopping.is_set():
                        return False
                lives = await self._ledger.advance([batch.step for _, batch in batches])
            except RedisUnavailable as error:
                attempt += 1
                await self._wait(f"waiting: {error}", attempt)
                continue
            self._outage = None
            for (reading, batch), life in zip(batches, lives, strict=True):
                reading.life = life
                self._say(reading, batch)
            return True
        return not batches

    async def _wait(self, why: str, attempt: int) -> None:
        if why != self._outage:
            self._log.warning("waiting", reason=why)
        self._outage = why
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s(attempt, jitter=random.random())):  # noqa: S311
                await self._stopping.wait()

    def _say(self, reading: Reading, batch: Batch) -> None:
        file = reading.life.path
        log = self._log.bind(file=file)
        with observability.together():
            for article_id in batch.published:
                log.info("article", article_id=article_id, status="published")
            for reason in batch.refused:
                log.warning("article", status="refused", reason=reason)
        self._metrics.articles["published"].inc(len(batch.published))
        self._metrics.articles["refused"].inc(len(batch.refused))
        if reading.error:
            self._log.error("a bug", file=file, exc_info=reading.error)

    # ── putting away ──────────────────────────────────────────────────────────────────────────

    def _finish(self, readings: Sequence[Reading]) -> None:
        """Have the files put away that are read to their end."""
        for reading in readings:
            if reading.left:
                self._folder.leave(reading.file.path, reading.life.look)
        self._finisher.finish([one for one in readings if one.done])

    async def _keep_house(self) -> None:
        """Say what waits; close the lives of files that went away; drop those of long ago."""
        recovered, forget_at = False, 0.0
        while True:
            with contextlib.suppress(RedisUnavailable):
                waiting = self._folder.waiting()
                await self._ledger.tell(waiting)
                await self._gauges.measure(self._redis, waiting=waiting.complete)
                if not recovered:
                    await self._finisher.recover()
                    recovered = True
                if (now := time.monotonic()) > forget_at:
                    await self._ledger.forget(int(time.time() * 1000))
                    forget_at = now + _FORGET_EVERY_S
            await asyncio.sleep(_TELL_EVERY_S)

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        token = object()
        self._busy.add(token)
        self._idle.clear()
        try:
            yield
        finally:
            self._busy.discard(token)
            if not self._busy:
                self._idle.set()


async def _nothing() -> None:
    """Stand in for the batch behind the last one."""
