"""ninjs, IPTC's News in JSON: versions 1, 2 and 3, and the dialects of AP, TT, Superdesk. Pure.

Version 3 writes the names of version 2 in camel case (`versionCreated`), so names are read without
regard to case. Where version 1 has `body_html` and `body_text`, the others have `bodies`, a list of
roles and values; likewise headlines and descriptions. What stands in `associations` (pictures,
related items) belongs to the article and is none by itself. docs/formats/ninjs.md has every field.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.ingest.formats.json_based import json_values, ninjs_texts
from services.ingest.formats.json_based.json_values import label
from shared.errors import Unreadable
from shared.markup import text_of

_OWN: Final = frozenset(  # names that ninjs has, and neither our contract nor schema.org
    {
        *("versioncreated", "firstcreated", "contentcreated", "contentdigitised", "pubstatus"),
        *("embargoed", "embargoeduntil", "altids", "representationtype", "ednote", "slugline"),
        *("copyrightnotice", "usageterms", "rightsinfo", "infosource", "infosources"),
        *("headlines", "bodies", "descriptions", "associations", "renditions", "evolvedfrom"),
        *("trustindicator", "trustindicators", "eventdetails", "plannedcoverage", "subject"),
    }
)
_CONTRACT: Final = frozenset(  # names of docs/schemas/RawArticle.json that nobody else has
    {
        *("pub_status", "embargoed_until", "published_at", "updated_at", "alt_ids"),
        *("received_at", "provenance"),
    }
)
_TYPES: Final = {  # that hold no text of their own, unless there is a body
    "picture": "a picture",
    "graphic": "a graphic",
    "audio": "audio",
    "video": "a video",
    "event": "an event",
    "planning": "a planning item",
    "composite": "a package",
    "component": "a component",
}
_KNOWN_TYPES: Final = frozenset({"text", *_TYPES})
_STILL: Final = frozenset({"picture", "graphic"})
_MEDIA: Final = {"image": "picture", "audio": "audio", "video": "video"}
_SUBJECTS: Final = (  # concepts that the content is about: version 1, versions 2 and 3
    *("subject", "subjects", "person", "people", "organisation", "organisations"),
    *("place", "places", "event", "events", "object", "objects"),
)
_URGENCIES: Final = frozenset("123456789")


def recognises(value: Mapping[str, Any]) -> bool:
    """Say whether `value`, one JSON object, is ninjs and not an article by our own contract."""
    names = {name.lower() for name in value}
    standard = value.get("standard", value.get("$standard"))
    if isinstance(standard, Mapping) and "ninjs" in (label(standard.get("name")) or "").lower():
        return True
    if names & _CONTRACT or any(name.startswith("@") for name in names):
        return False
    has_type = _type(label(value.get("type"))) in _KNOWN_TYPES and bool(names & {"uri", "guid"})
    return has_type or bool(names & _OWN) or any(_is_own_part(name) for name in names)


def fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the article that `value` is.

    Raises Unreadable when it has no text (a picture, an event, a package), or when id, version,
    status, embargo, a time, headline or body cannot be read.
    """
    item = {name.lower(): part for name, part in value.items()}
    found = _identity(item) | _times(item)
    killed = _is_killed(found)
    try:
        found |= {"headline": ninjs_texts.headline(item)} | ninjs_texts.body(item)
        if not killed:
            _refuse_without_text(item, found)
    except Unreadable:
        if not killed:  # which needs no text, whatever is wrong with it
            raise
    return json_values.filled(found | _about(item))


def _is_own_part(name: str) -> bool:
    part, underscore, role = name.partition("_")
    if part == "body":
        return bool(underscore) and role != "html"  # which our contract has, too
    return bool(underscore and role) and part in {"headline", "description"}


def _type(name: str | None) -> str:
    """Return a type without the scheme before it: `ninat:text`."""
    return (name or "").replace(":", "/").rpartition("/")[2].lower()


def _identity(item: Mapping[str, Any]) -> dict[str, Any]:
    uri = json_values.text(item.get("uri"), "uri")
    guid = json_values.text(item.get("guid"), "guid")  # Superdesk, in place of a uri
    if uri is None and guid is not None and json_values.is_uri(guid):
        uri, guid = guid, None
    elif uri is not None and not json_values.is_uri(uri):
        uri, guid = None, guid or uri
    version = item.get("version")
    status = json_values.text(item.get("pubstatus"), "pubstatus")
    return {
        "uri": uri,
        "guid": guid,
        "version": label(version) or json_values.text(version, "version"),
        "pub_status": status and status.strip().rpartition("/")[2],  # may be a NewsCode's URI
        "alt_ids": dict(_alternative_ids(item.get("altids"))),
    }


