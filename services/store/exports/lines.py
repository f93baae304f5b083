"""Exports as JSON lines: an object a line, and where an export that broke off goes on. Pure.

Articles stand in the order of (version_created, _id), and every line says both. So the last whole
line of a file is all there is to know of how far it got.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
from pymongo import ASCENDING

from services.store.exports import json_ld, ninjs
from services.store.exports.parts import NEWSFLOW
from services.store.questions import Query
from shared.errors import NewsflowError

# JSON allows them within a text, and some readers of lines end a line there.
_LINE_ENDS = (("\x85", b"\\u0085"), ("\u2028", b"\\u2028"), ("\u2029", b"\\u2029"))


class Format(StrEnum):
    """What an export may be written as."""

    NINJS = "ninjs"
    JSONLD = "jsonld"
    JSONL = "jsonl"


class NotOurs(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A line that no export of this format wrote."""


class Position(NamedTuple):
    """The article that was written last."""

    version_created: datetime
    article_id: str


def line(document: Mapping[str, Any], form: Format) -> bytes:
    """Return the document as one line, with the line feed that ends it and no other."""
    made: Mapping[str, Any] = document
    if form is Format.NINJS:
        made = ninjs.item(document)
    elif form is Format.JSONLD:
        made = json_ld.article(document)
    written = orjson.dumps(made, default=str)
    for character, escaped in _LINE_ENDS:
        written = written.replace(character.encode(), escaped)
    return written + b"\n"


def position(written: bytes, form: Format) -> Position:
    """Return the position that a whole line stands for; raises NotOurs."""
    try:
        made = orjson.loads(written)
        time, article_id = _READERS[form](made)
        return Position(datetime.fromisoformat(time), str(article_id))
    except (ValueError, LookupError, TypeError, AttributeError):
        msg = f"its last line is no article in {form}: nothing to go on from"
        raise NotOurs(msg) from None


def in_order(query: Query, after: Position | None) -> Query:
    """Return `query` in the order of an export, behind the article that was written last."""
    wanted = dict(query.filter)
    if after:
        time, article_id = after
        behind = [
            {"version_created": {"$gt": time}},
            {"version_created": time, "_id": {"$gt": article_id}},
        ]
        wanted = {"$and": [wanted, {"version_created": {"$gte": time}}, {"$or": behind}]}
    return Query(wanted, [("version_created", ASCENDING), ("_id", ASCENDING)], query.names)


def _of_document(made: dict[str, Any]) -> tuple[str, str]:
    return made["version_created"], made["_id"]


def _of_ninjs(made: dict[str, Any]) -> tuple[str, str]:
    return made["versionCreated"], _own(made["altIds"][-1], "role")


def _of_json_ld(made: dict[str, Any]) -> tuple[str, str]:
    return made["dateModified"], _own(made["identifier"][-1], "propertyID")


def _own(identifier: dict[str, str], kind: str) -> str:
    if identifier[kind] != NEWSFLOW:
        raise ValueError
    return identifier["value"]


_READERS = {Format.NINJS: _of_ninjs, Format.JSONLD: _of_json_ld, Format.JSONL: _of_document}
