"""What a NewsML-G2 item says of itself: itemMeta and contentMeta. Pure."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from services.ingest.formats.xml_based.hardened_xml import (
    XML_LANG,
    Element,
    attribute,
    children,
    every,
    first,
    words,
)
from services.ingest.formats.xml_based.xml_metadata import (
    distinct,
    filled,
    identity,
    moment,
    subject,
    urgency,
    web_address,
)

_MAIN_ROLES: Final = frozenset({"", "main", "headline", "title", "hl1"})
_SUMMARY_ROLES: Final = frozenset({"", "summary", "abstract", "lead", "intro", "description"})
_BY: Final = re.compile(r"\Aby\s+(?=\S)", re.IGNORECASE)


def fields_of(item: Element) -> dict[str, Any]:
    """Return the fields that the metadata of `item` gives, all but its status."""
    language = _language(item)
    headlines = [*every(item, "contentMeta/headline"), *every(item, "itemMeta/title")]
    descriptions = [
        found for found in every(item, "contentMeta/description") if _role(found) in _SUMMARY_ROLES
    ]
    return filled(
        {
            **identity(attribute(item, "guid")),
            "version": attribute(item, "version"),
            "url": _url(item),
            "updated_at": date_of(item, "itemMeta/versionCreated"),
            "published_at": date_of(item, "contentMeta/contentCreated")
            or date_of(item, "itemMeta/firstCreated"),
            "headline": _best(headlines, language),
            "summary": _best(descriptions, language),
            "byline": _byline(item, language),
            "language": language,
            "source": _name(item, ("itemMeta/provider", "contentMeta/infoSource"), language)
            or _name(item, ("rightsInfo/copyrightHolder",), language),
            "urgency": urgency(words(first(item, "contentMeta/urgency"))),
            "located": _name(item, ("contentMeta/located",), language)
            or words(first(item, "contentMeta/dateline")),
            "subjects": _subjects(item, language),
            "alt_ids": _alt_ids(item),
        }
    )


def date_of(item: Element, path: str) -> datetime | None:
    """Return the date at `path`; raises Unreadable when it is none."""
    return moment(words(first(item, path)), path)


def last_part(element: Element | None) -> str:
    """Return what a qcode or URI says within its vocabulary: `text` of `ninat:text`."""
    code = attribute(element, "qcode", "uri", "code")
    return re.split(r"[:/]", code.rstrip("/"))[-1]


def speaks(element: Element, language: str) -> bool:
    """Say whether `element` is in `language`, or does not say."""
    own = attribute(element, XML_LANG)
    return not own or not language or _primary(own) == _primary(language)


def _primary(tag: str) -> str:
    return tag.lower().partition("-")[0]


def _role(element: Element) -> str:
    return re.split(r"[:/]", attribute(element, "role"))[-1].lower()


def _best(elements: Iterable[Element], language: str) -> str:
    """Return the words of the element in the item's language and of the main role, if any."""
    said = [element for element in elements if words(element)]
    order = [(not speaks(each, language), _role(each) not in _MAIN_ROLES) for each in said]
    return words(said[order.index(min(order))]) if said else ""


def _language(item: Element) -> str:
    paths = ("contentMeta/language", "contentSet/inlineXML", "contentSet/inlineData")
    tags = [attribute(found, "tag", XML_LANG) for path in paths for found in every(item, path)]
    return next(filter(None, tags), attribute(item, XML_LANG))


def _url(item: Element) -> str:
    addresses = [
        *(attribute(found, "href") or words(found) for found in every(item, "itemMeta/altRep")),
        *(
            attribute(found, "href")
            for found in every(item, "itemMeta/link")
            if attribute(found, "rel").rpartition(":")[2] in {"hasAlternate", "canonical"}
        ),
    ]
    return next(filter(None, map(web_address, addresses)), "")


def _byline(item: Element, language: str) -> str:
    said = _best(every(item, "contentMeta/by"), language)
    if not said:
        creators = every(item, "contentMeta/creator")
        names = [_best(children(creator, "name"), language) for creator in creators]
        said = ", ".join(name for name in names if name)
    return _BY.sub("", said, count=1)


def _name(item: Element, paths: tuple[str, ...], language: str) -> str:
    """Return the name of the first concept at `paths`, else what its id or literal says."""
    for path in paths:
        for found in every(item, path):
            named = _best(children(found, "name"), language)
            if said := named or attribute(found, "literal") or last_part(found) or words(found):
                return said
    return ""


def _subjects(item: Element, language: str) -> list[dict[str, str]]:
    aliases = {
        attribute(scheme, "alias"): attribute(scheme, "uri")
        for scheme in every(item, "catalog/scheme")
    }
    found = []
    for each in every(item, "contentMeta/subject"):
        qcode = attribute(each, "qcode")
        alias, colon, code = qcode.partition(":")
        topic = f"{aliases[alias]}{code}" if colon and aliases.get(alias) else ""
        given = qcode or attribute(each, "uri", "literal")
        concept = topic if subject(topic).get("id", "").startswith("medtop:") else given
        found.append(subject(concept, _best(children(each, "name"), language)))
    found += [subject(name=words(each)) for each in every(item, "contentMeta/keyword")]
    return distinct(found)


def _alt_ids(item: Element) -> dict[str, str]:
    found = {
        attribute(each, "type", "environment") or "altId": words(each)
        for each in every(item, "contentMeta/altId")
    }
    return filled({**found, "slugline": words(first(item, "contentMeta/slugline"))})
