"""The inbox: which files have arrived and are complete. The only file that watches a folder.

A file is complete when it was moved in, or closed after writing: the kernel's events tell, at once.
No event tells of what arrived while nobody watched, or of what another machine put on a shared
disk; so the inbox is also searched, and a file found there is complete once it has kept its size
and time for `settle_ms`. One that is known to be open for writing, by an event or because the
kernel refuses a lease on it, is left alone until it is closed, or quiet for `stalled_after_ms`.

Names that say "not yet" are passed over: dotfiles, `*.part`, `*.tmp`, editors' droppings.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import signal
import stat
import time
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from asyncinotify import Event, Inotify, Mask

from services.ingest.settings import IngestSettings
from services.ingest.shelf import Look
from shared.observability import get_logger

_NOT_YET: Final = (".*", "*~", "#*#", "*.part", "*.partial", "*.filepart", "*.tmp", "*.temp")
_NOT_YET_EITHER: Final = ("*.swp", "*.crdownload", "*.download", "*.lock")
_EVENTS: Final = Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.CREATE | Mask.ONLYDIR | Mask.DONT_FOLLOW


class Folder:
    """The complete files of the inbox, each handed out once until it is released."""

    def __init__(self, settings: IngestSettings) -> None:
        self.inbox = settings.inbox_dir
        self._settings = settings
        self._log = get_logger("ingest")
        self._told: dict[Path, None] = {}  # by an event: these go first
        self._found: dict[Path, None] = {}  # by searching
        self._out: set[Path] = set()
        self._writing: dict[Path, float] = {}
        self._settling: dict[Path, tuple[Look, float]] = {}
        self._arrived = asyncio.Event()
        self._search = asyncio.Event()

    async def arrivals(self, *, most: int, most_bytes: int) -> list[Path]:
        """Wait for complete files; return up to `most`, or fewer that hold `most_bytes`.

        They are not handed out again before `release`.
        """
        while not (self._told or self._found):
            self._arrived.clear()
            await self._arrived.wait()
        paths: list[Path] = []
        room = most_bytes
        for queue in (self._told, self._found):
            while queue and len(paths) < most and room > 0:
                path = next(iter(queue))
                del queue[path]
                with contextlib.suppress(OSError):  # gone meanwhile
                    room -= path.stat().st_size
                    paths.append(path)
        self._out |= set(paths)
        return paths

    def release(self, path: Path) -> None:
        """Say that `path` is dealt with: a file that comes under this name is a new one."""
        self._out.discard(path)

    # ── events ────────────────────────────────────────────────────────────────────────────────

    async def watch(self) -> None:
        """Listen to the kernel, for ever; without its help, searching alone finds the files."""
        try:
            with Inotify() as inotify:
                self._watch_below(inotify, self.inbox)
                async for event in inotify:
                    self._hear(inotify, event)
        except OSError as error:
            self._log.warning("no file events, searching only", error=str(error))

    def _hear(self, inotify: Inotify, event: Event) -> None:
        path = event.path
        if Mask.Q_OVERFLOW in event.mask:
            self._search.set()
        elif path is None or _is_not_yet(path.name):
            return
        elif Mask.ISDIR in event.mask:
            if event.mask & (Mask.CREATE | Mask.MOVED_TO):
                self._watch_below(inotify, path)
                self._search.set()  # for what was inside before the watch
        elif event.mask & (Mask.CLOSE_WRITE | Mask.MOVED_TO):
            self._writing.pop(path, None)
            self._tell(path)
        elif Mask.CREATE in event.mask:
            self._writing[path] = time.monotonic()

    def _tell(self, path: Path) -> None:
        if path not in self._out and _is_file(path):
            self._told[path] = None
            self._found.pop(path, None)
            self._arrived.set()

    def _watch_below(self, inotify: Inotify, folder: Path) -> None:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):  # gone meanwhile
            inotify.add_watch(folder, _EVENTS)
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False) and not _is_not_yet(entry.name):
                    self._watch_below(inotify, Path(entry.path))

    # ── searching ─────────────────────────────────────────────────────────────────────────────

    async def sweep(self) -> None:
        """Search the inbox every `sweep_every_ms`, for ever; at once when events were lost."""
        while True:
            self._search.clear()
            looks = await asyncio.to_thread(lambda: dict(_walk(self.inbox)))
            self._consider(looks, time.monotonic())
            pause_ms = self._settings.sweep_every_ms
            if self._settling:
                pause_ms = min(pause_ms, self._settings.settle_ms)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_ms / 1000):
                    await self._search.wait()

    def _consider(self, looks: dict[Path, Look], now: float) -> None:
        """Hand out what has settled among the files found, at the time `now` in seconds."""
        settling: dict[Path, tuple[Look, float]] = {}
        for path, look in looks.items():
            if path in self._out or path in self._told or path in self._found:
                continue
            before, since = self._settling.get(path, (None, now))
            if before != look:
                since = now
            quiet_ms = (now - since) * 1000
            settled = quiet_ms >= self._settings.settle_ms
            open_ = settled and (path in self._writing or _is_open_for_writing(path))
            stalled = quiet_ms >= self._settings.stalled_after_ms
            if not settled or (open_ and not stalled):
                settling[path] = (look, since)
                continue
            if open_:
                self._log.warning("taken though never closed", file=str(path))
            self._writing.pop(path, None)
            self._found[path] = None
        self._settling = settling
        self._writing = {path: at for path, at in self._writing.items() if path in looks}
        if self._found:
            self._arrived.set()


def _is_not_yet(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in (*_NOT_YET, *_NOT_YET_EITHER))


def _is_file(path: Path) -> bool:
    """Say whether `path` is a file itself; a link could lead out of the inbox."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _is_open_for_writing(path: Path) -> bool:
    """Say whether some process has `path` open for writing, as far as the kernel tells.

    A read lease is granted only when nobody has. It takes the file's owner or root, and a local
    file system; without them the answer is no. See fcntl(2), F_SETLEASE.
    """
    try:
        with path.open("rb") as file:
            # Whoever opens it in between breaks the lease, which is told by SIGIO: that would end
            # us. SIGURG is ignored where nobody asks for it.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def _walk(folder: Path) -> Iterator[tuple[Path, Look]]:
    """Yield each file below `folder` that is not passed over, and how it looks."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:  # a folder may go meanwhile
        for entry in entries:
            if _is_not_yet(entry.name):
                continue
            with contextlib.suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _walk(Path(entry.path))
                elif entry.is_file(follow_symlinks=False):
                    status = entry.stat(follow_symlinks=False)
                    yield Path(entry.path), Look.of(status)
