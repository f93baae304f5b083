"""JSON: one object with the fields of RawArticle (docs/schemas/RawArticle.json)."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.errors import UnreadableFile

NAME: Final = "JSON article"

_NAMES: Final = {list: "array", str: "string", int: "number", float: "number"}


def recognises(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def read(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the one article of the file."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"not JSON (line {error.lineno}, column {error.colno}): {error.msg}"
        raise UnreadableFile(msg) from None
    except RecursionError:
        msg = "not an article: the JSON is nested too deeply"
        raise UnreadableFile(msg) from None
    if not isinstance(value, dict):
        msg = f"a JSON {_NAMES.get(type(value), 'value')}; one article is one JSON object"
        raise UnreadableFile(msg)
    yield value
