"""The tables of fields in docs/querying.md, made from the models of what stands in MongoDB."""

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from services.store.documents import FIRST
from services.store.model import Article, Revision
from services.store.validators import validator

MODELS = (Article, Revision)


def with_tables(page: str) -> str:
    """Return `page` with the table of each model between its two marks made anew."""
    for model in MODELS:
        begin, end = (f"<!-- {mark} of {model.__name__} -->" for mark in ("fields", "end"))
        before, there, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (there and closed):
            msg = f"no marks {begin} and {end}"
            raise ValueError(msg)
        page = f"{before}{begin}\n{_table(model)}\n{end}{after}"
    return page


def _table(model: type[BaseModel]) -> str:
    head = ("| field | type | what it is | ninjs | schema.org |", "|---|---|---|---|---|")
    return "\n".join([*head, *_rows(model, "")])


def _rows(model: type[BaseModel], before: str) -> Iterator[str]:
    schemas = validator(model)["$jsonSchema"]["properties"]
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for name in sorted(fields, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST)):
        field = fields[name]
        if not field.description:
            continue
        kind = _kind(schemas[name])
        path = f"{before}{name}{'[]' if kind == 'objects' else ''}"
        extra = field.json_schema_extra
        names = extra if isinstance(extra, dict) else {}
        same = " | ".join(_code(str(names.get(key, ""))) for key in ("ninjs", "schema_org"))
        yield f"| `{path}` | {kind} | {field.description} | {same} |"
        if inner := _model(field.annotation):
            yield from _rows(inner, f"{path}.")


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", ") if name)


def _kind(schema: dict[str, Any]) -> str:
    """Return what MongoDB calls the type of a value."""
    if "enum" in schema:
        return "string"
    kind = schema["bsonType"]
    if kind == "array":
        return f"{_kind(schema['items'])}s" if "items" in schema else "objects"
    return str(kind[0] if isinstance(kind, list) else kind)


def _model(kind: Any) -> type[BaseModel] | None:
    """Return the model that `kind` is, or holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((model for one in get_args(kind) if (model := _model(one))), None)
