"""XML of no kind we know, so that it never goes on as plain text; XHTML is HTML's."""

import re
from collections.abc import Iterator
from typing import Final

from lxml.html import defs

from services.ingest.formats.xml_based import hardened_xml
from services.ingest.formats.xml_based.xml_metadata import quoted
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "XML"
RESUMES: Final = False

_KNOWN: Final = "NITF, NewsML-G2, NewsML 1, RSS and Atom"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_DECLARATION: Final = re.compile(r"[\s\ufeff]*<(?:\?xml[\s?]|!DOCTYPE\s+(?!html\b))", re.IGNORECASE)
_END: Final = re.compile(r"</[^\s<>]+\s*>|/>")
_OF_HTML: Final = frozenset(defs.tags)


def recognises(document: Document) -> bool:
    """Say so of what has an XML declaration, or a root element of no HTML and an end tag."""
    text = hardened_xml.beginning(document)
    root = hardened_xml.root_of(document)
    declared = bool(_DECLARATION.match(text))
    if root is None:
        return declared
    if root.name.lower() == "html" or root.namespace == _XHTML:
        return False
    xml = bool(root.namespace) or root.name.lower() not in _OF_HTML
    return declared or (xml and bool(_END.search(text, root.start)))


def read(document: Document) -> Iterator[Record]:
    """Raise Unreadable, which names the root element, or what is wrong with the XML."""
    root = hardened_xml.parse(document)
    name = quoted(hardened_xml.local(root))
    msg = f"XML of a kind that is not known: its root is {name}; known are {_KNOWN}"
    raise Unreadable(msg)
    yield  # makes it the generator that a format's `read` is
