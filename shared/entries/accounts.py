"""Whose an article is, as it is counted: its producer's, and its file's. Pure.

The counters stand in the hash `articles.accounts`, and are written by the scripts that move an
article (shared/delivery/redis_scripts.py), in the same step:

    enrich:enriched, store:stored, ...   entries by stage and how it ended with them
    enrich:dead@NAME                     the same by producer
    dead:parked, dead:replayed, dead:purged, articles.raw:replayed   letters, and where they went
    enrich:base, enrich:passed, dead:base   what Redis had counted before we did

A file's ends stand beside its life: `ended:stored` in `articles.file:PATH`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import orjson

from shared.entries import envelope
from shared.messages import EnrichedArticle, EntryOrigin, FileOrigin, RawArticle

UNNAMED: Final = "unnamed"  # who sends no field `producer`
OTHERS: Final = "(others)"  # all together that came after the first thousand names
MOST_PRODUCERS: Final = 1_000  # about 0.4 KB each: names that are random may not fill Redis

PRODUCER: Final = b"producer"
MESSAGE_ID: Final = b"message_id"
_LONGEST_NAME: Final = 64
_LONGEST_ID: Final = 256
_DATA: Final = b"data"
_LARGEST: Final = 16 * 1024 * 1024  # bytes of an entry that is looked into only to be counted


class Owner(NamedTuple):
    """Whose an article is: its producer, and the file and life of it (services/ingest/ledger.py).

    `message_id` is the producer's own name for the message; by it receipts are found.
    """

    producer: str = UNNAMED
    path: str = ""
    life: str = ""
    message_id: str = ""
    entry_id: str = ""  # of articles.raw


def beside(fields: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return what says who sent an entry: fields of it, or headers of FastStream's envelope."""
    sent = fields
    if envelope.FIELD in fields:
        sent = {**envelope.headers(fields[envelope.FIELD]), **fields}
    return {name: sent[name] for name in (PRODUCER, MESSAGE_ID) if name in sent}


def entry_origin(fields: Mapping[bytes, bytes], *, stream: str, entry_id: str) -> EntryOrigin:
    """Return what the fields beside an article say of who sent it."""
    fields = beside(fields)
    return EntryOrigin(
        stream=stream,
        entry_id=entry_id,
        producer=_text(fields, PRODUCER, _LONGEST_NAME),
        message_id=_text(fields, MESSAGE_ID, _LONGEST_ID),
    )


def owner_of(
    fields: Mapping[bytes, bytes],
    article: RawArticle | EnrichedArticle | None,
    *,
    entry_id: str = "",
) -> Owner:
    """Return whose the article of an entry is; `article` is None when it could not be read.

    `entry_id` is the entry's own, which counts where the article does not name that of the first
    stream.
    """
    if article is None:
        return _guessed(fields, entry_id)
    raw = article.article if isinstance(article, EnrichedArticle) else article
    file, entry = raw.provenance.file, raw.provenance.entry
    return Owner(
        producer=(entry and entry.producer) or UNNAMED,
        path=file.path if file else "",
        life=life(file, raw.received_at) if file else "",
        message_id=(entry and entry.message_id) or "",
        entry_id=entry.entry_id if entry else entry_id,
    )


def life(file: FileOrigin, received_at: datetime) -> str:
    """Return what tells the life of a file from others under its name: ledger.Life.id."""
    return f"{file.sha256}:{round(received_at.timestamp() * 1000)}"


def _guessed(fields: Mapping[bytes, bytes], entry_id: str) -> Owner:
    """Return what an entry that is no article, or was never read, still tells of its owner."""
    sent = beside(fields)
    producer = _text(sent, PRODUCER, _LONGEST_NAME)
    message_id = _text(sent, MESSAGE_ID, _LONGEST_ID)
    article = _object(fields.get(_DATA, b""))
    article = _below(article, "article") or article
    provenance = _below(article, "provenance")
    entry = _below(provenance, "entry")
    try:
        file = FileOrigin.model_validate(provenance["file"])
        received_at = datetime.fromisoformat(article["received_at"])
    except (KeyError, TypeError, ValueError):
        path = of = ""
    else:
        path, of = file.path, life(file, received_at.astimezone(UTC))
    return Owner(
        producer=producer or _named(entry, "producer", _LONGEST_NAME) or UNNAMED,
        path=path,
        life=of,
        message_id=message_id or _named(entry, "message_id", _LONGEST_ID) or "",
        entry_id=_named(entry, "entry_id", _LONGEST_ID) or entry_id,
    )


def _text(fields: Mapping[bytes, bytes], name: bytes, longest: int) -> str | None:
    """Return a field as one line of at most `longest` characters, None when there is none."""
    value = fields.get(name)
    return _line(value.decode("utf-8", "replace"), longest) if value else None


def _line(text: str, longest: int) -> str | None:
    printable = text[: 2 * longest]
    if not printable.isprintable():
        printable = "".join(one if one.isprintable() else " " for one in printable)
    return " ".join(printable.split())[:longest] or None


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data) if len(data) <= _LARGEST else {}
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _below(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    below = found.get(name)
    return below if isinstance(below, dict) else {}


def _named(found: Mapping[str, Any], name: str, longest: int) -> str | None:
    text = found.get(name)
    return _line(text, longest) if isinstance(text, str) else None
