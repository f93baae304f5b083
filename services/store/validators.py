"""What MongoDB itself holds the collections to: `$jsonSchema`, made from model.py. Pure.

It asks for the fields that are always there and for the type of every known one. Other fields are
let through: two versions of the store may be at work while it is upgraded. Mentions are not looked
into: there are dozens in an article, and MongoDB would need 9 to 40 % more CPU time for writing.
"""

import builtins
import types
import typing
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import BaseModel

from services.store.indexes import ARTICLES, REVISIONS
from services.store.model import Article, Mention, Revision

Schema = dict[str, Any]

_BSON: Final[Mapping[type, str | list[str]]] = {
    str: "string",
    int: ["int", "long"],
    float: "number",
    datetime: "date",
}
_BOUNDS: Final = {"ge": "minimum", "le": "maximum"}


def validator(model: type[BaseModel]) -> Schema:
    """Return the validator of a collection whose documents are `model`."""
    return {"$jsonSchema": _object(model)}


def refusal(info: Mapping[str, Any]) -> str:
    """Return which fields broke a validator, from `errInfo` of a write error: `topics.0.id`."""
    rules = info.get("details", {}).get("schemaRulesNotSatisfied", ())
    return ", ".join(sorted({path for rule in rules for path in _paths(rule)}))


def _object(model: type[BaseModel]) -> Schema:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    properties = {
        name: _schema(field.annotation) | _bounds(field.metadata) for name, field in fields.items()
    }
    required = [name for name, field in fields.items() if field.is_required()]
    asked = {"required": required} if required else {}  # MongoDB takes no empty list
    return {"bsonType": "object", **asked, "properties": properties}


def _schema(kind: Any) -> Schema:  # noqa: ANN401 (an annotation, which may be no type)
    """Return the schema of a value of type `kind`; raises KeyError when there is none."""
    inner = typing.get_args(kind)
    match typing.get_origin(kind):
        case typing.Union | types.UnionType:
            [kind] = (one for one in inner if one is not types.NoneType)
            schema = _schema(kind)
        case typing.Annotated:
            bounds = _bounds(one for field in inner[1:] for one in field.metadata)
            schema = _schema(inner[0]) | bounds
        case typing.Literal:
            schema = {"enum": list(inner)}
        case builtins.tuple:
            schema = _array(inner)
        case builtins.dict:
            schema = {"bsonType": "object", "additionalProperties": _schema(inner[1])}
        case _:
            schema = _object(kind) if issubclass(kind, BaseModel) else {"bsonType": _BSON[kind]}
    return schema


def _array(items: tuple[Any, ...]) -> Schema:
    if items[0] is Mention:
        return {"bsonType": "array"}
    if items[-1] is Ellipsis:
        return {"bsonType": "array", "items": _schema(items[0])}
    length = {"minItems": len(items), "maxItems": len(items)}
    return {"bsonType": "array", "items": [_schema(item) for item in items], **length}


def _bounds(metadata: Iterable[object]) -> Schema:
    return {
        name: value
        for one in metadata
        for bound, name in _BOUNDS.items()
        if (value := getattr(one, bound, None)) is not None
    }


def _paths(rule: Mapping[str, Any]) -> list[str]:
    if missing := rule.get("missingProperties"):
        return list(missing)
    name = rule.get("propertyName", rule.get("itemIndex"))
    prefix = [] if name is None else [str(name)]
    below = [
        path
        for key, one in rule.items()
        for inner in (one if isinstance(one, list) else [one])
        if isinstance(inner, Mapping) and key in {"propertiesNotSatisfied", "details"}
        for path in _paths(inner)
    ]
    return [".".join([*prefix, path]) for path in below] or [".".join(prefix)] * bool(prefix)


VALIDATORS: Final[Mapping[str, Schema]] = {
    ARTICLES: validator(Article),
    REVISIONS: validator(Revision),
}
