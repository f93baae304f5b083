"""Says what is wrong with an export by the standards' own definitions. Pure."""

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.standards.vocabulary import VOCABULARY

_NINJS: Final = json.loads((Path(__file__).parent / "ninjs-3.0.json").read_text())
_GEOJSON: Final = "https://geojson.org/schema/GeoJSON.json"
_POINT: Final = {  # RFC 7946, section 3.1.2; nothing else is exported
    "type": "object",
    "required": ["type", "coordinates"],
    "additionalProperties": False,
    "properties": {
        "type": {"const": "Point"},
        "coordinates": {
            "type": "array",
            "prefixItems": [
                {"type": "number", "minimum": -180, "maximum": 180},
                {"type": "number", "minimum": -90, "maximum": 90},
            ],
            "items": False,
            "minItems": 2,
        },
    },
}
_CLASSES: Final = json.loads(VOCABULARY.read_text())["classes"]
_TEXTS: Final = {"Text", "URL", "Date", "DateTime"}
_PLAIN: Final = re.compile(r"[!-~]+")  # a URI is of printable ASCII
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("uri", raises=ValueError)
def _uri(value: object) -> bool:
    if not isinstance(value, str):
        return True
    parsed = urlsplit(value)
    parsed.port  # noqa: B018 (raises ValueError for a bad one)
    stray = re.search(r'["<>\\^`{|}]|%(?![0-9A-Fa-f]{2})|#.*#', value)
    return bool(parsed.scheme and _PLAIN.fullmatch(value)) and not stray


@_FORMATS.checks("date-time", raises=ValueError)
def _date_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


_VALIDATOR: Final = Draft202012Validator(
    _NINJS,
    format_checker=_FORMATS,
    registry=Registry[Any]().with_resource(_GEOJSON, DRAFT202012.create_resource(_POINT)),
)


def ninjs_faults(item: dict[str, Any]) -> list[str]:
    """Return what IPTC's schema has against `item`."""
    return [f"{error.json_path}: {error.message}" for error in _VALIDATOR.iter_errors(item)]


def schema_org_faults(node: dict[str, Any]) -> list[str]:
    """Return what schema.org's vocabulary has against `node`: unknown names, values of no range."""
    faults = [] if node.get("@context") == "https://schema.org" else ["@context"]
    rest = {name: value for name, value in node.items() if name != "@context"}
    return [*faults, *_faults(rest, "$")]


def _faults(node: dict[str, Any], at: str) -> Iterator[str]:
    kind = str(node.get("@type"))
    if kind not in _CLASSES:
        yield f"{at}: no class {kind!r}"
        return
    known = {name: kinds for one in _line(kind) for name, kinds in _held(one).items()}
    for name, value in node.items():
        where = f"{at}.{name}"
        if name in {"@type", "@id"}:
            continue
        if name not in known:
            yield f"{where}: no property of {kind}"
        elif value in ([], "", None):
            yield f"{where}: empty"
        else:
            for part in value if isinstance(value, list) else [value]:
                if not _suits(part, set(known[name])):
                    yield f"{where}: {part!r} is none of {known[name]}"
                if isinstance(part, dict):
                    yield from _faults(part, where)


def _line(kind: str) -> list[str]:
    """Return a class and all above it."""
    return [kind, *(one for above in _CLASSES[kind]["above"] for one in _line(above))]


def _held(kind: str) -> dict[str, list[str]]:
    held: dict[str, list[str]] = _CLASSES[kind]["properties"]
    return held


def _suits(value: object, kinds: set[str]) -> bool:
    if isinstance(value, dict):
        return value.get("@type") in _CLASSES and not kinds.isdisjoint(_line(value["@type"]))
    if isinstance(value, bool):
        return "Boolean" in kinds
    if isinstance(value, int | float):
        return bool(kinds & ({"Number", "Integer"} if isinstance(value, int) else {"Number"}))
    if not isinstance(value, str):
        return False
    if kinds & {"Date", "DateTime"} and "Text" not in kinds:
        return _date_time(value)
    return bool(kinds & _TEXTS) and ("Text" in kinds or _uri(value))
