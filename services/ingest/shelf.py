"""Where files go from the inbox: to the archive, or aside with the reason. Nothing is deleted.

What is moved must be what was read. When another file took its name meanwhile, the other is put
back: a check before the move would leave a moment in which it could still be lost.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypedDict

from services.ingest.results import Failure

FAILED: Final = ".failed"  # within the inbox; a dotted name is never read again

RECEIPT: Final = ".receipt.json"

_REASON: Final = ".reason.json"
_HEAD: Final = 8192  # characters of a receipt that hold its file's SHA-256
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
        return shown(self.path, self.inbox)


class Note(TypedDict):
    """Why a file, or some records of it, were set aside; stands beside them as JSON."""

    file: str
    reason: str
    at: str
    sha256: str
    bytes: int
    records: list[dict[str, Any]]


def shown(path: Path, inbox: Path) -> str:
    r"""Return the path of a file within the inbox; bytes that are no UTF-8 are written as \xNN."""
    name = path.relative_to(inbox).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def archived_as(file: Taken, archive: Path) -> Path:
    """Return where a file goes when it is published: `archive/YYYY-MM-DD/`, under its name.

    A different file of the same name is never overwritten, nor is its receipt: the newcomer's name
    gets a part of its SHA-256.
    """
    target = archive / f"{file.at:%Y-%m-%d}" / file.path.relative_to(file.inbox)
    receipt = target.with_name(target.name + RECEIPT)
    taken = target.exists() or (receipt.exists() and not _is_of(receipt, file.sha256))
    return _beside(target, file.sha256) if taken else target


def _is_of(receipt: Path, sha256: str) -> bool:
    with receipt.open() as text:
        return sha256 in text.read(_HEAD)


def put_away(file: Taken, target: Path) -> None:
    """Move a file that was published to the archive. Raises OSError when it cannot be moved."""
    _move(file, target)


def set_aside(file: Taken, reason: str) -> None:
    """Move a file that cannot be read to `inbox/.failed/`, its reason beside it as JSON.

    Moving it back into the inbox tries it again. Raises OSError when it cannot be moved.
    """
    target = file.inbox / FAILED / file.path.relative_to(file.inbox)
    moved = _move(file, _beside(target, file.sha256) if target.exists() else target)
    if moved:
        _note(moved, file, reason, [])


def set_records_aside(file: Taken, failures: Iterable[Failure]) -> list[str]:
    """Write the records that failed to `inbox/.failed/`, each reason beside; return the names.

    Lines of one file stand together in `NAME.rest.jsonl`, others each in `NAME.17.xml`. Mended and
    moved into the inbox they are read. What was written before is written anew, the same.
    """
    folder = (file.inbox / FAILED / file.path.relative_to(file.inbox)).parent
    folder.mkdir(parents=True, exist_ok=True)
    stem, suffix = file.path.stem, file.path.suffix
    rest = folder / f"{stem}.rest{suffix}"
    if rest.exists() and _note_of(rest).get("sha256") != file.sha256:
        rest = _beside(rest, file.sha256)
    lines: list[dict[str, Any]] = []
    names: list[str] = []
    with _half(rest).open("wb") as together:
        for failure in failures:
            one = failure._asdict()
            head, data = one.pop("head"), one.pop("data")
            if head or b"\n" not in data.rstrip(b"\n"):
                if head and not lines:
                    together.write(head)
                together.write(data + (b"" if data.endswith(b"\n") or not data else b"\n"))
                lines.append(one)
            else:
                alone = folder / f"{stem}.{failure.record}{suffix}"
                if alone.exists() and _note_of(alone).get("sha256") != file.sha256:
                    alone = _beside(alone, file.sha256)
                _half(alone).write_bytes(data)
                _half(alone).replace(alone)
                _note(alone, file, failure.reason, [one])
                names.append(shown(alone, file.inbox))
    if not lines:
        _half(rest).unlink()
        return names
    _half(rest).replace(rest)
    reasons = dict.fromkeys(line["reason"] for line in lines)
    more = f" and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    _note(rest, file, f"{len(lines)} records: {next(iter(reasons))}{more}", lines)
    return [shown(rest, file.inbox), *names]


def _note(target: Path, file: Taken, reason: str, records: list[dict[str, Any]]) -> None:
    note: Note = {
        "file": file.name,
        "reason": reason,
        "at": file.at.isoformat(),
        "sha256": file.sha256,
        "bytes": file.look.size,
        "records": records,
    }
    half = _half(target)
    half.write_text(json.dumps(note, indent=2) + "\n")
    half.replace(target.with_name(target.name + _REASON))


def _note_of(target: Path) -> dict[str, Any]:
    try:
        note: dict[str, Any] = json.loads(target.with_name(target.name + _REASON).read_text())
    except (OSError, ValueError):
        return {}
    return note


def _half(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


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
    half = _half(target)
    shutil.copy2(file.path, half)
    with half.open("rb") as copy:
        os.fsync(copy.fileno())
    if Look.of(file.path.stat()) != file.look:
        half.unlink()
        return None
    half.replace(target)
    file.path.unlink()
    return target
