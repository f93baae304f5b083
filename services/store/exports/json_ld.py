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
    url = _url(document)
    text = parts.body(document)
    dateline = document.get("dateline") or {}
    entities = [one for one in document.get("entities") or () if one.get("role") != "agency"]
    in_headline = [one for one in entities if _is_in_headline(one)]
    return {"@context": CONTEXT, "@type": "NewsArticle", "@id": parts.own(document)} | filled(
        {
            "identifier": [
                uri,
                *(_property(*one) for one in parts.ids(document) if one != ("url", url)),
            ],
            "url": url,
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
            "mentions": [_entity(one) for one in entities if not _is_in_headline(one)],
            "keywords": [_term(one) for one in document.get("subjects") or ()],
        }
    )


def _url(document: Mapping[str, Any]) -> str | None:
    """Return the address; one that is the publisher's id as well is written as that only.

    Readers, ours among them, take an id that is also the address for no id.
    """
    url = document.get("url")
    return url if url and parts.is_uri(url) and url != document.get("uri") else None


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
    own = entity.get("id")
    node: Node = {
        "@type": _TYPES.get(entity["type"], "Thing"),
        "name": entity["name"],
        "identifier": [_property(parts.NEWSFLOW, own)] if own else [],
    }
    return filled(node | (_place(entity, node["identifier"]) if entity["type"] == "place" else {}))


def _place(entity: Mapping[str, Any], identifiers: list[Node]) -> Node:
    """Return what is known of a place besides: its kind, codes and position."""
    code, country, point = entity.get("iso3166"), entity.get("country"), entity.get("location")
    place: Node = {"sameAs": parts.geonames(entity)}
    if code:
        part = "-" in code
        place["@type"] = "AdministrativeArea" if part else "Country"
        standard = "ISO 3166-2" if part else "ISO 3166-1"
        place["identifier"] = [_property(standard, code), *identifiers]
    if country and country != code:
        place["address"] = {"@type": "PostalAddress", "addressCountry": country}
    if point:
        longitude, latitude = point["coordinates"]
        place["geo"] = {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}
    return place
