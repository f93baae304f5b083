"""JSON values, and the shapes of an article they may have: ours, ninjs, schema.org. Pure."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from services.ingest.formats.json_based import ninjs, schema_org
from services.ingest.formats.text import table_columns
from services.ingest.records import Limits, Record
from shared.errors import Unreadable
from shared.messages import RawArticle

_NAMES: Final = {dict: "object", list: "array", str: "text", bool: "yes or no", int: "number"}
_TEXTS: Final = {"headline", "body", "body_html"}
_CONTRACT: Final = RawArticle.model_fields.keys()
_LISTS: Final = ("articles", "items", "_items", "docs", "data", "results")  # of a page of them


def parse(data: bytes | memoryview) -> object:
    """Return the value that `data` is in JSON; raises Unreadable, with line and column.

    What JSON leaves open is refused, for one reading of it would lose something: NaN, halves of
    characters, a key that stands twice.
    """
    try:
        value: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        msg = f"not JSON (line {error.lineno}, column {error.colno}): {error.msg}"
        raise Unreadable(msg) from None
    # As many `":` as keys: none was dropped. Else (nested, or within a text) look properly.
    if isinstance(value, dict) and bytes(data).count(b'":') != len(value):
        _refuse_repeated_keys(bytes(data))
    return value


def parsed(data: bytes, start: int, end: int, encoding: str) -> Record:
    """Return the record that `data` holds in JSON, in UTF-8 or, where it is not, in `encoding`."""
    try:
        return record(parse(data.strip()), start, end, data)
    except Unreadable as error:
        reason = str(error)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        reason = f"not UTF-8 (byte {error.start} of the record)"
        if encoding != "utf-8":
            return parsed(data.decode(encoding, "replace").encode(), start, end, "utf-8")
    reason = reason.replace("(line 1, column", "(column", 1)
    return Record(start, end, reason=reason, data=data, joins=_is_line(data))


def record(value: object, start: int, end: int, data: bytes) -> Record:
    """Return the record of one value, which stands in `data` alone."""
    try:
        return Record(start, end, fields(value), data=data, joins=_is_line(data))
    except Unreadable as error:
        return Record(start, end, reason=str(error), data=data, joins=_is_line(data))


def _is_line(data: bytes) -> bool:
    """Say whether such data, line behind line, are JSON lines."""
    return data.find(b"\n", 0, -1) < 0


def too_long(start: int, end: int, limits: Limits) -> Record:
    """Return the record that says so; its bytes are not held in memory."""
    limit = limits.record_bytes
    reason = f"a record of {end - start} bytes; the limit is {limit} (NEWSFLOW_MAX_RECORD_BYTES)"
    return Record(start, end, reason=reason)


def fields(value: object) -> Mapping[str, Any]:
    """Return the fields of the one article that `value` is; raises Unreadable."""
    if not isinstance(value, dict):
        msg = f"a JSON {_NAMES.get(type(value), 'value')}; an article is a JSON object"
        raise Unreadable(msg)
    if value.keys() <= _CONTRACT:
        return value
    if ninjs.recognises(value):
        return ninjs.fields(value)
    if schema_org.recognises(value):
        return schema_org.fields(value)
    return value if _TEXTS & value.keys() else _by_other_names(value)


def _by_other_names(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the fields of an object that calls them `title`, `content`, `publishedAt` ..."""
    names = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name) for name in value]
    columns = table_columns.fields_of(names)
    if not _TEXTS & set(columns):
        return value
    parts = (part.get("name") if isinstance(part, dict) else part for part in value.values())
    cells = [str(part) if isinstance(part, str | int | float) else "" for part in parts]
    return table_columns.article(columns, cells)


def articles(value: object) -> Iterator[object]:
    """Yield each article of `value`, which may be one, a graph of schema.org, or hold a list."""
    if not isinstance(value, dict) or ninjs.recognises(value):
        yield value
    elif schema_org.recognises(value):
        found = list(schema_org.articles(value))
        yield from found or [value]
    else:
        inner = value.get("data")
        within = {**inner, **value} if isinstance(inner, dict) else value  # as in AP's Media API
        lists = [within[name] for name in _LISTS if isinstance(within.get(name), list)]
        text = value.get("headline") or value.get("body") or value.get("body_html")
        if not lists or text:
            yield value
            return
        for one in lists[0]:
            wrapped = one.get("item") if isinstance(one, dict) else None
            yield wrapped if isinstance(wrapped, dict) else one


def _refuse_repeated_keys(data: bytes) -> None:
    """Raise Unreadable when a key of the object itself stands twice, not one further within."""
    keys: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> None:
        keys[:] = [key for key, _ in pairs]  # the outermost object is the last to end

    try:
        json.loads(data, object_pairs_hook=keep)
    except RecursionError:
        msg = "values within values, too deep"
        raise Unreadable(msg) from None
    if twice := [key for key, count in Counter(keys).items() if count > 1]:
        msg = f"a key stands twice: {twice[0][:60]!r}"
        raise Unreadable(msg)
