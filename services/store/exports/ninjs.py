"""A document as ninjs 3.0, IPTC's News in JSON. Pure; docs/exporting.md has the mapping.

Field names, types and what may stand where are those of the standard's schema, version 3.0.1.
"""

from collections.abc import Mapping
from typing import Any, Final

from services.store.exports import parts
from services.store.exports.parts import filled

STANDARD: Final = {
    "name": "ninjs",
    "version": "3.0",
    "schema": "http://www.iptc.org/std/ninjs/ninjs-schema_3.0.json#",
}
_TEXT: Final = "text/plain"


def item(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document as a ninjs object."""
    times = {
        "firstCreated": document.get("published_at"),
        "versionCreated": document["version_created"],
        "embargoedUntil": document.get("embargoed_until"),
    }
    return filled(
        {
            "standard": STANDARD,
            "uri": parts.uri(document),
            "type": "text",
            "representationType": "full",
            "version": document.get("version"),
            "pubStatus": document.get("pub_status", "usable"),
            **{name: parts.moment(time) for name, time in times.items() if time},
            "urgency": document.get("urgency"),
            "language": document.get("language"),
            "headlines": _texts("main", document.get("headline")),
            "by": document.get("byline"),
            "descriptions": _texts("summary", document.get("summary")),
            "bodies": _bodies(document),
            "located": parts.located(document),
            "infoSources": [{"name": name} for name in _sources(document)],
            **_entities(document),
            "subjects": _subjects(document),
            "altIds": [{"role": role, "value": value} for role, value in parts.ids(document)],
        }
    )


def _texts(role: str, text: str | None) -> list[dict[str, str]]:
    return [{"role": role, "contentType": _TEXT, "value": text}] if text else []


def _bodies(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    text = parts.body(document)
    bodies: list[dict[str, Any]] = [*_texts("main", text)]
    if bodies:
        bodies[0] |= {"charCount": len(text), "wordCount": len(text.split())}
    if html := document.get("body_html"):
        bodies.append({"role": "main", "contentType": "text/html", "value": html})
    return bodies


def _sources(document: Mapping[str, Any]) -> list[str]:
    source = document.get("source")
    return [*([source] if source else []), *parts.agencies(document)]


def _entities(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return people, organisations and places, most salient first; agencies are sources."""
    found: dict[str, list[dict[str, Any]]] = {"people": [], "organisations": [], "places": []}
    lists = {"person": "people", "organisation": "organisations", "place": "places"}
    for entity in document.get("entities") or ():
        if entity["type"] in lists and entity.get("role") != "agency":
            further = _place(entity) if entity["type"] == "place" else {}
            named = filled({"name": entity["name"], "literal": entity.get("id")})
            found[lists[entity["type"]]].append(named | further)
    return found


def _place(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of a place; its codes stand in an address, where ninjs has countries."""
    code = entity.get("iso3166") or ""
    address = filled({"country": entity.get("country"), "area": code if "-" in code else None})
    point = entity.get("location")
    return filled(
        {
            "uri": parts.geonames(entity),
            "contactInfo": [{"type": "address", "address": address}] if address else [],
            "geoJSON": {**point, "coordinates": list(point["coordinates"])} if point else None,
        }
    )


def _subjects(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the publisher's subjects, then ours: those have a creator."""
    ours = {"creator": parts.NEWSFLOW}
    others = [one for one in document.get("entities") or () if one["type"] in {"group", "other"}]
    return [
        *(_concept(one) for one in document.get("subjects") or ()),
        *(
            _concept(one) | ours | {"confidence": round(100 * one["confidence"])}
            for one in document.get("topics") or ()
        ),
        *(
            _concept(one) | ours | {"relevance": round(100 * one.get("salience", 0))}
            for one in others
        ),
    ]


def _concept(one: Mapping[str, Any]) -> dict[str, Any]:
    uri = parts.concept(one.get("id"))
    literal = None if uri == one.get("id") else one.get("id")
    return filled({"name": one.get("name"), "uri": uri, "literal": literal})
