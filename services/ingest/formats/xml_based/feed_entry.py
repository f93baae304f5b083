"""An entry of a feed, as feedparser reads it, as the fields of an article. Pure."""

import io
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import feedparser  # type: ignore[import-untyped] # it ships no types

from services.ingest.formats.xml_based.xml_bodies import body_of_text
from services.ingest.formats.xml_based.xml_metadata import (
    distinct,
    filled,
    identity,
    subject,
    web_address,
)
from shared.errors import Unreadable
from shared.markup import text_of

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_TEXT: Final = frozenset({"text/plain", ""})
_NAME_OF_ADDRESS: Final = re.compile(r"[^\s@()<>]+@[^\s@()<>]+\s*\(([^()]+)\)")
_FAILURES: Final = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)


def parse(feed: bytes) -> Any:  # noqa: ANN401 (feedparser has no types)
    """Return what feedparser makes of `feed`, well-formed XML of one entry or of none.

    Raises Unreadable when it fails. HTML stays as it came.
    """
    try:
        return feedparser.parse(io.BytesIO(feed), sanitize_html=False, resolve_relative_uris=False)
    except _FAILURES as error:  # what it raises on odd values
        msg = f"an entry that cannot be read: {type(error).__name__}"
        raise Unreadable(msg) from None


def article(entry_feed: bytes, of_feed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the one entry in `entry_feed`; `of_feed` are those of its feed.

    Raises Unreadable when it holds no text.
    """
    entries = parse(entry_feed).entries
    entry = dict(entries[0]) if entries else {}
    body, summary = _texts(entry)
    said = {
        **of_feed,
        **identity(_line(entry.get("id"))),
        "url": web_address(_line(entry.get("link"))),
        "headline": _of_detail(entry.get("title_detail")) or _line(entry.get("title")),
        "byline": _byline(entry.get("authors", ())),
        "summary": summary,
        "published_at": _moment(entry.get("published_parsed") or entry.get("created_parsed")),
        "updated_at": _moment(entry.get("updated_parsed")),
        "subjects": _subjects(entry.get("tags", ())),
        **_overriding(entry),
        **body,
    }
    if not said["headline"] and not body:
        msg = "an entry without text: it has no title, description or content"
        raise Unreadable(msg)
    said["published_at"] = said["published_at"] or said["updated_at"]
    return filled(said)


def fields_of_feed(shell: bytes) -> dict[str, Any]:
    """Return what a feed without entries says for all of them: its source and language."""
    feed = dict(parse(shell).feed)
    title = _of_detail(feed.get("title_detail")) or _line(feed.get("title"))
    return filled({"source": title, "language": _line(feed.get("language"))})


def _overriding(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return what an entry says for itself instead of its feed."""
    source = entry.get("source")
    title = source.get("title") if isinstance(source, dict) else None
    contents = [*_contents(entry), entry.get("title_detail") or {}]
    spoken = (_line(content.get("language")) for content in contents)
    language = _line(entry.get("language")) or next(filter(None, spoken), "")
    return filled({"source": _line(title), "language": language})


def _contents(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = entry.get("content", ())
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _texts(entry: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """Return the body and the summary: of content and description, or the description alone."""
    summary = entry.get("summary_detail")
    details = [*_contents(entry), *([summary] if isinstance(summary, dict) else [])]
    for detail in details:
        if body := _body(detail):
            return body, "" if detail is summary else _of_detail(summary)
    return {}, ""


def _body(detail: Mapping[str, Any]) -> dict[str, str]:
    value = detail.get("value")
    kind = detail.get("type")
    if not isinstance(value, str) or not value.strip():
        return {}
    if kind in _TEXT:
        return {"body": value.strip()}
    return body_of_text(value) if kind in _HTML else {}


def _of_detail(detail: object) -> str:
    """Return a title or summary as one line of text, whether it came as HTML or not."""
    value = detail.get("value") if isinstance(detail, dict) else None
    if not isinstance(value, str):
        return ""
    html = (
        isinstance(detail, dict) and detail.get("type") in _HTML and ("<" in value or "&" in value)
    )
    return _line(text_of(value) if html else value)


def _line(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""


def _byline(authors: Iterable[Any]) -> str:
    names = [_line(author.get("name")) for author in authors if isinstance(author, dict)]
    people = [match[1] if (match := _NAME_OF_ADDRESS.fullmatch(name)) else name for name in names]
    return ", ".join(dict.fromkeys(person for person in people if person))


def _moment(parsed: object) -> datetime | None:
    """Return feedparser's UTC time; None for none, and for a date that no calendar has."""
    if not isinstance(parsed, tuple):
        return None
    try:
        year, month, day, hour, minute, second = parsed[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError, TypeError):
        return None


def _subjects(tags: Iterable[Any]) -> list[dict[str, str]]:
    found = []
    for tag in tags:
        scheme, term, label = (_line(tag.get(key)) for key in ("scheme", "term", "label"))
        topic = next(
            (
                said["id"]
                for concept in (f"{scheme}{term}", term)
                if (said := subject(concept)).get("id", "").startswith("medtop:")
            ),
            "",
        )
        found.append(subject(topic, label or ("" if topic else term)))
    return distinct(found)
