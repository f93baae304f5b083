"""JSON: one object that is an article, or holds a list of them."""

from collections.abc import Iterator
from typing import Final

import orjson

from services.ingest.formats.json_based import json_shapes
from services.ingest.records import Document, Record

NAME: Final = "JSON"
RESUMES: Final = False


def recognises(document: Document) -> bool:
    return document.beginning.lstrip()[:1] == "{"


def read(document: Document) -> Iterator[Record]:
    """Yield each article of the object."""
    value = json_shapes.parse(document.text.encode())
    found = list(json_shapes.articles(value))
    for article in found:
        alone = document.data if len(found) == 1 else orjson.dumps(article)
        yield json_shapes.record(article, 0, len(document.data), alone)
