"""NewsML 1: news items of components within components. Its parts are in docs/formats/newsml-1.md.

https://iptc.org/standards/newsml-1/; it is not NewsML-G2, which took its place.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from services.ingest.formats.xml_based import hardened_xml, nitf
from services.ingest.formats.xml_based.hardened_xml import (
    Element,
    attribute,
    below,
    children,
    every,
    first,
    texts,
    words,
)
from services.ingest.formats.xml_based.xml_bodies import body_of_xhtml
from services.ingest.formats.xml_based.xml_metadata import (
    distinct,
    filled,
    identity,
    moment,
    quoted,
    subject,
    urgency,
)
from services.ingest.formats.xml_based.xml_records import read_each
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "NewsML 1"
RESUMES: Final = False
ROOT: Final = "NewsML"

_STATUS: Final = {
    "": "usable",
    "usable": "usable",
    "embargoed": "withheld",  # until it becomes usable
    "withheld": "withheld",
    "canceled": "canceled",
    "cancelled": "canceled",
}
_BODY_ROLES: Final = frozenset({"body", "main", "maintext", "bodytext", "text", "story", "article"})
_SUMMARY_ROLES: Final = frozenset({"summary", "abstract", "lead", "teaser"})
_HEADLINE_ROLES: Final = frozenset({"headline", "title"})
_NO_BODY_ROLES: Final = frozenset(
    {"stylesheet", "subheadline", "contact", "logo", "photo", "picture", "caption", "graphic"}
) | (_SUMMARY_ROLES | _HEADLINE_ROLES)
_REVISION: Final = re.compile(r":[0-9]+[AUN]?\Z")
_SUBJECT_CODE: Final = re.compile(r"[0-9]{8}", re.ASCII)
_ENCODED: Final = frozenset({"base64", "gzip", "binhex", "uuencode"})


def recognises(document: Document) -> bool:
    root = hardened_xml.root_of(document)
    return root is not None and root.name == ROOT


def read(document: Document) -> Iterator[Record]:
    """Yield an article for each `NewsItem`."""
    return read_each(document, frozenset({"NewsItem"}), article)


def article(item: Element) -> dict[str, Any]:
    """Return the fields of one `NewsItem`; raises Unreadable when it holds no story."""
    management = first(item, "NewsManagement")
    status = _status(item)
    components = list(_components(item))
    body, component = _body(components)
    if not body and status["pub_status"] != "canceled":
        raise Unreadable(_why_none(components))
    around = [] if component is None else [component, *component.iterancestors("{*}NewsComponent")]
    lines = [*around, *(each for each in components if each not in around)]
    return filled(
        {
            **_identity(item),
            **status,
            "published_at": _date(item, "NewsManagement/FirstCreated"),
            "updated_at": _date(item, "NewsManagement/ThisRevisionCreated"),
            "urgency": urgency(attribute(first_child(management, "Urgency"), "FormalName")),
            "headline": _first_line(lines, "HeadLine") or _of_role(components, _HEADLINE_ROLES),
            "byline": _first_line(lines, "ByLine"),
            "located": _first_line(lines, "DateLine"),
            "summary": _of_role(components, _SUMMARY_ROLES),
            "language": _language(lines),
            "source": _source(item, components),
            "subjects": _subjects(components),
            **body,
        }
    )


def first_child(element: Element | None, name: str) -> Element | None:
    return None if element is None else first(element, name)


def _components(element: Element) -> Iterator[Element]:
    """Yield the components of an item, each before those within it."""
    for component in children(element, "NewsComponent"):
        yield component
        yield from _components(component)


def _role(component: Element) -> str:
    return attribute(first(component, "Role"), "FormalName").replace(" ", "").lower()


def _body(components: list[Element]) -> tuple[dict[str, Any], Element | None]:
    """Return the story's text and where it stands: in a component of that role, else the first."""
    likely = [each for each in components if _role(each) in _BODY_ROLES]
    others = [each for each in components if _role(each) not in _BODY_ROLES | _NO_BODY_ROLES]
    for component in (*likely, *others):
        for item in children(component, "ContentItem"):
            if body := _content(item):
                return body, component
    return {}, None


