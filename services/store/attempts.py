"""How a write ended, told truly however often it was tried, and by how many at once.

Who brought a revision stored it, or updated its article with it; for whoever else says the same, it
is a duplicate. An attempt that was killed, or had no answer, leaves a revision of which nobody was
told: its entry comes again, finds its own, and is no duplicate. A revision names the entry that
brought it, so only what is not plainly new is asked for; nothing else tells a first attempt from a
second with certainty, for an outage takes its delivery back.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from services.store.documents import Document, Record
from shared.outcome import Status

_ENTRY = "provenance.entry.entry_id"


class Revisions(Protocol):
    """The revisions in MongoDB, see services/store/mongo.py."""

    async def revisions(self, query: Mapping[str, Any], *fields: str) -> Sequence[Document]:
        """Return `fields` of those that match; raises MongoUnavailable."""


async def statuses(
    records: Mapping[int, Record],
    *,
    new_revisions: AbstractSet[int],
    new_heads: AbstractSet[int],
    shelf: Revisions,
) -> dict[int, Status]:
    """Return how each of `records` ended that was written; raises MongoUnavailable.

    `new_revisions` and `new_heads` are those that this write made. The version that was received
    first is the one that made the document, where a killed attempt leaves it open.
    """
    ends: dict[int, Status] = {at: "stored" for at in records if at in new_revisions & new_heads}
    brought = await _brought_by(
        {one.revision_id for at, one in records.items() if at not in new_revisions}, shelf
    )
    makers: dict[int, Record] = {}
    for at, one in records.items():
        if at in ends:
            continue
        by = one.entry_id if at in new_revisions else brought.get(one.revision_id)
        if at in new_revisions or (by and by == one.entry_id):
            makers[at] = one
        else:  # a revision of an earlier version names no entry
            ends[at] = "stored" if by is None and at in new_heads else "duplicate"
    versions = await _versions({one.article_id for one in makers.values()}, shelf)
    for at, one in makers.items():
        known = versions.get(one.article_id, [])
        alone = known == [one.revision_id]
        first = at not in new_revisions and known[:1] == [one.revision_id]
        ends[at] = "stored" if at in new_heads or alone or first else "updated"
    return ends


async def _brought_by(revisions: AbstractSet[str], shelf: Revisions) -> dict[str, str | None]:
    """Return the entries that brought revisions, by the revisions' ids."""
    if not revisions:
        return {}
    wanted = sorted(revisions)
    return {
        one["_id"]: one.get("provenance", {}).get("entry", {}).get("entry_id")
        for one in await shelf.revisions({"_id": {"$in": wanted}}, _ENTRY)
    }


async def _versions(articles: AbstractSet[str], shelf: Revisions) -> dict[str, list[str]]:
    """Return the revisions of articles, in the order in which they were received."""
    if not articles:
        return {}
    of_articles = {"article_id": {"$in": sorted(articles)}}
    found = await shelf.revisions(of_articles, "article_id", "received_at")
    versions: dict[str, list[str]] = {}
    for one in sorted(found, key=lambda one: (one["received_at"], one["_id"])):
        versions.setdefault(one["article_id"], []).append(one["_id"])
    return versions
