"""The documents that are made from the code: `make schemas` writes them, a test compares them.

docs/schemas/*.json is the JSON Schema of each message; docs/asyncapi.json is made by the three
FastStream applications: who reads and writes which stream, and with what.
"""

import json
from pathlib import Path
from typing import Any

from faststream.specification import AsyncAPI

from services.enrich.app import create as create_enrich
from services.enrich.settings import EnrichSettings
from services.ingest.app import create as create_ingest
from services.ingest.settings import IngestSettings
from services.store.app import create as create_store
from services.store.settings import StoreSettings
from shared.messages import EnrichedArticle, RawArticle, json_schema

DOCS = Path(__file__).parent.parent.parent / "docs"


def documents() -> dict[Path, str]:
    """Return the text of every generated document, by its path."""
    values = {DOCS / "asyncapi.json": _asyncapi()}
    for message in (RawArticle, EnrichedArticle):
        values[DOCS / "schemas" / f"{message.__name__}.json"] = json_schema(message)
    return {
        path: json.dumps(value, indent=2, ensure_ascii=False) + "\n"
        for path, value in values.items()
    }


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
