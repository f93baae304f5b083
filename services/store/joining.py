"""Brings re-runs together: after a write, looks for what is alike and joins it.

It runs without a lock or a transaction, beside other writers doing the same, and needs these facts:

1. First write, then look. A version is looked for once it and its head are durable; so of two
   writers of a pair at least the later one sees the other's version.
2. Trees only grow. A root is joined by compare-and-set, and to a lesser id: of two writers that
   move it one succeeds, the other reads again. Whoever was once in one tree stays in one tree,
   which flattening does not change either. So an edge is settled for good once one read saw it so.
3. The name follows. `cluster` is written from what was read of the tree, and everything is read
   again after every write, until nothing is to be done. So whoever wrote last in a tree has read
   it since, whole and with every `first_seen_at`, and found each article named right.
4. A crash leaves an entry that is not acknowledged. Its redelivery does all of this again for the
   same articles, with whatever the crash left undone.

So the end state depends on the versions stored, not on order, repetition or the number of writers.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol

from services.store.clusters import Move, Node, Signature, Signed, edges, moves, names
from shared.errors import MongoUnavailable

_ROUNDS: Final = 100  # others got on each time we did not; more means that something is wrong
_ENOUGH: Final = 1_000  # versions to look at: what many thousands are alike to are all one tree
_AT_ONCE: Final = 10_000  # of them in one answer of MongoDB, 6 MB


class Shelf(Protocol):
    """The versions and heads in MongoDB, see services/store/mongo.py. Raises MongoUnavailable."""

    async def sharing(
        self, signatures: Collection[Signature], *, besides: Collection[str], limit: int
    ) -> Sequence[Signed]:
        """Return up to `limit` versions, but those `besides`, that share a band with these."""

    async def heads(self, ids: Collection[str]) -> Sequence[Node]:
        """Return those of the articles that there are."""

    async def joined_to(self, ids: Collection[str]) -> Sequence[Node]:
        """Return the articles that point to one of `ids`."""

    async def move(self, moves: Iterable[Move]) -> None:
        """Do those moves that still can be done."""

    async def name(self, names: Mapping[str, Collection[str]]) -> None:
        """Set `cluster` to each key for the articles of its value."""


async def gather(signed: Sequence[Signed], seen_before: Collection[str], *, shelf: Shelf) -> None:
    """Join the articles of `signed`, which were just written, with their re-runs.

    `seen_before` are written articles that may have been in a tree already: their first sight may
    be an earlier one now, so that the tree gets another canonical article.
    """
    signatures = list({one.signature for one in signed})
    found = await _found(signatures, {one.revision_id for one in signed}, shelf)
    pairs = edges(signed, found)
    touched = {*seen_before, *(article_id for pair in pairs for article_id in pair)}
    if not touched:
        return
    for _ in range(_ROUNDS):
        nodes = await _above(touched, shelf)
        to_move = moves(nodes, pairs)
        if not to_move or any(move.was for move in to_move):  # roots alone need no whole trees
            nodes |= await _below(nodes, shelf)
            to_move = moves(nodes, pairs)
        if to_move:
            await shelf.move(to_move)
        elif to_name := names(nodes):
            await shelf.name(to_name)
        else:
            return
    msg = f"clusters of {len(touched)} articles did not come to rest in {_ROUNDS} rounds"
    raise MongoUnavailable(msg)


async def _found(
    signatures: Sequence[Signature], besides: Collection[str], shelf: Shelf
) -> list[Signed]:
    """Return versions that share a band, at most so many for each signature.

    They are asked for together, for the articles of a routine report find nearly the same ones; by
    themselves only when these are so many that some may crowd out what others share.
    """
    if not signatures:
        return []
    most = min(_ENOUGH * len(signatures), _AT_ONCE)
    found = await shelf.sharing(signatures, besides=besides, limit=most)
    if len(found) < most or len(signatures) == 1:
        return list(found)
    return [one for signature in signatures for one in await _found([signature], besides, shelf)]


async def _above(touched: Collection[str], shelf: Shelf) -> dict[str, Node]:
    """Return `touched` and what they point to, up to the roots."""
    nodes: dict[str, Node] = {}
    asked: set[str] = set()
    asking = set(touched)
    while asking:
        asked |= asking
        found = {node.article_id: node for node in await shelf.heads(asking)}
        nodes |= found
        asking = {node.joined for node in found.values() if node.joined} - asked
    return nodes


async def _below(nodes: Mapping[str, Node], shelf: Shelf) -> dict[str, Node]:
    """Return what points to `nodes`, and what points to that; roots without a head count, too."""
    lower: dict[str, Node] = {}
    asking = nodes.keys() | {node.joined for node in nodes.values() if node.joined}
    while asking:
        found = {node.article_id: node for node in await shelf.joined_to(asking)}
        asking = found.keys() - nodes.keys() - lower.keys()
        lower |= found
    return lower
