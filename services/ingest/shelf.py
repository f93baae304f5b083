"""Where files go from the inbox: to the archive, or aside with the reason. Nothing is deleted.

What is moved must be what was read. When another file took its name meanwhile, the other is put
back: a check before the move would leave a moment in which it could still be lost.
"""

import errno
import json
import os
import shutil
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple, Self, TypedDict

FAILED: Final = ".failed"  # within the inbox; a dotted name is never read again

_REASON: Final = ".reason.json"
_DIGITS: Final = 8


class Look(NamedTuple):
    """What tells one state of a file from another."""

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        return cls(status.st_ino, status.st_size, status.st_mtime_ns)


class Taken(NamedTuple):
    """A file of the inbox as it was read."""

    path: Path
    inbox: Path
    look: Look
    sha256: str
    at: datetime

    @property
    def name(self) -> str:
        """Its path within the inbox, as people and provenance write it."""
        return self.path.relative_to(self.inbox).as_posix()


class Note(TypedDict):
    """Why a file was set aside; stands beside it as JSON."""

    file: str
    reason: str
    at: str
    sha256: str
    bytes: int


def put_away(file: Taken, archive: Path) -> None:
    """Move a file that was published to `archive/YYYY-MM-DD/`.

    A different file of the same name is never overwritten: the newcomer's name gets a part of its
    SHA-256. Raises OSError when it cannot be moved.
    """
    _move(file, archive / f"{file.at:%Y-%m-%d}" / file.name)


def set_aside(file: Taken, reason: str) -> None:
    """Move a file that cannot be read to `inbox/.failed/`, its reason beside it as JSON.

    Moving it back into the inbox tries it again. Raises OSError when it cannot be moved.
    """
    target = _move(file, file.inbox / FAILED / file.name)
    if target is None:
        return
    note: Note = {
        "file": file.name,
        "reason": reason,
        "at": file.at.isoformat(),
        "sha256": file.sha256,
        "bytes": file.look.size,
    }
    half = target.with_name(f".{target.name}.part")
    half.write_text(json.dumps(note, indent=2) + "\n")
    half.replace(target.with_name(target.name + _REASON))


def failures(inbox: Path) -> list[Note]:
    """Return the notes on the files that are set aside, oldest first."""
    notes: list[Note] = [
        json.loads(path.read_text())
        for path in (inbox / FAILED).rglob(f"*{_REASON}")
        if path.with_name(path.name.removesuffix(_REASON)).exists()  # else it was put back
    ]
    return sorted(notes, key=lambda note: note["at"])


def _move(file: Taken, target: Path) -> Path | None:
    """Move a file; return where it stands, or None when another had its name and is back there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target = _beside(target, file.sha256)
    try:
        file.path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return _move_across(file, target)
    if Look.of(target.stat()) == file.look:
        return target
    target.replace(_beside(file.path, file.sha256) if file.path.exists() else file.path)
    return None


def _beside(path: Path, sha256: str) -> Path:
    return path.with_name(f"{path.stem}.{sha256[:_DIGITS]}{path.suffix}")


def _move_across(file: Taken, target: Path) -> Path | None:
    """Copy to another file system, durably, before the original goes."""
    half = target.with_name(f".{target.name}.part")
    shutil.copy2(file.path, half)
    with half.open("rb") as copy:
        os.fsync(copy.fileno())
    if Look.of(file.path.stat()) != file.look:
        half.unlink()
        return None
    half.replace(target)
    file.path.unlink()
    return target
