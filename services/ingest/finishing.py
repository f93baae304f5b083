"""The end of a file that was read: its receipt, its bad records, where it lies from then on."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.ingest import receipts, shelf
from services.ingest.folder import MARKER, Folder
from services.ingest.ledger import IN_HAND, Ledger, Life, State
from services.ingest.reading import Reading
from services.ingest.settings import IngestSettings
from services.ingest.stored import Stored
from shared.errors import RedisUnavailable
from shared.observability import get_logger

_TRY_EVERY_S: Final = 5.0
_ASK_EVERY_S: Final = 1.0
_CLOSE_WITHIN_S: Final = 3.0
_NOTHING: Final = shelf.SetAside([], whole=True)
_ABSENT: Final[dict[State, str]] = {"gone": "it went away while nobody watched"}
_STATES: Final[dict[str, State]] = {
    "archive": "archived",
    "leave": "left",
    "delete": "deleting",
}


class Finisher:
    """Puts files away once all of theirs is published, in an order that may break off anywhere.

    First Redis's disk has to have what was published, for a Redis that is killed while its disk is
    slow loses what it has answered. Then comes what is written beside (bad records, receipt), then
    the move, then the ledger: killed in between, all of it is done again and comes out the same.
    """

    def __init__(
        self, redis: Redis, ledger: Ledger, folder: Folder, settings: IngestSettings
    ) -> None:
        self._ledger = ledger
        self._folder = folder
        self._settings = settings
        self._stored = Stored(redis)
        self._log = get_logger("ingest")
        self._published: dict[Path, Reading] = {}
        self._arrived = asyncio.Event()
        self._stuck: dict[Path, Reading] = {}
        self._unwritten: dict[str, Life] = {}
        self._to_delete: list[Life] = []

    @property
    def problem(self) -> str | None:
        """Why files that are published stay where they are, or None."""
        if self._stuck:
            return f"cannot move {len(self._stuck)} published files out of the inbox, see the log"
        return None

    def finish(self, readings: Sequence[Reading]) -> None:
        """Take files that are published to their end; they are put away once that is on disk."""
        self._published.update({reading.file.path: reading for reading in readings})
        self._arrived.set()

    async def run(self) -> None:
        """Put away what is published; try again, for ever, what did not succeed.

        What was to be deleted is, once it is stored.
        """
        try_at = 0.0
        while True:
            pause_s = _ASK_EVERY_S if self._published or self._to_delete else _TRY_EVERY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._arrived.wait()
            self._arrived.clear()
            with contextlib.suppress(RedisUnavailable, RedisError, OSError):
                await self._put_away_published()
                if (now := time.monotonic()) >= try_at:
                    try_at = now + pause_s
                    await self._put_away(list(self._stuck.values()))
                    await self._delete()

    async def close(self) -> None:
        """Put away what is published, within 3 s; the next start does the rest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                while self._published:
                    self._arrived.set()
                    await asyncio.sleep(0.02)

    async def _put_away_published(self) -> None:
        readings = list(self._published.values())
        if not readings:
            return
        await self._ledger.reach_disk()
        known = await self._ledger.lives([reading.life.path for reading in readings])
        kept = []
        for reading, life in zip(readings, known, strict=True):
            if life and (life.id, life.state) == (reading.life.id, "published"):
                kept.append(reading)
                continue
            self._log.warning("Redis lost it: it is read again", file=reading.life.path)
            self._folder.release(reading.file.path)
            del self._published[reading.file.path]
        await self._put_away(kept)

    async def _put_away(self, readings: Sequence[Reading]) -> None:
        """Put files away; one that cannot be moved is remembered, and not read again."""
        ended = await asyncio.to_thread(lambda: [self._end(reading) for reading in readings])
        for reading, life in zip(readings, ended, strict=True):
            self._published.pop(reading.file.path, None)
            if life is None:
                self._stuck[reading.file.path] = reading
                continue
            self._unwritten[life.path] = life
            self._stuck.pop(reading.file.path, None)
            if life.state == "left":
                self._folder.leave(reading.file.path, life.look)
            self._folder.release(reading.file.path)
            if life.state == "deleting":
                self._to_delete.append(life)
        with contextlib.suppress(RedisUnavailable):
            await self._write()

    async def recover(self) -> None:
        """Close the lives of files that are not in the inbox any more, take up what is to delete.

        An earlier process left them so.
        """
        lives = await self._ledger.newest()
        self._to_delete += [life for life in lives if life.state == "deleting"]
        in_inbox = [life for life in lives if life.state in {*IN_HAND, "left"}]
        missing = [life for life in in_inbox if not self._is_there(life)]
        # One that this process has put away meanwhile has changed since.
        again = await self._ledger.lives([life.path for life in missing])
        for life in [life for life, now in zip(missing, again, strict=True) if life == now]:
            ended = _ended(life)
            self._unwritten[life.path] = self._changed(life, ended, reason=_ABSENT.get(ended, ""))
        await self._write()

    def _is_there(self, life: Life) -> bool:
        return (self._settings.inbox_dir / life.path).exists()

    def _end(self, reading: Reading) -> Life | None:
        """Do all that is to be done to a file; return its last life, None when it is stuck."""
        life = reading.life
        try:
            reading.file.path.lstat()
            if life.published + life.duplicate == 0:
                return self._fail(reading)
            return self._archive(reading)
        except FileNotFoundError:
            self._log.warning("file went away", file=life.path)
            return self._changed(life, "gone", reason="it went away while it was read")
        except OSError as error:
            self._log.error("file stays in the inbox", file=life.path, error=str(error))
            return None

    def _fail(self, reading: Reading) -> Life:
        life, reason = reading.life, reading.life.reason
        if life.records > 1:
            reason = f"none of its {life.records} records is an article; the first: {reason}"
        shelf.set_aside(reading.file, reason)
        reading.results.discard()
        self._drop_marker(reading.file.path)
        return self._changed(life, "failed", reason=reason)

    def _archive(self, reading: Reading) -> Life:
        file, life, settings = reading.file, reading.life, self._settings
        target = shelf.archived_as(file, settings.archive_dir)
        aside = _NOTHING
        if life.failed:
            aside = shelf.set_records_aside(file, reading.results.failures())
        receipt = target.with_name(target.name + shelf.RECEIPT)
        now = datetime.now(UTC)
        receipts.write(
            receipt,
            life,
            reading.results,
            set_aside=aside.names,
            finished_at=now,
            partition=settings.partition,
        )
        if settings.when_done != "leave":
            shelf.put_away(file, target)
        reading.results.discard()
        self._drop_marker(file.path)
        # What was refused and stands nowhere else is in the file: then it is not to be deleted.
        state = _STATES[settings.when_done if aside.whole else "archive"]
        if settings.when_done == "leave":
            state = "left"
        shown = receipt.relative_to(settings.archive_dir).as_posix()
        return self._changed(life, state, receipt=shown)

    def _changed(self, life: Life, state: State, *, reason: str = "", receipt: str = "") -> Life:
        return replace(
            life,
            state=state,
            changed_ms=int(datetime.now(UTC).timestamp() * 1000),
            reason=reason or life.reason,
            receipt=receipt or life.receipt,
        )

    def _drop_marker(self, path: Path) -> None:
        if self._settings.ready_marker:
            path.with_name(path.name + MARKER).unlink(missing_ok=True)

    async def _write(self) -> None:
        lives = list(self._unwritten.values())
        if lives:
            await self._ledger.write(lives)
            for life in lives:
                self._unwritten.pop(life.path, None)

    async def _delete(self) -> None:
        """Delete archived files whose articles have all been stored, or parked."""
        await self._write()
        waiting = []
        for life in self._to_delete:
            if life.last_entry and not await self._stored.has(life.last_entry):
                waiting.append(life)
                continue
            receipt = self._settings.archive_dir / life.receipt
            file = receipt.with_name(receipt.name.removesuffix(shelf.RECEIPT))
            await asyncio.to_thread(file.unlink, missing_ok=True)
            await self._ledger.write([self._changed(life, "deleted")])
        self._to_delete = waiting


def _ended(life: Life) -> State:
    """Return the end of a file that is in the inbox no more, and of which nobody noted the end."""
    if life.state != "published":
        return "gone"
    return "archived" if life.published + life.duplicate else "failed"
