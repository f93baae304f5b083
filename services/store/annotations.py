"""Annotations of a stored article made again: what differs, and the update that writes it. Pure.

An article's version is what its publisher said. It stays as it is; what was learned from reading
it may be learned anew, by newer tools. The signature is left alone with the tool that made it:
near-duplicates are looked up by it, among all articles at once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

import bson
from bson.codec_options import CodecOptions

from services.store.documents import Document, record
from shared.messages import EnrichedArticle, Tool

_LEFT: Final = "signature"
# The summary is the lead, which the dateline and the headline tell, where no publisher sent one.
ANNOTATIONS: Final = {"summary", *EnrichedArticle.model_fields} - {"article_id", "article", _LEFT}

_UNSAID: Final = ("tools", "enriched_at")  # they say who read it and when, not what was found
_AWARE: Final = CodecOptions[Document](tz_aware=True)

_LONGEST: Final = 80  # characters of a name that is shown
_NAME_OF: Final[Mapping[str, Callable[[Document], str]]] = {
    "entities": lambda entity: f"{entity['name']} ({entity['type']})",
    "topics": lambda topic: topic["name"],
    "quotes": lambda quote: f"{quote['speaker']}: {quote['text']}",
}

Sign = Literal["+", "-", "~"]


class Change(NamedTuple):
    """What of an article is read otherwise: added, removed, or the same with other particulars."""

    kind: str  # field of the head
    sign: Sign
    name: str  # as people call it


class Annotation(NamedTuple):
    """An update that gives a head other annotations, if it still is the head that was read."""

    guard: Document
    update: Document
    changes: tuple[Change, ...] = ()  # none where only the tools' versions differ


def outdated(today: Mapping[str, Tool], *, language: str) -> Document:
    """Return a filter for heads that another tool, another version of one, or no tool made.

    `today` are the tools by what they make. What was passed on unread counts; so does an article
    of `language`, which all of them read, in which one has not made anything; the language itself
    may be the publisher's.
    """
    other = [
        {f"tools.{made}.{field}": {"$exists": True, "$ne": value}}
        for made, tool in today.items()
        if made != _LEFT
        for field, value in tool.model_dump().items()
    ]
    missing = [
        {"language": language, f"tools.{made}": {"$exists": False}}
        for made in today
        if made not in {_LEFT, "language"}
    ]
    return {"$or": [*other, *missing, {"tools": {}}]}


def annotation(head: Document, enriched: EnrichedArticle) -> Annotation | None:
    """Return how to give `head` the annotations of `enriched`, or None when it has them all.

    `head` is the document in MongoDB, `enriched` the same version read again. Raises PermanentError
    when MongoDB could not take it.
    """
    fresh = bson.decode(record(enriched).head.raw, _AWARE)
    if kept := head.get("tools", {}).get(_LEFT):
        fresh["tools"][_LEFT] = kept
    else:
        fresh["tools"].pop(_LEFT, None)
    before = {name: head[name] for name in ANNOTATIONS if name in head}
    after = {name: fresh[name] for name in ANNOTATIONS if name in fresh}
    differing = {name for name in ANNOTATIONS if before.get(name) != after.get(name)}
    if differing <= {"enriched_at"}:
        return None
    update: Document = {"$set": {name: after[name] for name in sorted(differing & after.keys())}}
    if vanished := sorted(differing - after.keys()):
        update["$unset"] = dict.fromkeys(vanished, "")
    guard = {name: head.get(name) for name in ("_id", "content_hash", "enriched_at")}
    return Annotation(guard, update, tuple(_changes(before, after, head["text"])))


def _changes(before: Document, after: Document, text: str) -> Iterator[Change]:
    """Yield what differs, kind by kind; within one what is added, removed, then told otherwise."""
    for kind in sorted(ANNOTATIONS.difference(_UNSAID)):
        old, new = _items(kind, before.get(kind), text), _items(kind, after.get(kind), text)
        if old and new and not isinstance(after[kind], list):  # one value for another
            old = dict(zip(new, old.values(), strict=True))
        yield from (Change(kind, "+", name) for name in new if name not in old)
        yield from (Change(kind, "-", name) for name in old if name not in new)
        yield from (
            Change(kind, "~", name) for name in new if new[name] != old.get(name, new[name])
        )


def _items(
    kind: str, value: list[Document] | Document | str | None, text: str
) -> dict[str, list[Document | str]]:
    """Return what is annotated, by what people call it; no items where nothing is."""
    items: dict[str, list[Document | str]] = defaultdict(list)
    if isinstance(value, list):
        for item in value:
            items[_short(_NAME_OF.get(kind, str)(item))].append(item)
    elif isinstance(value, dict) and "start" in value:
        items[_short(text[value["start"] : value["end"]])].append(value)
    elif value is not None:
        items[_short(str(value))].append(value)
    return dict(items)


def _short(name: str) -> str:
    line = " ".join(name.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}\u2026"
