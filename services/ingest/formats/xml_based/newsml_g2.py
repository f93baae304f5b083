"""NewsML-G2: a news item, or a message with several. Its parts are in docs/formats/newsml-g2.md.

https://iptc.org/standards/newsml-g2/
"""

from collections.abc import Iterator
from typing import Any, Final

from services.ingest.formats.xml_based import hardened_xml, newsml_g2_content, newsml_g2_metadata
from services.ingest.formats.xml_based.hardened_xml import Element, first, local
from services.ingest.formats.xml_based.xml_metadata import filled, quoted
from services.ingest.formats.xml_based.xml_records import read_each
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "NewsML-G2"
RESUMES: Final = False
NAMESPACE: Final = "http://iptc.org/std/nar/2006-10-01/"

_NO_ARTICLES: Final = {
    "packageItem": "a package of references without text",
    "conceptItem": "a concept without a story",
    "knowledgeItem": "a list of concepts without a story",
    "planningItem": "a plan of coverage without a story",
    "catalogItem": "a catalogue of vocabularies without a story",
}
_ITEMS: Final = frozenset({"newsItem", *_NO_ARTICLES})
_TEXTS: Final = frozenset({"", "text", "composite"})
_MEDIA: Final = {
    "picture": "a picture",
    "graphic": "a graphic",
    "audio": "audio",
    "video": "a video",
    "animation": "an animation",
}
_STATUS: Final = {
    "": "usable",
    "usable": "usable",
    "withheld": "withheld",
    "canceled": "canceled",
    "cancelled": "canceled",
}


def recognises(document: Document) -> bool:
    root = hardened_xml.root_of(document)
    return root is not None and (
        root.name in {"newsMessage", *_ITEMS} or root.namespace == NAMESPACE
    )


def read(document: Document) -> Iterator[Record]:
    """Yield an article for each `newsItem`; a reason for each item of another kind."""
    return read_each(document, _ITEMS, article)


def article(item: Element) -> dict[str, Any]:
    """Return the fields of one item; raises Unreadable when it is no article."""
    if reason := _NO_ARTICLES.get(local(item)):
        msg = f"{reason}: {local(item)}"
        raise Unreadable(msg)
    status = _status(item)
    kind = newsml_g2_metadata.last_part(first(item, "itemMeta/itemClass"))
    canceled = status["pub_status"] == "canceled"
    if kind.lower() not in _TEXTS and not canceled:
        what = _MEDIA.get(kind.lower(), "an item")
        msg = f'{what} without text: itemMeta/itemClass is "{quoted(kind)}"'
        raise Unreadable(msg)
    fields = {**status, **newsml_g2_metadata.fields_of(item)}
    content = newsml_g2_content.fields_of(item, fields.get("language", ""), needed=not canceled)
    return filled({**content, **fields})


def _status(item: Element) -> dict[str, Any]:
    element = first(item, "itemMeta/pubStatus")
    said = newsml_g2_metadata.last_part(element) or hardened_xml.words(element)
    status = _STATUS.get(said.lower())
    if status is None:
        msg = f'itemMeta/pubStatus is none of the IPTC: "{quoted(said)}"'
        raise Unreadable(msg)
    embargo = first(item, "itemMeta/embargoed")
    if embargo is None:
        return {"pub_status": status}
    until = newsml_g2_metadata.date_of(item, "itemMeta/embargoed")
    if until is None and status == "usable":
        status = "withheld"  # an embargo without an end
    return {"pub_status": status, "embargoed_until": until}
