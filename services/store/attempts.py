"""Writes that nobody was told of: of an attempt that was killed, or had no answer, in between.

The entry comes again and finds its own revision. It is no duplicate then: it was stored, or updated
the article, and its publisher is to be told so. A revision names the entry that brought it, so only
what seems to be a duplicate is asked for; nothing tells a first attempt from a second with
certainty, for an outage takes its delivery back.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from services.store.documents import Document, Record
from shared.outcome import Status


class Revisions(Protocol):
    """The revisions in MongoDB, see services/store/mongo.py."""

    async def revisions(self, query: Mapping[str, Any], *fields: str) -> Sequence[Document]:
        """Return `fields` of those that match; raises MongoUnavailable."""


async def written_before(known: Mapping[int, Record], *, shelf: Revisions) -> dict[int, Status]:
    """Return how those of `known` ended that an earlier attempt of their own entry had written.

    The version that was received first is the one that made the document.
    """
    wanted = sorted({record.revision_id for record in known.values() if record.entry_id})
    if not wanted:
        return {}
    entry = "provenance.entry.entry_id"
    by_entry = {
        one["_id"]: one.get("provenance", {}).get("entry", {}).get("entry_id")
        for one in await shelf.revisions({"_id": {"$in": wanted}}, entry)
    }
    own = {
        at: one
        for at, one in known.items()
        if one.entry_id and by_entry.get(one.revision_id) == one.entry_id
    }
    if not own:
        return {}
    articles = sorted({one.article_id for one in own.values()})
    found = await shelf.revisions({"article_id": {"$in": articles}}, "article_id", "received_at")
    first: dict[str, str] = {}
    for one in sorted(found, key=lambda one: (one["received_at"], one["_id"])):
        first.setdefault(one["article_id"], one["_id"])
    return {
        at: "stored" if first.get(one.article_id) == one.revision_id else "updated"
        for at, one in own.items()
    }
