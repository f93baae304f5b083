"""What stands in docs/ is what the code says."""

import json

import jsonschema
import pytest

from shared.messages import EnrichedArticle, RawArticle
from tests.builders import enriched_article, raw_article
from tests.docs.generated import DOCS, documents


def test_generated_documents_are_up_to_date() -> None:
    """`make schemas` would change nothing."""
    stale = [path.name for path, text in documents().items() if path.read_text() != text]

    assert stale == []


@pytest.mark.parametrize("message", [raw_article(uri="urn:a"), enriched_article(source="Wire")])
def test_the_committed_schema_takes_what_the_model_writes(
    message: RawArticle | EnrichedArticle,
) -> None:
    """A message as it stands on a stream is valid by the JSON Schema that producers read."""
    schema = json.loads((DOCS / "schemas" / f"{type(message).__name__}.json").read_text())

    jsonschema.Draft202012Validator(schema).validate(
        json.loads(message.model_dump_json(exclude_none=True, exclude_defaults=True))
    )


def test_the_schema_asks_a_producer_for_nothing_but_text() -> None:
    """`received_at` and `provenance` are filled in from the stream entry."""
    schema = json.loads((DOCS / "schemas" / "RawArticle.json").read_text())

    assert schema.get("required", []) == []
