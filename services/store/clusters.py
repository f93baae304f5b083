"""Which articles are re-runs of one another, and which was the first. Pure.

    edge       two articles, any versions of which have signatures that agree in at least half
    tree       articles that edges join, each pointing to one with a lesser id (`joined`)
    canonical  of a tree, the article seen first; `cluster` of every article in it names it

An edge is looked for among the versions that share a band, which is three numbers of a signature at
the same place (Leskovec et al., Mining of Massive Datasets, 3.4). Of pairs that agree in 0.5, 0.55,
0.6, 0.75 and 0.85, some of the twelve bands is shared by 80, 89, 95, 99.9 and 100 in a hundred.
"""

import struct
from base64 import b64decode
from binascii import Error, crc32
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

THRESHOLD: Final = 0.5  # of a signature's numbers, see tests/benchmarks/duplicates.py

_NUMBERS: Final = 128
_BYTES: Final = 2  # of a number
_BANDS: Final = 12
_ROWS: Final = 3
_BANDED: Final = struct.Struct(f"<{_BANDS * _ROWS}H")
_EACH_BAND: Final = struct.Struct(f"{_ROWS * _BYTES}s" * _BANDS)
_ALL_BUT_TOP_BITS: Final = int.from_bytes(b"\xff\x7f" * _NUMBERS, "little")
_TOP_BITS: Final = int.from_bytes(b"\x00\x80" * _NUMBERS, "little")

Edge = tuple[str, str]  # two article ids


class Signature(NamedTuple):
    """Base64 of 128 numbers of 16 bits, little-endian, and the tool that made them."""

    value: str
    made_by: str


class Signed(NamedTuple):
    """A version of an article that has a signature."""

    revision_id: str
    article_id: str
    signature: Signature


class Node(NamedTuple):
    """What a head says of its place among the re-runs."""

    article_id: str
    joined: str | None
    cluster: str | None
    first_seen_at: datetime


class Move(NamedTuple):
    """Let an article point to `to`, if it still points to `was`, and name its cluster likewise."""

    article_id: str
    was: str | None
    to: str
    cluster: str


@lru_cache(maxsize=1024)  # asked for some times a version, while it is written
def bands(signature: Signature) -> tuple[int, ...]:
    """Return the bands of a signature, 63 bits each; none when it is not one.

    Bands at different places, or by different tools, do not meet but by chance, once in 2^15; then
    `edges` knows them apart.
    """
    numbers = _numbers(signature.value)
    if numbers is None:
        return ()
    banded = _BANDED.unpack_from(numbers)
    salt = crc32(signature.made_by.encode())
    places = ((salt + at) & 0x7FFF for at in range(_BANDS))
    firsts, seconds, thirds = (banded[row::_ROWS] for row in range(_ROWS))
    return tuple(
        place << 48 | first << 32 | second << 16 | third
        for place, first, second, third in zip(places, firsts, seconds, thirds, strict=True)
    )


def edges(mine: Sequence[Signed], found: Sequence[Signed]) -> set[Edge]:
    """Return edges enough to join every article of `mine` with its re-runs in `mine` and `found`.

    Articles of one signature are strung together, so that thousands of them cost no more.
    """
    alike: dict[Signature, set[str]] = defaultdict(set)
    for one in (*mine, *found):
        alike[one.signature].add(one.article_id)
    strung = {pair for ids in alike.values() if len(ids) > 1 for pair in pairwise(sorted(ids))}
    numbers = {one: them for one in alike if (them := _numbers(one.value))}
    shelves: dict[tuple[int, bytes], list[Signature]] = defaultdict(list)
    for ours in {one.signature for one in mine} & numbers.keys():
        for band in enumerate(_EACH_BAND.unpack_from(numbers[ours])):
            shelves[band].append(ours)
    near = {
        (min(alike[ours]), min(alike[theirs]))
        for theirs, them in numbers.items()
        for ours in _on(shelves, them) - {theirs}
        if ours.made_by == theirs.made_by and likeness(numbers[ours], them) >= THRESHOLD
    }
    return strung | {pair for pair in near if pair[0] != pair[1]}


def _on(shelves: Mapping[tuple[int, bytes], list[Signature]], numbers: bytes) -> set[Signature]:
    bands = enumerate(_EACH_BAND.unpack_from(numbers))
    return {one for band in bands if band in shelves for one in shelves[band]}


def likeness(ours: bytes, theirs: bytes) -> float:
    """Return the share of equal numbers in two signatures: an estimate of the texts' likeness.

    All numbers are compared at once, as two large ones: a sum has a number's top bit where any of
    its lower bits differ.
    """
    differ = int.from_bytes(ours, "little") ^ int.from_bytes(theirs, "little")
    unequal = ((differ & _ALL_BUT_TOP_BITS) + _ALL_BUT_TOP_BITS | differ) & _TOP_BITS
    return 1 - unequal.bit_count() / _NUMBERS


def moves(nodes: Mapping[str, Node], edges: Iterable[Edge]) -> list[Move]:
    """Return what brings the trees of `nodes` together along `edges`, and then makes them flat.

    Only roots are joined to other trees, each to a lesser one: whoever moves a root first has it,
    and no circle can close. A root without a head, as after a deletion, still holds its tree.
    """
    pairs = list(edges)
    joined = {article_id for pair in pairs for article_id in pair}  # some may have no head (yet)
    root = {article_id: _root(article_id, nodes) for article_id in nodes.keys() | joined}
    least = {one: one for one in root.values()}
    for one, other in pairs:
        ends = sorted((_end(root[one], least), _end(root[other], least)))
        least[ends[1]] = ends[0]
    wanted = []
    for node in nodes.values():
        top = root[node.article_id]
        aim = _end(top, least)
        is_free = node.article_id == top or (node.joined == top and top not in nodes)
        if is_free and aim != top:
            wanted.append(_move(node, aim, nodes))
        elif node.joined not in {None, top}:
            wanted.append(_move(node, top, nodes))
    return wanted


def names(nodes: Mapping[str, Node]) -> dict[str, list[str]]:
    """Return canonical articles, each with the articles of its tree that do not name it yet."""
    trees: dict[str, list[Node]] = defaultdict(list)
    for node in nodes.values():
        trees[_root(node.article_id, nodes)].append(node)
    wrong: dict[str, list[str]] = {}
    for tree in trees.values():
        canonical = min(tree, key=lambda node: (node.first_seen_at, node.article_id)).article_id
        if late := [node.article_id for node in tree if node.cluster != canonical]:
            wrong[canonical] = late
    return wrong


def _numbers(signature: str) -> bytes | None:
    """Return the numbers of a signature as they are packed, or None when it is not one."""
    try:
        packed = b64decode(signature, validate=True)
    except (Error, ValueError):
        return None
    return packed if len(packed) == _NUMBERS * _BYTES else None


def _move(node: Node, to: str, nodes: Mapping[str, Node]) -> Move:
    aim = nodes.get(to)
    return Move(node.article_id, node.joined, to, (aim and aim.cluster) or to)


def _root(article_id: str, nodes: Mapping[str, Node]) -> str:
    """Return where the pointers end; each leads to a lesser id, so they do."""
    while node := nodes.get(article_id):
        if node.joined is None or node.joined >= article_id:
            break
        article_id = node.joined
    return article_id


def _end(root: str, least: Mapping[str, str]) -> str:
    while least[root] != root:
        root = least[root]
    return root
