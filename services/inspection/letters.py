"""Which dead letters are meant, what is shown of one, and what kinds there are. Pure."""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Final

from shared.letters.deadletters import Cause, DeadLetter
from shared.letters.reasons import kind_of
from shared.messages import FileOrigin

_MOST_KINDS: Final = 1_000  # told apart; whoever makes up reasons fills no memory
_OTHER: Final = "(other reasons)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters are meant: those that all of it holds for."""

    cause: Cause | None = None
    stage: str | None = None
    reason: str | None = None  # a part of it, or of its kind, in any case
    source: str | None = None
    producer: str | None = None
    file: str | None = None  # its path in the inbox, its name, or a pattern with * for either
    since: datetime | None = None
    until: datetime | None = None

    def takes(self, letter: DeadLetter) -> bool:
        """Whether `letter` is meant; `since` and `until` are asked of Redis."""
        return (
            self.cause in {None, letter.cause}
            and self.stage in {None, letter.stage}
            and (not self.reason or _within(self.reason, letter.reason))
            and (self.source is None or self.source == letter.origin.source)
            and (self.producer is None or self.producer == letter.owner.producer)
            and (self.file is None or _is_named(self.file, letter.origin.file))
        )


def _within(part: str, reason: str) -> bool:
    sought = part.lower()
    return sought in reason.lower() or sought in kind_of(reason).lower()


def _is_named(pattern: str, file: FileOrigin | None) -> bool:
    names = (file.path, PurePosixPath(file.path).name) if file else ()
    return any(name == pattern or fnmatchcase(name, pattern) for name in names)


def shown(letter: DeadLetter) -> dict[str, Any]:
    """Return what is shown of a letter, as JSON has it: why, who, when, where, and the article."""
    origin = letter.origin
    return {
        "id": letter.letter_id,
        "died_at": letter.died_at.isoformat(),
        "reason": letter.reason,
        "cause": letter.cause,
        "stage": letter.stage,
        "consumer": letter.consumer or None,
        "stream": letter.stream,
        "entry_id": letter.entry_id,
        "entered_at": letter.entered_at.isoformat(),
        "deliveries": letter.deliveries,
        "article_id": letter.article_id,
        "source": origin.source,
        "producer": letter.owner.producer,
        "message_id": letter.owner.message_id or None,
        "received_at": origin.received_at,
        "file": origin.file.model_dump() if origin.file else None,
        "replays": letter.replays._asdict() if letter.replays.times else None,
        "data": letter.data.decode("utf-8", "replace"),
    }


def kept(letter: DeadLetter) -> dict[str, Any]:
    """Return all of a letter as JSON: `shown`, and every field of the entry, byte for byte.

    A name or a value is a text, or `{"base64": "..."}` where it is no UTF-8.
    """
    fields = [[_text(name), _text(value)] for name, value in letter.original.items()]
    return {**shown(letter), "original": fields}


def _text(part: bytes) -> str | dict[str, str]:
    try:
        return part.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(part).decode()}


@dataclass(slots=True)
class Kind:
    """Letters of one stage and cause whose reasons differ by the article only."""

    count: int
    newest_id: str
    newest_at: datetime


@dataclass(slots=True)
class Kinds:
    """How many letters there are of each kind. `add` takes them newest first."""

    total: int = 0
    found: dict[tuple[str, str, str], Kind] = field(default_factory=dict)

    def add(self, letter: DeadLetter) -> None:
        """Count one more."""
        self.total += 1
        key = (letter.stage, letter.cause, kind_of(letter.reason))
        if key not in self.found and len(self.found) >= _MOST_KINDS:
            key = (letter.stage, letter.cause, _OTHER)
        if kind := self.found.get(key):
            kind.count += 1
        else:
            self.found[key] = Kind(1, letter.letter_id, letter.died_at)

    def most_first(self) -> list[tuple[tuple[str, str, str], Kind]]:
        """Return stage, cause and reason of each kind, with how many there are."""
        return sorted(self.found.items(), key=lambda item: -item[1].count)

    def figures(self) -> list[dict[str, Any]]:
        """Return an object a kind, most letters first, with its newest letter to look at."""
        return [
            {
                "count": kind.count,
                "stage": stage,
                "cause": cause,
                "reason": reason,
                "newest": kind.newest_id,
                "died_at": kind.newest_at.isoformat(),
            }
            for (stage, cause, reason), kind in self.most_first()
        ]
