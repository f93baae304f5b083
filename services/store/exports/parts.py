"""What every format says of a document: who it is, its body without the headline, its times. Pure.

A document is one of MongoDB's `articles` (docs/querying.md), its times with an offset. Fields may
be absent: of an older schema, or because there is nothing to say.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

NEWSFLOW: Final = "newsflow"  # kind of the ids that are this database's own
MEDIA_TOPICS: Final = "http://cv.iptc.org/newscodes/mediatopic/"

_URI: Final = re.compile(  # RFC 3986, without an IP address in brackets
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})+"
    r"(?:#(?:[A-Za-z0-9._~:/?!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})*)?"
)
_AUTHORITY: Final = re.compile(r"[^:]*://(?:[^/?#@]*@)?[^/?#@:]*(?::[0-9]*)?(?:[/?#]|$)")
_MEDIA_TOPIC: Final = re.compile(r"medtop:([0-9]{8})")
_GEONAMES: Final = re.compile(r"geonames:([0-9]+)")


def is_uri(identifier: str) -> bool:
    """Say whether `identifier` is a URI by RFC 3986 as it is written."""
    if not _URI.fullmatch(identifier):
        return False
    there = identifier.partition(":")[2].startswith("//")
    return not there or _AUTHORITY.match(identifier) is not None


def uri(document: Mapping[str, Any]) -> str:
    """Return the publisher's URI, else one of the article's id."""
    given = document.get("uri")
    return given if given and is_uri(given) else own(document)


def own(document: Mapping[str, Any]) -> str:
    """Return a URI of the article's id in this database."""
    return f"urn:{NEWSFLOW}:{document['_id']}"


def ids(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and value of every further id; the last is the document's own `_id`."""
    given = document.get("uri")
    fields = {"uri": given and not is_uri(given), "guid": True, "url": True}
    said = [kind for kind, wanted in fields.items() if wanted and document.get(kind)]
    yield from ((kind, document[kind]) for kind in said)
    for one in document.get("alt_ids") or ():
        if one["value"] and one["role"] not in {NEWSFLOW, *said}:
            yield one["role"] or "id", one["value"]
    yield NEWSFLOW, document["_id"]


def body(document: Mapping[str, Any]) -> str:
    """Return the text without the headline's line, where RawArticle.text would put it again."""
    text: str = document.get("text") or ""
    headline = document.get("headline")
    if not headline or text == headline:
        return "" if headline else text
    if not text.startswith(f"{headline}\n"):
        return text
    rest = text[len(headline) + 1 :]
    again = " ".join(rest.partition("\n")[0].split()) == headline
    return text if again else rest


def moment(time: datetime) -> str:
    """Return a time by RFC 3339, in UTC."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def concept(identifier: str | None) -> str | None:
    """Return the URI that a subject's id is or stands for: a Media Topic's at IPTC."""
    if topic := _MEDIA_TOPIC.fullmatch(identifier or ""):
        return MEDIA_TOPICS + topic[1]
    return identifier if identifier and is_uri(identifier) else None


def geonames(entity: Mapping[str, Any]) -> str | None:
    """Return the URI of a place at GeoNames."""
    found = _GEONAMES.fullmatch(entity.get("id") or "")
    return f"https://sws.geonames.org/{found[1]}/" if found else None


def agencies(document: Mapping[str, Any]) -> list[str]:
    """Return who sent the story besides its source, by its dateline and its text."""
    named = list((document.get("dateline") or {}).get("agencies") or ())
    named += [one["name"] for one in document.get("entities") or () if one.get("role") == "agency"]
    return [name for name in dict.fromkeys(named) if name not in {"", document.get("source")}]


def located(document: Mapping[str, Any]) -> str | None:
    """Return where the story was written: as sent, else by its dateline."""
    return document.get("located") or (document.get("dateline") or {}).get("place")


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` without those that hold nothing; zero is something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
