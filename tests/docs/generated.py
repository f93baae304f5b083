"""The documents that are made from the code: `make schemas` writes them, a test compares them.

docs/schemas/*.json is the JSON Schema of each message; docs/asyncapi.json is made by the three
FastStream applications: who reads and writes which stream, and with what; docs/settings.md lists
every environment variable; docs/querying.md, else written by hand, every field in MongoDB.
"""

import json
from pathlib import Path
from typing import Any

from faststream.specification import AsyncAPI
from pydantic.fields import FieldInfo

from services.console.settings import ConsoleSettings
from services.enrich.app import create as create_enrich
from services.enrich.settings import EnrichSettings
from services.ingest.app import create as create_ingest
from services.ingest.settings import IngestSettings
from services.store.app import create as create_store
from services.store.settings import StoreSettings
from shared.messages import EnrichedArticle, RawArticle, json_schema
from shared.settings import Settings
from tests.docs.fields import with_tables

DOCS = Path(__file__).parent.parent.parent / "docs"


def documents() -> dict[Path, str]:
    """Return the text of every generated document, by its path."""
    schemas = {
        DOCS / "schemas" / f"{message.__name__}.json": _json(json_schema(message))
        for message in (RawArticle, EnrichedArticle)
    }
    return {
        **schemas,
        DOCS / "asyncapi.json": _json(_asyncapi()),
        DOCS / "settings.md": _settings(),
        DOCS / "querying.md": with_tables((DOCS / "querying.md").read_text()),
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        "Environment variables, each with a default that works on one machine. A variable may also",
        "stand in a file of its name in `/run/secrets`, or in the folder `NEWSFLOW_SECRETS_DIR`.",
        "Wrong values end a service at its start with exit code 2 and the variable's name.",
    ]
    for title, settings in (
        ("Every service", Settings),
        ("ingest", IngestSettings),
        ("enrich", EnrichSettings),
        ("store", StoreSettings),
        ("console", ConsoleSettings),
    ):
        lines += ["", f"## {title}", "", "| variable | default | what it is |", "|---|---|---|"]
        for name, field in settings.model_fields.items():
            row = _row(name, field)
            if settings is Settings or row not in lines:
                lines.append(row)
    return "\n".join(lines) + "\n"


def _row(name: str, field: FieldInfo) -> str:
    default = "" if field.default is None else f"`{field.default}`"
    return f"| `NEWSFLOW_{name.upper()}` | {default} | {field.description} |"


def _asyncapi() -> dict[str, Any]:
    services = (
        create_ingest(IngestSettings()),
        create_enrich(EnrichSettings()),
        create_store(StoreSettings()),
    )
    specification = AsyncAPI(
        title="Newsflow",
        version="1",
        description="Each entry holds one article as a JSON object in its field `data`.",
    )
    for service in services:
        specification.add_broker(service.app.brokers[0])
    described: dict[str, Any] = specification.to_specification().to_jsonable()
    for channel in described["channels"].values():
        # A consumer's name is this process's, in a group whose name is the stage's.
        channel["bindings"]["redis"].pop("consumerName", None)
    return described


if __name__ == "__main__":
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