def _content(item: Element) -> dict[str, Any]:
    """Return what a ContentItem says as text or HTML; nothing when it is a picture or encoded."""
    data = next(below(item, "DataContent"), None)
    mime = attribute(first(item, "MimeType"), "FormalName").lower()
    notation = attribute(first(item, "Encoding"), "Notation").lower()
    if data is None or notation in _ENCODED or mime.startswith(("image/", "text/css", "video/")):
        return {}
    story = next(below(data, "nitf"), None)
    if story is not None:
        return nitf.text(story)
    return body_of_xhtml(data)


def _why_none(components: list[Element]) -> str:
    addresses = [
        address
        for component in components
        for item in children(component, "ContentItem")
        if (address := attribute(item, "Href"))
    ]
    if addresses:
        return f"no text, only references: ContentItem {quoted(addresses[0])}"
    return "NewsML without a body: no NewsComponent has a ContentItem/DataContent with text"


def _identity(item: Element) -> dict[str, Any]:
    identifier = first(item, "Identification/NewsIdentifier")
    if identifier is None:
        return {}
    names = ("ProviderId", "DateId", "NewsItemId")
    parts = [words(first(identifier, name)) for name in names]
    public = words(first(identifier, "PublicIdentifier"))
    lasting = f"urn:newsml:{':'.join(parts)}" if all(parts) else _REVISION.sub("", public)
    revision = words(first(identifier, "RevisionId"))
    return {**identity(lasting or parts[2]), "version": revision, "alt_ids": _alt_ids(item)}


def _alt_ids(item: Element) -> dict[str, str]:
    slug = next((said for each in _components(item) if (said := _line(each, "SlugLine"))), "")
    return filled({"slugline": slug})


def _status(item: Element) -> dict[str, Any]:
    said = attribute(first(item, "NewsManagement/Status"), "FormalName")
    status = _STATUS.get(said.rpartition(":")[2].lower())
    if status is None:
        msg = f'NewsManagement/Status is none of NewsML: "{quoted(said)}"'
        raise Unreadable(msg)
    if said.rpartition(":")[2].lower() != "embargoed":
        return {"pub_status": status}
    until = _date(item, "NewsManagement/StatusWillChange/DateAndTime")
    return {"pub_status": "usable" if until else status, "embargoed_until": until}


def _date(item: Element, path: str) -> Any:  # noqa: ANN401 (datetime or None)
    return moment(words(first(item, path)), path)


def _line(component: Element, name: str) -> str:
    return ", ".join(texts(every(component, f"NewsLines/{name}")[:1]))


def _first_line(components: list[Element], name: str) -> str:
    return next((said for each in components if (said := _line(each, name))), "")


def _of_role(components: list[Element], roles: frozenset[str]) -> str:
    found = (each for each in components if _role(each) in roles)
    contents = (words(content) for each in found for content in every(each, "ContentItem"))
    return next(filter(None, contents), "")


def _language(components: list[Element]) -> str:
    path = "DescriptiveMetadata/Language"
    tags = (attribute(first(each, path), "FormalName") for each in components)
    return next(filter(None, tags), "")


def _source(item: Element, components: list[Element]) -> str:
    path = "AdministrativeMetadata/Provider/Party"
    parties = [first(each, path) for each in components]
    envelope = item.getparent()
    if envelope is not None:
        parties.append(first(envelope, "NewsEnvelope/SentFrom/Party"))
    named = next(filter(None, (attribute(party, "FormalName") for party in parties)), "")
    return named or words(first(item, "Identification/NewsIdentifier/ProviderId"))


def _subjects(components: list[Element]) -> list[dict[str, str]]:
    found = []
    for component in components:
        for code in every(component, "DescriptiveMetadata/SubjectCode"):
            for each in children(code, "Subject", "SubjectMatter", "SubjectDetail"):
                said = attribute(each, "FormalName")
                found.append(subject(f"subj:{said}" if _SUBJECT_CODE.fullmatch(said) else said))
        found += [subject(name=said) for said in texts(every(component, "NewsLines/KeywordLine"))]
        for each in every(component, "Metadata/Property"):
            said = attribute(each, "Value")
            if said and attribute(each, "FormalName").endswith("Keywords"):
                found.append(subject(name=said))
    return distinct(found)
