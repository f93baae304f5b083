"""The columns of a table of articles: which field a name stands for, and what a cell says. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.ingest.formats.json_based import json_values
from shared.errors import Unreadable

_NAMES: Final = {
    "headline": ("headline", "title", "head line", "heading", "hed"),
    "body": ("body", "text", "content", "article", "story", "article body", "full text"),
    "body_html": ("body html", "html"),
    "summary": ("summary", "description", "abstract", "standfirst", "lede", "teaser"),
    "url": ("url", "link", "web url", "permalink"),
    "id": ("id", "guid", "uri", "article id", "story id"),
    "published_at": (
        *(
            "date",
            "published",
            "pubdate",
            "pub date",
            "published at",
            "publishedat",
            "publish date",
        ),
        *("publication date", "date published", "published date", "created", "created at"),
    ),
    "updated_at": ("updated", "updated at", "modified", "modified at", "last modified", "lastmod"),
    "embargoed_until": ("embargo", "embargoed", "embargoed until", "embargo until"),
    "byline": ("author", "authors", "byline", "by", "writer", "creator"),
    "source": ("source", "publisher", "agency", "provider", "publication", "outlet"),
    "language": ("language", "lang"),
    "subjects": (
        *("category", "categories", "section", "tag", "tags", "topic", "topics"),
        *("keyword", "keywords", "subject", "subjects"),
    ),
    "urgency": ("urgency", "priority"),
    "version": ("version",),
    "located": ("location", "located", "place", "dateline", "city"),
    "pub_status": ("status", "pub status", "pubstatus"),
}
_FIELD: Final = {name: field for field, names in _NAMES.items() for name in names}
_TEXTS: Final = frozenset({"headline", "body", "body_html"})
_STATUS: Final = {
    **dict.fromkeys(("usable", "published", "publish", "live", "final"), "usable"),
    **dict.fromkeys(("withheld", "hold", "on hold", "embargoed"), "withheld"),
    **dict.fromkeys(("canceled", "cancelled", "cancel", "kill", "killed"), "canceled"),
}
_BETWEEN_WORDS: Final = re.compile(r"[\s_.-]+")
_BETWEEN_SUBJECTS: Final = re.compile(r"[,;|]")
_LONGEST_NAME: Final = 40  # characters
_FEWEST_KNOWN: Final = 2  # names, one of them that of a text
_URGENCIES: Final = frozenset("123456789")


def fields_of(header: Sequence[str]) -> list[str | None]:
    """Return the field that each column stands for; None for one that is not known."""
    names = (_BETWEEN_WORDS.sub(" ", name.strip().lower()).strip() for name in header)
    return [_FIELD.get(name) for name in names]


def is_header(cells: Sequence[str]) -> bool:
    """Say whether these cells name the columns of a table of articles."""
    known = [field for field in fields_of(cells) if field]
    names = [cell.strip().lower() for cell in cells if cell.strip()]
    return (
        len(known) >= _FEWEST_KNOWN
        and not _TEXTS.isdisjoint(known)
        and len(set(names)) == len(names)
        and all(len(name) <= _LONGEST_NAME for name in names)
    )


def article(columns: Sequence[str | None], cells: Sequence[str]) -> dict[str, Any]:
    """Return the fields of the article that these cells say.

    Of several columns of one field the first that is not empty counts; subjects are those of all.
    Raises Unreadable when it has no text, or a status or an embargo that cannot be read.
    """
    said: dict[str, str] = {}
    subjects: list[str] = []
    for field, cell in zip(columns, cells, strict=False):
        if field == "subjects":
            subjects.extend(_BETWEEN_SUBJECTS.split(cell))
        elif field and cell.strip():
            said.setdefault(field, cell.strip())
    plain = ("headline", "summary", "byline", "source", "language", "version", "located")
    found = json_values.filled(
        {
            **{name: said[name] for name in plain if name in said},
            **_identity(said),
            **_body(said),
            **_times(said),
            "urgency": int(said["urgency"]) if said.get("urgency") in _URGENCIES else None,
            "subjects": json_values.distinct(map(_subject, subjects)),
            "pub_status": _status(said.get("pub_status")),
        }
    )
    killed = found.get("pub_status") == "canceled" and {"uri", "guid", "url"} & found.keys()
    if not killed and _TEXTS.isdisjoint(found):
        msg = "no text: neither headline nor body"
        raise Unreadable(msg)
    return found


def _identity(said: Mapping[str, str]) -> dict[str, str]:
    found = {}
    if identifier := said.get("id"):
        found["uri" if json_values.is_uri(identifier) else "guid"] = identifier
    if said.get("url", "").lower().startswith(("http://", "https://")):
        found["url"] = said["url"]
    return found


def _body(said: Mapping[str, str]) -> dict[str, str]:
    if "body_html" in said:
        return {"body_html": said["body_html"]}
    body = said.get("body", "")
    return {"body_html": body} if json_values.is_html(body) else {"body": json_values.lines(body)}


def _times(said: Mapping[str, str]) -> dict[str, object]:
    names = ("published_at", "updated_at", "embargoed_until")
    times: dict[str, object] = {name: json_values.likely_moment(said.get(name)) for name in names}
    if "embargoed_until" in said and not times["embargoed_until"]:
        msg = f"an embargo that is no date and time: {said['embargoed_until'][:_LONGEST_NAME]!r}"
        raise Unreadable(msg)
    return times


def _status(word: str | None) -> str | None:
    if word is None:
        return None
    status = _STATUS.get(word.lower().removeprefix("stat:"))
    if status is None:
        msg = f"a status that is not known: {word[:_LONGEST_NAME]!r}"
        raise Unreadable(msg)
    return status


def _subject(word: str) -> tuple[str | None, str | None]:
    """Return id and name."""
    identifier = json_values.concept_id(None, word.strip()) or ""
    return (identifier, None) if identifier.startswith("medtop:") else (None, word.strip() or None)
