"""JSON: one object with the fields of RawArticle (docs/schemas/RawArticle.json)."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from shared.errors import Unreadable

NAME: Final = "JSON article"

_NAMES: Final = {list: "array", str: "string", int: "number", float: "number"}


def recognises(text: str) -> bool:
    return text.lstrip()[:1] in {"{", "["}


def read(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the one article of the file."""
    try:
        value = orjson.loads(text)  # unlike json's, it takes no NaN and no half of a character
    except orjson.JSONDecodeError as error:
        msg = f"not JSON (line {error.lineno}, column {error.colno}): {error.msg}"
        raise Unreadable(msg) from None
    if not isinstance(value, dict):
        msg = f"a JSON {_NAMES.get(type(value), 'value')}; one article is one JSON object"
        raise Unreadable(msg)
    yield value