def _alternative_ids(value: object) -> Iterator[tuple[str, str]]:
    """Yield kind and id: an object in version 1, a list of roles and values in the others."""
    pairs: list[tuple[object, object]] = list(value.items()) if isinstance(value, Mapping) else []
    if isinstance(value, list):
        pairs = [(one.get("role") or "id", one.get("value")) for one in json_values.objects(value)]
    for role, identifier in pairs:
        known_role, known = label(role), label(identifier)
        if known_role and known:
            yield known_role, known


def _times(item: Mapping[str, Any]) -> dict[str, Any]:
    times = {
        name: json_values.moment(item.get(name), name)
        for name in (
            *("versioncreated", "firstpublished", "firstcreated", "contentcreated"),
            *("embargoed", "embargoeduntil"),
        )
    }
    return {
        "updated_at": times["versioncreated"],
        "published_at": times["firstpublished"]  # Superdesk's
        or times["firstcreated"]
        or times["contentcreated"],
        "embargoed_until": times["embargoeduntil"] or times["embargoed"],
    }


def _is_killed(found: Mapping[str, Any]) -> bool:
    status = str(found["pub_status"]).lower().removeprefix("stat:")
    return status in {"canceled", "cancelled"} and bool(found["uri"] or found["guid"])


def _refuse_without_text(item: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    name, because = _nature(item)
    body = found.get("body") or text_of(found.get("body_html", ""))
    if name in _STILL and not {"bodies", "body_html", "body_xhtml"} & item.keys():
        body = ""  # `body_text` of a picture is Superdesk's text for the blind
    if name in _TYPES and not body:
        msg = f"{_TYPES[name]} without text: {because}"
        raise Unreadable(msg)
    if not body and not found["headline"]:
        msg = "ninjs without text: neither a headline nor a body"
        raise Unreadable(msg)


def _nature(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return the type of the item, and what says so."""
    if given := label(item.get("type")):
        return _type(given), f'ninjs type is "{given[:60]}"'
    for name, meaning in (("eventDetails", "event"), ("plannedCoverage", "planning")):
        if item.get(name.lower()):
            return meaning, f"ninjs without a type, but with {name}"
    media = label(item.get("mimetype")) or ""
    return _MEDIA.get(media.partition("/")[0], "text"), f'its mimetype is "{media[:60]}"'


def _about(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what describes the article; what has another type than it should is left out."""
    return {
        "url": label(item.get("url")),
        "byline": label(item.get("byline"))
        or label(item.get("by"))
        or ", ".join(_names(item, "bylines") or _names(item, "authors")),
        "summary": ninjs_texts.summary(item) or label(item.get("summary")),
        "language": label(item.get("language")),
        "source": label(item.get("source"))
        or next(iter(_names(item, "infosource", "infosources")), None)
        or label(item.get("copyrightholder")),
        "urgency": _urgency(item.get("urgency")),
        "located": next(iter(_names(item, "located", "datelinelocation")), None),
        "subjects": json_values.distinct(_subjects(item)),
    }


def _urgency(value: object) -> int | None:
    digit = label(value) or ""
    return int(digit) if digit in _URGENCIES else None


def _names(item: Mapping[str, Any], *lists: str) -> list[str]:
    """Return the names in `lists`, of objects or of text."""
    parts = [
        ninjs_texts.with_value(part) for name in lists for part in json_values.each(item.get(name))
    ]
    found = (
        label(part.get("name"))
        or label(part.get("by"))
        or label(part.get("city"))
        or label(part.get("value"))
        for part in parts
    )
    return [name for name in found if name]


def _subjects(item: Mapping[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """Yield id and name of what the content is about."""
    for name in _SUBJECTS:
        for part in json_values.objects(item.get(name)):
            uri = json_values.concept_id(None, label(part.get("uri")) or label(part.get("literal")))
            code = label(part.get("code")) or label(part.get("qcode")) or label(part.get("id"))
            scheme = label(part.get("scheme"))
            yield uri or json_values.concept_id(scheme, code), label(part.get("name"))
    for name in _names(item, "service", "keywords"):  # Superdesk's
        yield None, name
