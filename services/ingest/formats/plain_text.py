"""Plain text: a wire story, the first line of which may be its headline."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

NAME: Final = "plain text"


def recognises(text: str) -> bool:  # noqa: ARG001 (any text is plain text; the last format asked)
    return True


def read(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the one article: the whole text; enrich finds headline, dateline and footer in it."""
    yield {"body": text}
