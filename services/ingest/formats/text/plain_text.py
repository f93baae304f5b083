"""Plain text: a wire story, the first line of which may be its headline."""

from collections.abc import Iterator
from typing import Final

from services.ingest.records import Document, Record

NAME: Final = "plain text"
RESUMES: Final = False


def recognises(document: Document) -> bool:  # noqa: ARG001 (any text is; the last one asked)
    return True


def read(document: Document) -> Iterator[Record]:
    """Yield the one article: the whole text; enrich finds headline, dateline and footer in it."""
    yield document.whole({"body": document.text})
