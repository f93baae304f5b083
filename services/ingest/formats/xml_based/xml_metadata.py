"""Values that the XML standards of the IPTC share: dates, ids, subjects, urgency. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from shared.errors import Unreadable

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_MEDIA_TOPIC: Final = re.compile(
    r"(?:medtop:|https?://cv\.iptc\.org/newscodes/mediatopic/)(?:medtop:)?([0-9]{8})/?", re.ASCII
)
_WITHOUT_A_DAY: Final = re.compile(r"[0-9]{4}(?:-[0-9]{2})?")
_DAY_WITH_OFFSET: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})(Z|[+-][0-9]{2}:?[0-9]{2})"
)
_LONGEST_QUOTE: Final = 60


def moment(said: str, where: str) -> datetime | None:
    """Return the ISO 8601 date `said`, basic or extended, in UTC; None when it has no day.

    Raises Unreadable, naming `where` it stands, when it is no date.
    """
    if not said or _WITHOUT_A_DAY.fullmatch(said):
        return None
    day = _DAY_WITH_OFFSET.fullmatch(said)
    try:
        found = datetime.fromisoformat(f"{day[1]}T00:00{day[2]}" if day else said)
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        msg = f'{where} is not a date: "{quoted(said)}"'
        raise Unreadable(msg) from None


def identity(said: str) -> dict[str, str]:
    """Return the id as `uri`, or as `guid` where it is no URI; empty when there is none."""
    return {"uri" if _URI.match(said) else "guid": said} if said else {}


def web_address(said: str) -> str:
    """Return `said` when it is an address of the web, else nothing."""
    return said if said.lower().startswith(("http://", "https://")) else ""


def concept_id(said: str) -> str:
    """Return a concept's id as given; a Media Topic's, in whatever notation, as its qcode."""
    topic = _MEDIA_TOPIC.fullmatch(said)
    return f"medtop:{topic[1]}" if topic else said


def subject(concept: str = "", name: str = "") -> dict[str, str]:
    return filled({"id": concept_id(concept), "name": name})


def distinct(subjects: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the subjects that say something, each once, in their order."""
    return list({tuple(said.items()): said for said in subjects if said}.values())


def urgency(said: str) -> int | None:
    """Return an urgency from 1 to 9; None when it is none (NITF's 0: not assigned)."""
    return int(said) if re.fullmatch(r"[1-9]", said) else None


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` without those that say nothing."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def quoted(said: str) -> str:
    """Return `said`, not too long for a reason."""
    return said if len(said) <= _LONGEST_QUOTE else f"{said[:_LONGEST_QUOTE]}..."
