"""How a write ended, told truly however often it was tried, and by how many at once.

Who brought a revision stored it, if it made the document, or else updated that; for whoever says
the same again, it is a duplicate. An attempt that was killed, or had no answer, leaves a revision
of which nobody was told: its entry comes again, finds its own, and is no duplicate. So a revision
names the entry that brought it, and a document the revision that made it; what is not plainly new
is asked for them. Nothing else tells a first attempt from a second with certainty, for an outage
takes its delivery back.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from services.store.documents import Document, Record
from shared.outcome import Status

_ENTRY = "provenance.entry.entry_id"


class Written(Protocol):
    """What stands in MongoDB, see services/store/shelf.py. Calls may raise MongoUnavailable."""

    async def revisions(self, query: Mapping[str, Any], *fields: str) -> Sequence[Document]:
        """Return `fields` of the revisions that match."""

    async def makers(self, article_ids: Iterable[str]) -> Mapping[str, str]:
        """Return the revision that made each document; none of those made before this was noted."""


async def statuses(
    records: Mapping[int, Record],
    *,
    new_revisions: AbstractSet[int],
    new_heads: AbstractSet[int],
    shelf: Written,
) -> dict[int, Status]:
    """Return how each of `records` ended that was written; raises MongoUnavailable.

    `new_revisions` and `new_heads` are those that this write made.
    """
    ends: dict[int, Status] = {at: "stored" for at in records if at in new_revisions & new_heads}
    brought = await _brought_by(
        {one.revision_id for at, one in records.items() if at not in new_revisions}, shelf
    )
    bringing: dict[int, Record] = {}
    for at, one in records.items():
        if at in ends:
            continue
        by = one.entry_id if at in new_revisions else brought.get(one.revision_id)
        if at in new_revisions or (by and by == one.entry_id):
            bringing[at] = one
        else:  # a revision of an earlier version names no entry
            ends[at] = "stored" if by is None and at in new_heads else "duplicate"
    makers = await shelf.makers({one.article_id for one in bringing.values()}) if bringing else {}
    for at, one in bringing.items():
        ends[at] = "stored" if makers.get(one.article_id) == one.revision_id else "updated"
    return ends


async def _brought_by(revisions: AbstractSet[str], shelf: Written) -> dict[str, str | None]:
    """Return the entries that brought revisions, by the revisions' ids."""
    if not revisions:
        return {}
    wanted = sorted(revisions)
    return {
        one["_id"]: one.get("provenance", {}).get("entry", {}).get("entry_id")
        for one in await shelf.revisions({"_id": {"$in": wanted}}, _ENTRY)
    }
