"""The formats a file may have, one pure module each, told by content and never by name.

To add one: write a module with NAME, `recognises` and `read` like those here, and put it into
FORMATS before the formats that would take its files for theirs. Files in seeds/ and what must
come of them in seeds/expected/ are its test.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Protocol, cast

from services.ingest.formats import json_article, plain_text
from shared.errors import UnreadableFile


class Format(Protocol):
    """What a module of this package offers."""

    NAME: str

    def recognises(self, text: str) -> bool:
        """Say whether `text`, the beginning of a file, is of this format. Cheap, never raises."""

    def read(self, text: str) -> Iterator[Mapping[str, Any]]:
        """Yield the records of a whole file, each the fields of a RawArticle, not validated.

        Raises UnreadableFile where the file breaks the format.
        """


FORMATS: Final = cast("tuple[Format, ...]", (json_article, plain_text))

_BEGINNING: Final = 4096  # characters that are shown to `recognises`


def format_of(text: str) -> Format:
    """Return the format of a file's text; raises UnreadableFile when it is none we know."""
    for candidate in FORMATS:
        if candidate.recognises(text[:_BEGINNING]):
            return candidate
    msg = f"no known format; known are {', '.join(known.NAME for known in FORMATS)}"
    raise UnreadableFile(msg)
