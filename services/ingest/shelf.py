"""Where files go from the inbox: to the archive, or aside with the reason. Nothing is deleted.

What is moved must be what was read. When another file took its name meanwhile, the other is put
back: a check before the move would leave a moment in which it could still be lost.
"""

import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypedDict

from services.ingest.results import Failure

FAILED: Final = ".failed"  # within the inbox; a dotted name is never read again

RECEIPT: Final = ".receipt.json"

_REASON: Final = ".reason.json"
_NO_NOTE: Final = ".file"  # behind the name of a file that would be taken for one of these
_HEAD: Final = 8192  # bytes of a receipt that hold its file's SHA-256
_DIGITS: Final = 8
_PACKED: Final = re.compile(r"(\.(gz|bz2|xz|zst|zip|tar|tgz|tbz2|txz))+$", re.IGNORECASE)
_LONGEST_NAME: Final = 180  # bytes; file systems take 255, and ours add up to 40
_SUFFIX: Final = 20
_MEMBER: Final = 100  # characters of a member's name


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


class SetAside(NamedTuple):
    """Files of records that failed, by their path within the inbox; whether all bytes are there."""

    names: list[str]
    whole: bool


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
    target = _fitting(archive / f"{file.at:%Y-%m-%d}" / file.path.relative_to(file.inbox))
    receipt = target.with_name(target.name + RECEIPT)
    taken = target.exists() or (receipt.exists() and not _is_of(receipt, file.sha256))
    return _beside(target, file.sha256) if taken else target


def _is_of(receipt: Path, sha256: str) -> bool:
    with receipt.open("rb") as data:
        return sha256.encode() in data.read(_HEAD)


def put_away(file: Taken, target: Path) -> None:
    """Move a file that was published to the archive. Raises OSError when it cannot be moved."""
    _move(file, target)


def set_aside(file: Taken, reason: str) -> None:
    """Move a file that cannot be read to `inbox/.failed/`, its reason beside it as JSON.

    Moving it back into the inbox tries it again. Raises OSError when it cannot be moved. The reason
    is there first: a process that is killed in between leaves no file without one.
    """
    target = _fitting(file.inbox / FAILED / file.path.relative_to(file.inbox))
    target = _beside(target, file.sha256) if target.exists() else target
    target.parent.mkdir(parents=True, exist_ok=True)
    note = _note(target, file, reason, [])
    if not _move(file, target):
        note.unlink()


def set_records_aside(file: Taken, failures: Iterable[Failure]) -> SetAside:
    """Write the records that failed to `inbox/.failed/`, each reason beside; return where.

    Lines and rows of one file stand together in `NAME.rest.jsonl`, others each in `NAME.17.xml`.
    Mended and moved into the inbox they are read. What was written before is written anew, the
    same. A record whose bytes are not known is told of in the receipt only.
    """
    inbox, path = file.inbox, file.path
    folder = (inbox / FAILED / path.relative_to(inbox)).parent
    folder.mkdir(parents=True, exist_ok=True)
    stem, suffix = _unpacked_name(path.name)
    rest = _own(folder / f"{stem}.rest{suffix}", file)
    together: list[dict[str, Any]] = []
    names: list[str] = []
    whole = True
    with _half(rest).open("wb") as lines:
        for failure in failures:
            known = failure._asdict()
            head, data, joins = (known.pop(name) for name in ("head", "data", "joins"))
            if joins:
                lines.write(data if together else head + data)
                lines.write(b"" if data.endswith(b"\n") else b"\n")
                together.append(known)
            elif data:
                alone = _own(folder / _name_alone(path, failure), file)
                _half(alone).write_bytes(head + data)
                _half(alone).replace(alone)
                _note(alone, file, failure.reason, [known])
                names.append(shown(alone, inbox))
            else:
                whole = False
    if not together:
        _half(rest).unlink()
        return SetAside(names, whole)
    _half(rest).replace(rest)
    _note(rest, file, _summary(together), together)
    return SetAside([shown(rest, inbox), *names], whole)


def _name_alone(path: Path, failure: Failure) -> str:
    """Return the name for a record alone: `wire.17.xml`, of an archive `wire.17.its-name.xml`."""
    stem, suffix = _unpacked_name(path.name)
    if failure.member is None:
        return f"{stem}.{failure.record}{suffix}"
    member = re.sub(r"[^\w.-]+", "-", failure.member.rpartition("/")[2])[-_MEMBER:]
    return f"{stem}.{failure.record}.{member.lstrip('.')}"


def _unpacked_name(name: str) -> tuple[str, str]:
    """Return stem and suffix of what a file holds: `wire` and `.jsonl` for `wire.jsonl.gz`."""
    inner = _PACKED.sub("", name) or name
    path = Path(inner)
    return path.stem, path.suffix


def _own(target: Path, file: Taken) -> Path:
    """Return `target`, or a name beside it when that holds records of another file."""
    target = _fitting(target)
    return _beside(target, file.sha256) if _taken_by_other(target, file.sha256) else target


def _taken_by_other(target: Path, sha256: str) -> bool:
    if not target.exists():
        return False
    try:
        note = json.loads(target.with_name(target.name + _REASON).read_text())
    except (OSError, ValueError):
        return True
    return bool(note.get("sha256") != sha256)


def _summary(records: Sequence[Mapping[str, Any]]) -> str:
    reasons = list(dict.fromkeys(record["reason"] for record in records))
    if len(records) == 1:
        return str(reasons[0])
    more = f"; and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    return f"{len(records)} records: {reasons[0]}{more}"


def _note(target: Path, file: Taken, reason: str, records: list[dict[str, Any]]) -> Path:
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
    return half.replace(target.with_name(target.name + _REASON))


def _fitting(target: Path) -> Path:
    """Return `target` with a name that others can be made of: short, and no receipt's or reason's.

    Those stand beside the files they are of, and are told by their names.
    """
    if target.name.endswith((RECEIPT, _REASON)):
        target = target.with_name(f"{target.name}{_NO_NOTE}")
    name = os.fsencode(target.name)
    if len(name) <= _LONGEST_NAME:
        return target
    kept = name[: _LONGEST_NAME - _SUFFIX].decode("utf-8", "ignore")
    digits = hashlib.sha256(name).hexdigest()[:_DIGITS]
    return target.with_name(f"{kept}.{digits}{target.suffix[:_DIGITS]}")


def _half(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def failures(inbox: Path) -> list[Note]:
    """Return the notes on the files that are set aside, oldest first."""
    notes: list[Note] = []
    for path in (inbox / FAILED).rglob(f"*{_REASON}"):
        with contextlib.suppress(FileNotFoundError):  # somebody clears up meanwhile
            if path.with_name(path.name.removesuffix(_REASON)).exists():  # else it was put back
                notes.append(json.loads(path.read_text()))
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
