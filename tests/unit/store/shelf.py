"""Versions and heads in memory: what joining.py needs of MongoDB, as atomic as that and no more."""

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from services.store.clusters import Move, Node, Signature, Signed, bands


class MemoryShelf:
    """What one writer has of them. It gives way to others before each single document."""

    def __init__(self) -> None:
        self.versions: dict[str, Signed] = {}
        self.nodes: dict[str, Node] = {}
        self._bands: dict[int, list[Signed]] = {}
        self._chance: random.Random | None = None
        self._writes_left: int | None = None

    def writer(self, chance: random.Random, writes_left: int | None = None) -> "MemoryShelf":
        """Return the same shelf for a writer of its own, who is killed after so many writes."""
        other = copy.copy(self)
        other._chance, other._writes_left = chance, writes_left  # noqa: SLF001 (its own kind)
        return other

    async def put(self, signed: Signed, seen_at: datetime) -> bool:
        """Write a version, then its head; return whether the head is new."""
        await self._write()
        if signed.revision_id not in self.versions:
            self.versions[signed.revision_id] = signed
            for band in bands(signed.signature):
                self._bands.setdefault(band, []).append(signed)
        await self._write()
        old = self.nodes.get(signed.article_id)
        if old is None:
            self.nodes[signed.article_id] = Node(
                signed.article_id, None, signed.article_id, seen_at
            )
            return True
        self.nodes[signed.article_id] = old._replace(first_seen_at=min(old.first_seen_at, seen_at))
        return False

    async def sharing(
        self, signatures: Collection[Signature], *, besides: Collection[str], limit: int
    ) -> Sequence[Signed]:
        await self._pause()
        found = {
            one.revision_id: one
            for signature in signatures
            for band in bands(signature)
            for one in self._bands.get(band, ())
            if one.revision_id not in besides
        }
        alike = Counter(one.signature for one in found.values())
        crowds_first = sorted(found.values(), key=lambda one: -alike[one.signature])
        return crowds_first[:limit]  # MongoDB answers in any order: so in the worst one

    async def heads(self, ids: Collection[str]) -> Sequence[Node]:
        found = []
        for article_id in ids:
            await self._pause()
            if article_id in self.nodes:
                found.append(self.nodes[article_id])
        return found

    async def joined_to(self, ids: Collection[str]) -> Sequence[Node]:
        await self._pause()
        return [node for node in self.nodes.values() if node.joined in ids]

    async def move(self, moves: Iterable[Move]) -> None:
        for article_id, was, to, cluster in moves:
            await self._write()
            node = self.nodes[article_id]
            if node.joined == was:
                self.nodes[article_id] = node._replace(joined=to, cluster=cluster)

    async def name(self, names: Mapping[str, Collection[str]]) -> None:
        for cluster, ids in names.items():
            for article_id in ids:
                await self._write()
                self.nodes[article_id] = self.nodes[article_id]._replace(cluster=cluster)

    def clusters(self) -> dict[str, str | None]:
        """Return the cluster of every article."""
        return {article_id: node.cluster for article_id, node in self.nodes.items()}

    async def _write(self) -> None:
        await self._pause()
        if self._writes_left is not None:
            if self._writes_left == 0:
                raise KilledError
            self._writes_left -= 1

    async def _pause(self) -> None:
        for _ in range(self._chance.choice((0, 0, 0, 1, 2, 60)) if self._chance else 0):
            await asyncio.sleep(0)


class KilledError(Exception):
    """The process ended here."""
