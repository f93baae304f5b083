"""A document as a NewsArticle of schema.org, in JSON-LD. Pure; docs/exporting.md maps it."""

from collections.abc import Mapping
from typing import Any, Final

from services.store.exports import parts
from services.store.exports.parts import filled

CONTEXT: Final = "https://schema.org"
_TYPES: Final = {"person": "Person", "organisation": "Organization", "place": "Place"}

Node = dict[str, Any]


def article(document: Mapping[str, Any]) -> Node:
    """Return the document as a node that stands by itself."""
    uri = parts.uri(document)
    text = parts.body(document)
    dateline = document.get("dateline") or {}
    entities = [one for one in document.get("entities") or () if one.get("role") != "agency"]
    in_headline = [one for one in entities if _is_in_headline(one)]
    return {"@context": CONTEXT, "@type": "NewsArticle", "@id": uri} | filled(
        {
            "identifier": [uri, *(_property(*one) for one in parts.ids(document))],
            "url": document.get("url"),
            "headline": document.get("headline"),
            "description": document.get("summary"),
            "articleBody": text,
            "wordCount": len(text.split()) or None,
            "inLanguage": document.get("language"),
            "version": document.get("version"),
            "creativeWorkStatus": document.get("pub_status", "usable"),
            **_times(document),
            "author": _named("Person", document.get("byline")),
            "publisher": _named("Organization", document.get("source")),
            "sourceOrganization": [
                _named("Organization", name) for name in parts.agencies(document)
            ],
            "dateline": dateline.get("text"),
            "locationCreated": _named("Place", parts.located(document)),
            "about": [
                *(_term(one) for one in document.get("topics") or ()),
                *(_entity(one) for one in in_headline),
            ],
            "mentions": [_entity(one) for one in entities if one not in in_headline],
            "keywords": [_term(one) for one in document.get("subjects") or ()],
        }
    )


def _is_in_headline(entity: Mapping[str, Any]) -> bool:
    return any(mention.get("field") == "headline" for mention in entity.get("mentions") or ())


def _times(document: Mapping[str, Any]) -> dict[str, str]:
    published, embargo = document.get("published_at"), document.get("embargoed_until")
    times = {"dateModified": parts.moment(document["version_created"])}
    if published:
        times["datePublished"] = parts.moment(published)
    if embargo:  # schema.org has no property for one
        times["conditionsOfAccess"] = f"embargoed until {parts.moment(embargo)}"
    return times


def _named(kind: str, name: str | None) -> Node | None:
    return {"@type": kind, "name": name} if name else None


def _property(kind: str, value: str) -> Node:
    return {"@type": "PropertyValue", "propertyID": kind, "value": value}


def _term(concept: Mapping[str, Any]) -> Node:
    """Return a topic or a publisher's subject."""
    identifier = concept.get("id")
    uri = parts.concept(identifier)
    is_topic = uri is not None and uri.startswith(parts.MEDIA_TOPICS)
    return {"@type": "DefinedTerm"} | filled(
        {
            "@id": uri,
            "name": concept.get("name"),
            "termCode": uri.removeprefix(parts.MEDIA_TOPICS) if uri and is_topic else identifier,
            "inDefinedTermSet": parts.MEDIA_TOPICS if is_topic else None,
        }
    )


def _entity(entity: Mapping[str, Any]) -> Node:
    known = _place(entity) if entity["type"] == "place" else {"@type": _TYPES.get(entity["type"])}
    own = entity.get("id")
    ids = [*known.pop("identifier", ()), *([_property(parts.NEWSFLOW, own)] if own else [])]
    return filled({**known, "name": entity["name"], "identifier": ids}) | {
        "@type": known["@type"] or "Thing"
    }


def _place(entity: Mapping[str, Any]) -> Node:
    code, country, point = entity.get("iso3166"), entity.get("country"), entity.get("location")
    kind = "Place"
    if code:
        kind = "AdministrativeArea" if "-" in code else "Country"
    longitude, latitude = point["coordinates"] if point else (None, None)
    at = {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}
    address = {"@type": "PostalAddress", "addressCountry": country}
    return {
        "@type": kind,
        "sameAs": parts.geonames(entity),
        "identifier": [_property("ISO 3166-2" if "-" in code else "ISO 3166-1", code)]
        if code
        else [],
        "address": address if country and kind != "Country" else None,
        "geo": at if point else None,
    }
