"""The formats a document may have, one pure module each, told by content and never by name.

To add one: write a module with NAME, `recognises` and `read` like those here, and put it into
FORMATS before the formats that would take its documents for theirs. Files in seeds/ and what must
come of them in seeds/expected/ are its test.
"""

from collections.abc import Iterator
from typing import Final, Protocol, cast

from services.ingest.formats.json_based import json_array, json_lines, json_object
from services.ingest.formats.mail import mail
from services.ingest.formats.text import markdown, plain_text, table
from services.ingest.formats.web import warc, web_page
from services.ingest.formats.xml_based import feed, newsml_1, newsml_g2, nitf, other_xml
from services.ingest.records import HEAD_BYTES, Document, Record
from shared.errors import Unreadable


class Format(Protocol):
    """What a module of this package offers."""

    NAME: str
    RESUMES: bool  # reads on from `document.start`; else from the first record, each time

    def recognises(self, document: Document) -> bool:
        """Say, by `document.head` or `.beginning`, whether it has this format. Never raises."""

    def read(self, document: Document) -> Iterator[Record]:
        """Yield the records of `document`, those from `document.start` on.

        A record that is broken has a reason and the next one follows. Raises Unreadable where the
        document breaks the format so that no further record can be told.
        """


_KNOWN: Final = (
    *(warc, mail),
    *(json_lines, json_array, json_object),
    *(newsml_g2, newsml_1, nitf, feed, other_xml),
    *(web_page, table, markdown, plain_text),
)
FORMATS: Final = cast("tuple[Format, ...]", _KNOWN)


_NOT_READ: Final = {
    b"%PDF-": "a PDF",
    b"{\\rtf": "a document in RTF",
    b"\xd0\xcf\x11\xe0": "a document of an old Word, Excel or Outlook",
}


def format_of(document: Document) -> Format:
    """Return the format of `document`; raises Unreadable when it is empty or none we know."""
    if not document.head.strip() and len(document.head) < HEAD_BYTES:
        msg = "empty: nothing but white space" if document.head else "empty"
        raise Unreadable(msg)
    for mark, what in _NOT_READ.items():
        if document.head.startswith(mark):
            msg = f"{what}, which is not read; save it as text or HTML"
            raise Unreadable(msg)
    for candidate in FORMATS:
        if candidate.recognises(document):
            return candidate
    msg = f"no known format; known are {', '.join(known.NAME for known in FORMATS)}"
    raise Unreadable(msg)
