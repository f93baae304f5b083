"""Typed values out of JSON that anybody may have written, for the shapes of an article. Pure."""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from shared.errors import Unreadable
from shared.markup import text_of

LONGEST_ID: Final = 2048  # characters, of an id in the contract

_KINDS: Final = {dict: "an object", list: "a list", bool: "true or false", str: "text"}
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_MEDIA_TOPIC: Final = re.compile(
    r"(?:https?://cv\.iptc\.org/newscodes/mediatopic/)?(?:medtop:)?([0-9]{8})"
)
_TAG: Final = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|h[1-6]|ul|ol|li|table|section|article|body|html|"
    r"blockquote|figure|img|sup|sub|small|q|cite|hr|pre|mark)(?:[\s/][^<>]{0,2000})?>",
    re.IGNORECASE,
)
_CHARACTER: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_LONGEST_DATE: Final = 64  # characters; no way to write one is longer
_BEFORE_OFFSET: Final = re.compile(r"\s+(?=[+-][0-9]{2})")
_RFC_2822: Final = re.compile(r"(?:[A-Za-z]{3},\s*)?[0-9]{1,2} [A-Za-z]{3} [0-9]{4} [0-9]")
_UTC_NAME: Final = re.compile(r"\s*(?:UTC|GMT|Z)$", re.IGNORECASE)


def kind(value: object) -> str:
    """Return what `value` is, for people."""
    return _KINDS.get(type(value), "a number")


def text(value: object, name: str) -> str | None:
    """Return the text of a field that must not be lost; None when it is not there or empty.

    Raises Unreadable when it is no text.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        msg = f"`{name}` is {kind(value)}, not text"
        raise Unreadable(msg)
    return value if value.strip() else None


def label(value: object) -> str | None:
    """Return a short text or a whole number as text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def moment(value: object, name: str) -> datetime | None:
    """Return the time that `value` is by ISO 8601; None when it is not there.

    Raises Unreadable when it is no such time.
    """
    written = text(value, name)
    if written is None:
        return None
    found = _iso_8601(written.strip())
    if found is None:
        msg = f"`{name}` is not a date and time by ISO 8601: {written[:_LONGEST_DATE]!r}"
        raise Unreadable(msg)
    return found


def likely_moment(value: object) -> datetime | None:
    """Return the time that `value` is, in the notations of the web; None when it cannot be told."""
    if not isinstance(value, str) or len(value) > _LONGEST_DATE:
        return None
    written = value.strip()
    plain = _BEFORE_OFFSET.sub("", _UTC_NAME.sub("+00:00", written))
    return _iso_8601(plain) or _rfc_2822(written)


def _iso_8601(written: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(written.upper())
        return found.astimezone(UTC) if found.tzinfo else found
    except (ValueError, OverflowError):  # the latter: a year out of reach once it is in UTC
        return None


def _rfc_2822(written: str) -> datetime | None:
    if not _RFC_2822.match(written):
        return None
    try:
        found = parsedate_to_datetime(written)
        return found.astimezone(UTC) if found.tzinfo else found
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def each(value: object) -> Iterator[object]:
    """Yield the elements of a list, or the one value that stands in place of a list."""
    if isinstance(value, list | tuple):
        yield from value
    elif value is not None:
        yield value


def objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a list, or the one that stands in place of a list."""
    return (element for element in each(value) if isinstance(element, Mapping))


def is_uri(identifier: str) -> bool:
    return _URI.match(identifier) is not None


def concept_id(scheme: str | None, code: str | None) -> str | None:
    """Return the id of a concept: `medtop:04000000` for IPTC's, else scheme and code as given."""
    if not code:
        return None
    joined = code
    if scheme and not is_uri(code):
        between = "/" if scheme.startswith("http") else ":"
        joined = f"{scheme}{code}" if scheme[-1] in "/#:=" else f"{scheme}{between}{code}"
    topic = _MEDIA_TOPIC.fullmatch(joined)
    if topic and joined != topic[1]:
        return f"medtop:{topic[1]}"
    return joined if len(joined) <= LONGEST_ID else None


def distinct(subjects: Iterable[tuple[str | None, str | None]]) -> list[dict[str, str]]:
    """Return what an article is about, of ids and names; each once, those without either left out.

    A name without an id is left out where the same name has one.
    """
    pairs = dict.fromkeys(pair for pair in subjects if any(pair))
    named = {name for identifier, name in pairs if identifier and name}
    return [
        {key: word for key, word in (("id", identifier), ("name", name)) if word}
        for identifier, name in pairs
        if identifier or name not in named
    ]


def is_html(value: str) -> bool:
    """Say whether `value`, of which nobody said, holds elements of HTML."""
    return _TAG.search(value) is not None


def plain(value: str) -> str:
    """Return `value` without the HTML that web pages leave in it: elements, named characters."""
    if is_html(value):
        return text_of(value)
    return _CHARACTER.sub(lambda found: html.unescape(found[0]), value)


def lines(value: str) -> str:
    """Return the paragraphs of plain text, one a line."""
    return "\n".join(line for line in map(str.strip, value.splitlines()) if line)


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` without those that hold nothing."""
    return {name: value for name, value in fields.items() if value}
