"""Where an article came from, as far as its bytes say. Pure.

For people who look for what went wrong: it is asked of entries that are no article by the
contract, too, and then tells what it can.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from shared.entries import wire
from shared.errors import InvalidMessage
from shared.messages import FileOrigin


class Origin(NamedTuple):
    """Whose an article is, when it came in, and where it stood in a file; None: not said."""

    source: str | None = None
    received_at: str | None = None
    file: FileOrigin | None = None


def origin(fields: Mapping[bytes, bytes]) -> Origin:
    """Return where the article of an entry came from; raises nothing, whatever it holds."""
    try:
        read = orjson.loads(wire.body(fields))
    except (InvalidMessage, orjson.JSONDecodeError):
        return Origin()
    if isinstance(read, dict) and isinstance(read.get("article"), dict):
        read = read["article"]  # an EnrichedArticle
    if not isinstance(read, dict):
        return Origin()
    return Origin(
        source=_text(read.get("source")),
        received_at=_text(read.get("received_at")),
        file=_file(read.get("provenance")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _file(provenance: Any) -> FileOrigin | None:  # noqa: ANN401 (whatever a producer sent)
    try:
        return FileOrigin.model_validate(provenance["file"])
    except (ValidationError, TypeError, KeyError, IndexError):
        return None
