"""What makes two deliveries the same article, and two articles the same text. Pure.

An article is known by the publisher's own identity when there is one, else by its words:

    uri, then guid, then url  ->  as given; a guid that is no URI counts within its source only
    none of them              ->  the words of the text, white space folded, Unicode NFC

Both are hashed with SHA-256, so that an id has one length, sorts evenly and is safe in a
shell, a URL and a MongoDB `_id`.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import orjson

ID_LENGTH: Final = 32  # hexadecimal digits = 128 bits: no collision among 10^15 articles

_REVISION_DIGITS: Final = 16
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")


def article_id(
    *, uri: str | None, guid: str | None, url: str | None, source: str | None, text: str
) -> str:
    """Return 32 hexadecimal digits that are the same for every delivery of one article."""
    if uri:
        return _digest("uri", uri)[:ID_LENGTH]
    if guid:
        scope = "" if _URI.match(guid) else (source or "")
        return _digest("guid", scope, guid)[:ID_LENGTH]
    if url:
        return _digest("url", url)[:ID_LENGTH]
    return _digest("text", fold(text))[:ID_LENGTH]


def revision_id(article_id: str, content_hash: str) -> str:
    """Return `_id` of the revision of an article that says what `content_hash` is made of."""
    return f"{article_id}:{content_hash[:_REVISION_DIGITS]}"


def content_hash(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what a publisher said, as 64 hexadecimal digits.

    `content` holds JSON values. Two deliveries with one hash say the same thing; the hash also
    breaks the tie between two versions of one time, the same way in whatever order they arrive.
    """
    # What json.dumps writes with sorted keys, no blanks and no escapes of its own, in a thirtieth
    # of the time; a test holds the two together, for hashes that are stored have to stay.
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def fold(text: str) -> str:
    """Return `text` in Unicode NFC with every run of white space as one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
