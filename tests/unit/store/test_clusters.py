"""Which articles are re-runs of one another, without a database."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from operator import eq
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.store.clusters import (
    Move,
    Node,
    Signature,
    Signed,
    bands,
    edges,
    likeness,
    moves,
    names,
)
from tests.builders import NOON, seeded

NUMBER = st.integers(0, 0xFFFF)


def _signature(values: Sequence[int], made_by: str = "minhash 1") -> Signature:
    return Signature(b64encode(_packed(values)).decode(), made_by)


def _packed(values: Sequence[int]) -> bytes:
    return pack("<128H", *values)


def _node(article_id: str, joined: str | None = None, minute: int = 0, cluster: str = "") -> Node:
    return Node(article_id, joined, cluster or article_id, NOON + timedelta(minutes=minute))


def _nodes(*nodes: Node) -> dict[str, Node]:
    return {node.article_id: node for node in nodes}


def test_likeness_is_the_share_of_equal_numbers_in_their_places() -> None:
    """96 of 128 the same."""
    one, other = list(range(128)), [*range(96), *range(1000, 1032)]

    assert likeness(_packed(one), _packed(other)) == 0.75
    assert likeness(_packed(one), _packed(one[1:] + one[:1])) == 0


@given(st.lists(st.tuples(NUMBER, NUMBER | st.none()), min_size=128, max_size=128))
def test_likeness_counts_whatever_the_numbers_are(pairs: list[tuple[int, int | None]]) -> None:
    """None stands for the same once more."""
    ours = [one for one, _ in pairs]
    theirs = [one if other is None else other for one, other in pairs]

    assert likeness(_packed(ours), _packed(theirs)) == sum(map(eq, ours, theirs)) / 128


def test_bands_are_shared_where_three_numbers_are() -> None:
    """Twelve of them, as numbers MongoDB can hold."""
    one = list(range(128))
    other = [*range(3), *range(1000, 1125)]

    ours, theirs = bands(_signature(one)), bands(_signature(other))

    assert len(set(ours)) == 12
    assert set(ours) & set(theirs) == {ours[0]}
    assert all(0 <= band < 2**63 for band in ours)


def test_the_same_numbers_elsewhere_or_by_another_tool_share_no_band() -> None:
    """Where they stand and who made them is part of it."""
    same = _signature([7] * 128)

    assert len(set(bands(same))) == 12
    assert not set(bands(same)) & set(bands(_signature([7] * 128, made_by="minhash 2")))


@pytest.mark.parametrize("value", ["", "no base64!", "AAAA", "é" * 344, "A" * 340])
def test_what_is_no_signature_has_no_bands(value: str) -> None:
    """Anybody may publish to articles.enriched."""
    assert bands(Signature(value, "minhash 1")) == ()


def test_versions_of_half_the_same_numbers_make_an_edge() -> None:
    """The threshold, and just under it."""
    values = list(range(128))
    half = _signature([*range(64), *range(1000, 1064)])
    less = _signature([*range(63), *range(2000, 2065)])
    mine = Signed("a:1", "a", _signature(values))

    found = edges([mine], [Signed("b:1", "b", half), Signed("c:1", "c", less)])

    assert found == {("a", "b")}


def test_thousands_of_one_signature_are_strung_together() -> None:
    """One edge each, whatever their number."""
    same = _signature(list(range(128)))
    signed = [Signed(f"{number}:1", f"{number:04}", same) for number in range(3000)]

    assert len(edges(signed[:10], signed[10:])) == 2999


def test_versions_of_one_article_make_no_edge_with_it() -> None:
    """An update is like what it updates."""
    chance = seeded(1)
    values = [chance.randrange(2**16) for _ in range(128)]
    first, second = _signature(values), _signature([*values[:120], *range(8)])

    assert edges([Signed("a:1", "a", first)], [Signed("a:2", "a", first)]) == set()
    assert edges([Signed("a:1", "a", first)], [Signed("a:2", "a", second)]) == set()


def test_roots_are_joined_to_the_least() -> None:
    """Three articles alone, two edges: two moves, each if nobody else was first."""
    nodes = _nodes(_node("a"), _node("b"), _node("c"))

    assert moves(nodes, [("b", "c"), ("a", "c")]) == [
        Move("b", None, "a", "a"),
        Move("c", None, "a", "a"),
    ]


def test_only_roots_are_joined_and_trees_made_flat_afterwards() -> None:
    """What points to a root that moves keeps pointing to it, until the move is done."""
    before = _nodes(_node("a"), _node("b"), _node("c", joined="b"))
    after = _nodes(_node("a"), _node("b", joined="a"), _node("c", joined="b"))

    assert moves(before, [("a", "c")]) == [Move("b", None, "a", "a")]
    assert moves(after, [("a", "c")]) == [Move("c", "b", "a", "a")]


def test_what_was_joined_needs_no_move() -> None:
    """So that the end is reached."""
    assert moves(_nodes(_node("a"), _node("b", joined="a")), [("a", "b")]) == []


def test_a_root_without_a_head_gives_its_articles_up_one_by_one() -> None:
    """It was deleted: there is nothing of it to move."""
    nodes = _nodes(_node("a"), _node("c", joined="b"), _node("d", joined="b"))

    assert moves(nodes, [("a", "c")]) == [Move("c", "b", "a", "a"), Move("d", "b", "a", "a")]


def test_the_first_seen_names_its_tree() -> None:
    """Of those seen at once the lesser id; only what is named otherwise is named again."""
    nodes = _nodes(
        _node("a", minute=5, cluster="c"),
        _node("b", joined="a", minute=1),
        _node("c", joined="a", minute=1),
        _node("d"),
    )

    assert names(nodes) == {"b": ["a", "c"]}
