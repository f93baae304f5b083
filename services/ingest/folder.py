"""The inbox: which files have arrived and are complete. The only file that watches a folder.

A file is complete when it was moved in, or closed after writing: the kernel's events tell, at once.
No event tells of what arrived while nobody watched, or of what another machine put on a shared
disk; so the inbox is also searched, and a file found there is complete once it has kept its size
and time for `settle_ms`. One that is known to be open for writing, by an event or because the
kernel refuses a lease on it, is left alone until it is closed, or quiet for `stalled_after_ms`;
so is one that does not parse to its end. Where no lease can be had, settling takes five times as
long.

Names that say "not yet" are passed over: dotfiles, `*.part`, `*.tmp`, editors' droppings; so is
`NAME.ready`, the marker that a file is complete, which `ready_marker` makes everybody write.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import re
import signal
import stat
import time
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from asyncinotify import Event, Inotify, Mask

from services.ingest.ledger import Waiting
from services.ingest.settings import IngestSettings
from services.ingest.shelf import Look, shown
from shared.observability import get_logger

_NOT_YET: Final = re.compile(
    r"\..*|.*~|#.*#|.*\.(part|partial|filepart|tmp|temp|swp|crdownload|download|lock)", re.DOTALL
)
_ARRIVING: Final = 1000  # files that are named
MARKER: Final = ".ready"
_WITHOUT_LEASE: Final = 5  # times `settle_ms`, where nobody can tell whether a file is written
_EVENTS: Final = Mask.CLOSE_WRITE | Mask.MOVED_TO | Mask.CREATE | Mask.ONLYDIR | Mask.DONT_FOLLOW


class Arrival(NamedTuple):
    """A complete file: how it looked, whether an event told of it, whether it was held back."""

    path: Path
    look: Look
    told: bool
    held: bool


class Folder:
    """The complete files of the inbox, each handed out once until it is released."""

    def __init__(self, settings: IngestSettings) -> None:
        self.inbox = settings.inbox_dir
        self._settings = settings
        self._log = get_logger("ingest")
        self._told: OrderedDict[Path, None] = OrderedDict()  # by an event: these go first
        self._found: OrderedDict[Path, None] = OrderedDict()  # by searching
        self._out: set[Path] = set()
        self._held: dict[Path, Look] = {}
        self._left: dict[Path, Look] = {}
        self._writing: dict[Path, float] = {}
        self._settling: dict[Path, tuple[Look, float]] = {}
        self._arrived = asyncio.Event()
        self._search = asyncio.Event()

    async def arrivals(self, *, most: int) -> list[Arrival]:
        """Wait for complete files; return up to `most`, those that events told of first.

        Of many that wait, the newest and the oldest take turns: one that arrives now is not held
        up by a hundred thousand, and none of these waits for ever. They are not handed out again
        before `release`.
        """
        while not (self._told or self._found):
            self._arrived.clear()
            await self._arrived.wait()
        arrivals: list[Arrival] = []
        for queue, told in ((self._told, True), (self._found, False)):
            while queue and len(arrivals) < most:
                path, _ = queue.popitem(last=len(arrivals) % 2 == 0)
                with contextlib.suppress(OSError):  # gone meanwhile
                    look = Look.of(path.lstat())
                    held = self._held.pop(path, None) == look
                    arrivals.append(Arrival(path, look, told, held))
                    self._out.add(path)
        return arrivals

    def release(self, path: Path) -> None:
        """Say that `path` is dealt with: a file that comes under this name is a new one."""
        self._out.discard(path)

    def hold(self, arrival: Arrival) -> None:
        """Give a file back that looks half-written: it comes again when it has been quiet."""
        self._held[arrival.path] = arrival.look
        self._out.discard(arrival.path)

    def leave(self, path: Path, look: Look) -> None:
        """Say that `path` is dealt with and stays: it comes again when it looks different."""
        self._left[path] = look
        self._out.discard(path)

    def waiting(self) -> Waiting:
        """Return what is there and not handed out."""
        first = islice(self._settling.items(), _ARRIVING)
        arriving = {shown(path, self.inbox): look.size for path, (look, _) in first}
        return Waiting(len(self._told) + len(self._found), len(self._settling), arriving)

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
        if path.name.endswith(MARKER):
            path = path.with_name(path.name.removesuffix(MARKER))
        marked = not self._settings.ready_marker or path.with_name(path.name + MARKER).exists()
        if marked and path not in self._out and _is_file(path):
            self._left.pop(path, None)
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
            await self._consider(looks, time.monotonic())
            pause_ms = self._settings.sweep_every_ms
            if self._settling:
                pause_ms = min(pause_ms, self._settings.settle_ms)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_ms / 1000):
                    await self._search.wait()

    async def _consider(self, looks: dict[Path, Look], now: float) -> None:
        """Hand out what has settled among the files found, at the time `now` in seconds."""
        settling: dict[Path, tuple[Look, float]] = {}
        settled: list[tuple[Path, float]] = []
        self._left = {path: look for path, look in self._left.items() if looks.get(path) == look}
        for path, look in looks.items():
            if path in self._out or path in self._told or path in self._found:
                continue
            if path in self._left or path.name.endswith(MARKER):
                continue
            if not self._is_marked(path, looks):
                settling[path] = (look, now)
                continue
            before, since = self._settling.get(path, (None, now))
            settling[path] = (look, since if before == look else now)
            quiet_ms = (now - settling[path][1]) * 1000
            if quiet_ms >= self._settings.settle_ms:
                settled.append((path, quiet_ms))
        open_ = await asyncio.to_thread(lambda: [_is_open_for_writing(path) for path, _ in settled])
        for (path, quiet_ms), is_open in zip(settled, open_, strict=True):
            if quiet_ms >= self._quiet_long_enough_ms(path, settling[path][0], is_open=is_open):
                if is_open or path in self._writing:
                    self._log.warning("taken though never closed", file=str(path))
                self._writing.pop(path, None)
                self._find(path)
                del settling[path]
        self._settling = settling
        self._writing = {path: at for path, at in self._writing.items() if path in looks}

    def _quiet_long_enough_ms(self, path: Path, look: Look, *, is_open: bool | None) -> int:
        """Return for how long a file must have been quiet to be taken as complete."""
        if is_open or path in self._writing or self._held.get(path) == look:
            return self._settings.stalled_after_ms
        if is_open is None:  # nobody can tell
            return min(_WITHOUT_LEASE * self._settings.settle_ms, self._settings.stalled_after_ms)
        return self._settings.settle_ms

    def _find(self, path: Path) -> None:
        if path not in self._out and path not in self._told:  # an event may have come meanwhile
            self._found[path] = None
            self._arrived.set()

    def _is_marked(self, path: Path, looks: dict[Path, Look]) -> bool:
        return not self._settings.ready_marker or path.with_name(path.name + MARKER) in looks


def _is_not_yet(name: str) -> bool:
    return _NOT_YET.fullmatch(name) is not None


def _is_file(path: Path) -> bool:
    """Say whether `path` is a file itself; a link could lead out of the inbox."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _is_open_for_writing(path: Path) -> bool | None:
    """Say whether some process has `path` open for writing; None where the kernel cannot tell.

    A read lease is granted only when nobody has. It takes the file's owner or root, and a local
    file system. See fcntl(2), F_SETLEASE.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        # Whoever opens it in between breaks the lease, which is told by SIGIO: that would end
        # us. SIGURG is ignored where nobody asks for it.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return True if error.errno == errno.EAGAIN else None
    finally:
        os.close(descriptor)
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
