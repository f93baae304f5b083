"""Where articles stand among their re-runs, and who brought their revisions, in MongoDB."""

from collections.abc import Iterable, Mapping
from typing import Any

from pymongo import ReadPreference, UpdateMany, UpdateOne

from services.store.clusters import Move, Node, Signature, Signed, bands
from services.store.documents import Document
from services.store.driver_errors import outages


class Shelf:
    """What joining.py and attempts.py ask of heads and revisions; may raise MongoUnavailable."""

    def __init__(self, heads: Any, revisions: Any) -> None:  # noqa: ANN401 (motor's collections)
        # Whatever the URL prefers: a secondary may not have what another writer just wrote.
        self._heads = heads.with_options(read_preference=ReadPreference.PRIMARY)
        self._revisions = revisions.with_options(read_preference=ReadPreference.PRIMARY)

    async def sharing(
        self, signatures: Iterable[Signature], *, besides: Iterable[str], limit: int
    ) -> list[Signed]:
        wanted = sorted({band for signature in signatures for band in bands(signature)})
        query = {"bands": {"$in": wanted}, "_id": {"$nin": list(besides)}}
        fields = dict.fromkeys(("article_id", "signature", "signed_by"), 1)
        with outages():
            found = await self._revisions.find(query, fields, limit=limit, hint="bands").to_list(
                None
            )
        return [
            Signed(one["_id"], one["article_id"], Signature(one["signature"], one["signed_by"]))
            for one in found
        ]

    async def revisions(self, query: Mapping[str, Any], *fields: str) -> list[Document]:
        with outages():
            found = await self._revisions.find(query, dict.fromkeys(fields, 1)).to_list(None)
        return list(found)

    async def makers(self, article_ids: Iterable[str]) -> dict[str, str]:
        wanted = {"_id": {"$in": sorted(article_ids)}, "made_by": {"$exists": True}}
        with outages():
            found = await self._heads.find(wanted, {"made_by": 1}).to_list(None)
        return {one["_id"]: one["made_by"] for one in found}

    async def heads(self, ids: Iterable[str]) -> list[Node]:
        return await self._nodes("_id", ids)

    async def joined_to(self, ids: Iterable[str]) -> list[Node]:
        return await self._nodes("joined", ids)

    async def move(self, moves: Iterable[Move]) -> None:
        await self._write(
            UpdateOne(
                {"_id": one.article_id, "joined": one.was},
                {"$set": {"joined": one.to, "cluster": one.cluster}},
            )
            for one in moves
        )

    async def name(self, names: Mapping[str, Iterable[str]]) -> None:
        await self._write(
            UpdateMany({"_id": {"$in": list(ids)}}, {"$set": {"cluster": cluster}})
            for cluster, ids in names.items()
        )

    async def _nodes(self, field: str, values: Iterable[str]) -> list[Node]:
        fields = dict.fromkeys(("joined", "cluster", "first_seen_at"), 1)
        with outages():
            found = await self._heads.find({field: {"$in": list(values)}}, fields).to_list(None)
        return [
            Node(one["_id"], one.get("joined"), one.get("cluster"), one["first_seen_at"])
            for one in found
        ]

    async def _write(self, updates: Iterable[UpdateOne | UpdateMany]) -> None:
        with outages():
            await self._heads.bulk_write(list(updates), ordered=False)
