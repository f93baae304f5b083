"""What stands in MongoDB, made of an EnrichedArticle. Pure.

A head is the newest version of an article, in `articles`, under its article id. A revision is one
version as its publisher sent it, in `article_revisions`, with the signature of its story; only the
signature may be made anew.

Heads form a join: the greater (canceled, version_created, content_hash) wins, so that nothing
brings a killed article back; first_seen_at is the least and last_seen_at the greatest
`received_at`. That is commutative, associative and idempotent, so order, repetition and concurrent
writers do not matter. `cluster` and `joined` are not the versions': they tell the article's place
among its re-runs, see joining.py. Nor is `made_by`: it tells which of them came first, see
attempts.py.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import bson
from bson.errors import InvalidDocument
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument
from pydantic import ValidationError

from services.store.clusters import Signature, Signed, bands
from shared.errors import PermanentError
from shared.identity import revision_id
from shared.messages import EnrichedArticle, RawArticle

SCHEMA_VERSION: Final = 2
KILL: Final = "canceled"

Document = dict[str, Any]

_LIMIT_BYTES: Final = 15 * 1024 * 1024  # MongoDB's is 16 MiB, of the whole update
_BEFORE_LEAD: Final = " \t\n-\u2013\u2014:."  # what parts it from the dateline
_SUMMARY_LENGTH: Final = 500
# What people look for first stands first, in a shell and in an export.
FIRST: Final = (
    *("_id", "headline", "byline", "source", "language", "published_at", "version_created"),
    *("summary", "text", "dateline", "entities", "topics", "quotes"),
)


class Record(NamedTuple):
    """What the store writes of one article, encoded: it will not fail for its shape."""

    article_id: str
    is_kill: bool
    version_created: datetime
    content_hash: str
    seen_at: datetime
    revision: RawBSONDocument
    head: RawBSONDocument
    signature: Signature | None
    entry_id: str | None = None  # of articles.raw

    @property
    def revision_id(self) -> str:
        """`_id` of the revision: one for each thing a publisher said."""
        return revision_id(self.article_id, self.content_hash)

    @property
    def signed(self) -> Signed | None:
        """The version with its signature, if it has one."""
        return self.signature and Signed(self.revision_id, self.article_id, self.signature)


def record(enriched: EnrichedArticle, *, stored_at: datetime | None = None) -> Record:
    """Return what is to be written; raises PermanentError when MongoDB could never take it."""
    content_hash = enriched.article.content_hash
    entry = enriched.article.provenance.entry
    revision = _revision(enriched, content_hash)
    if stored_at:
        revision["stored_at"] = stored_at
    head = _head(enriched, content_hash)
    try:
        raw_revision, raw_head = bson.encode(revision), bson.encode(head)
    except (InvalidDocument, OverflowError, UnicodeError, ValueError) as error:
        msg = f"MongoDB cannot hold it: {error}"
        raise PermanentError(msg) from None
    size = max(len(raw_revision), len(raw_head))
    if size > _LIMIT_BYTES:
        msg = f"too large for MongoDB: a document of {size} bytes; the limit is {_LIMIT_BYTES}"
        raise PermanentError(msg)
    return Record(
        article_id=enriched.article_id,
        is_kill=enriched.article.pub_status == KILL,
        version_created=enriched.article.version_created,
        content_hash=content_hash,
        seen_at=enriched.article.received_at,
        revision=RawBSONDocument(raw_revision),
        head=RawBSONDocument(raw_head),
        signature=_signature(enriched),
        entry_id=entry.entry_id if entry else None,
    )


def revision_update(record: Record) -> Document:
    """Return the update that inserts the revision; one that is there gets the signature only."""
    update: Document = {"$setOnInsert": record.revision}
    if signed := _signed(record):
        update["$set"] = signed
    return update


def first_revision(record: Record) -> RawBSONDocument:
    """Return the revision as `revision_update` makes it where there is none."""
    return _around({"_id": record.revision_id}, record.revision, _signed(record))


def first_head(record: Record) -> RawBSONDocument:
    """Return the head as `head_update` makes it where there is none."""
    seen = {"first_seen_at": record.seen_at, "last_seen_at": record.seen_at}
    own = {"cluster": record.article_id, "made_by": record.revision_id}
    return _around({}, record.head, {**seen, **own})


def article_of(revision: Mapping[str, Any]) -> RawArticle:
    """Return the article as its publisher sent it: what `record` made a revision of.

    Raises PermanentError when the document is no revision by today's contract.
    """
    alt_ids = {one["role"]: one["value"] for one in revision.get("alt_ids", ())}
    try:
        return RawArticle.model_validate({**revision, "alt_ids": alt_ids})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        msg = f"not an article: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        raise PermanentError(msg) from None


def head_update(record: Record) -> list[Document]:
    """Return the update that joins `record` to the head in the database, whichever is newer.

    All content stands inside `$literal`: a headline "$100 note" is else read as a field path.
    """
    head = {"$literal": record.head}
    seen = {"$literal": record.seen_at}
    mine = {"$literal": [record.is_kill, record.version_created, record.content_hash]}
    # Where there is no head yet: false, null, null.
    theirs = [{"$eq": ["$pub_status", KILL]}, "$version_created", "$content_hash"]
    newer = {"$gt": [mine, theirs]}
    is_new = {"$eq": [{"$type": "$version_created"}, "missing"]}
    return [
        {
            "$replaceWith": {
                "$mergeObjects": [
                    {"$cond": [newer, head, "$$ROOT"]},
                    {
                        "first_seen_at": {"$min": ["$first_seen_at", seen]},
                        "last_seen_at": {"$max": ["$last_seen_at", seen]},
                        "cluster": {"$ifNull": ["$cluster", {"$literal": record.article_id}]},
                        "joined": "$joined",  # no field where there is none
                        "made_by": {
                            "$cond": [is_new, {"$literal": record.revision_id}, "$made_by"]
                        },
                    },
                ]
            }
        }
    ]


def _head(enriched: EnrichedArticle, content_hash: str) -> Document:
    article = enriched.article
    read = enriched.model_dump(exclude={"article"}, exclude_none=True)
    sent = _sent(article)
    del sent["body"]
    dateline = read.get("dateline")
    if dateline and isinstance(dateline.get("date"), date):
        dateline["date"] = dateline["date"].isoformat()  # BSON knows times, no days
    head = {
        "_id": read.pop("article_id"),
        **sent,
        **read,
        "summary": article.summary or _lead(enriched),
        "text": article.text,
        "version_created": article.version_created,
        "content_hash": content_hash,
        "schema_version": SCHEMA_VERSION,
    }
    return {name: head[name] for name in (*FIRST, *head) if name in head}


def _revision(enriched: EnrichedArticle, content_hash: str) -> Document:
    return {
        "article_id": enriched.article_id,
        "version_created": enriched.article.version_created,
        "content_hash": content_hash,
        **_sent(enriched.article),
        "enriched_at": enriched.enriched_at,
    }


def _signature(enriched: EnrichedArticle) -> Signature | None:
    """Return the signature if it is one, by a tool that is named."""
    tool = enriched.tools.get("signature")
    if enriched.signature is None or tool is None:
        return None
    signature = Signature(enriched.signature, f"{tool.name} {tool.version}")
    return signature if bands(signature) else None


def _signed(record: Record) -> Document:
    """Return the fields of a revision that tell its signature; none when it has none."""
    if (signature := record.signature) is None:
        return {}
    return {
        "signature": signature.value,
        "signed_by": signature.made_by,
        "bands": [Int64(band) for band in bands(signature)],
    }


def _around(before: Document, document: RawBSONDocument, after: Document) -> RawBSONDocument:
    """Return `document` between other fields; nothing of it is encoded again.

    BSON is the length of the whole in four bytes, the fields, and a NUL (bsonspec.org).
    """
    parts = (bson.encode(before), document.raw, bson.encode(after))
    fields = b"".join(part[4:-1] for part in parts) + b"\0"
    return RawBSONDocument((len(fields) + 4).to_bytes(4, "little") + fields)


def _sent(article: RawArticle) -> Document:
    """Return what a publisher sent; `alt_ids` as a list, for a key can hold neither dot nor NUL."""
    sent = article.model_dump(exclude_none=True)
    alt_ids, subjects = sent.pop("alt_ids"), sent.pop("subjects")
    if alt_ids:
        sent["alt_ids"] = [{"role": role, "value": value} for role, value in alt_ids.items()]
    return sent | ({"subjects": subjects} if subjects else {})


def _lead(enriched: EnrichedArticle) -> str:
    """Return the first paragraph of the story, behind headline and dateline."""
    text = enriched.article.text
    start = 0
    if enriched.headline and text.startswith(enriched.headline):
        start = len(enriched.headline)
    if enriched.dateline:
        start = enriched.dateline.end
    lead = text[start:].lstrip(_BEFORE_LEAD).partition("\n")[0]
    return lead[:_SUMMARY_LENGTH]
