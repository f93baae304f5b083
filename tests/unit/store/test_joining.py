"""Re-runs come together whatever the order, the number of writers and the kills between."""

import asyncio
import random
from base64 import b64encode
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from struct import pack
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.store import joining
from services.store.clusters import Move, Signature, Signed, edges
from services.store.joining import gather
from shared.errors import MongoUnavailable
from tests.builders import NOON, seeded
from tests.unit.store.shelf import KilledError, MemoryShelf


class Delivery(NamedTuple):
    """A version and when it came in."""

    signed: Signed
    seen_at: datetime


def numbers(chance: random.Random, like: Sequence[int] = (), share: float = 1.0) -> list[int]:
    """Return 128 numbers, of which `share` are others than those of `like`."""
    fresh = [chance.randrange(2**16) for _ in range(128)]
    return [
        new if chance.random() < share else old
        for new, old in zip(fresh, like or fresh, strict=True)
    ]


def delivery(article: str, version: int, values: Sequence[int], minute: int) -> Delivery:
    signature = Signature(b64encode(pack("<128H", *values)).decode(), "minhash 1")
    return Delivery(
        Signed(f"{article}:{version}", article, signature), NOON + timedelta(minutes=minute)
    )


def newsroom(chance: random.Random) -> list[Delivery]:
    """Return versions of eighteen articles: chains of re-runs, each like the one before only."""
    told = []
    ids = [f"{number:02}" for number in range(18)]
    chance.shuffle(ids)
    for _ in range(3):
        values = numbers(chance)
        for _ in range(6):
            values = numbers(chance, like=values, share=chance.choice((0, 0.1, 0.3)))
            told.append(delivery(ids.pop(), 1, values, chance.randrange(60)))
    for one in chance.sample(told, 6):  # another version, written anew
        values = numbers(chance)
        told.append(delivery(one.signed.article_id, 2, values, chance.randrange(60)))
    bridge = chance.sample(told, 2)  # an article whose two versions make one cluster of two
    for version, one in enumerate(bridge, start=1):
        signed = one.signed._replace(revision_id=f"bridge:{version}", article_id="bridge")
        told.append(Delivery(signed, NOON))
    return told


def expected(told: Sequence[Delivery]) -> dict[str, str]:
    """Return the cluster of every article, from all edges at once."""
    first: dict[str, datetime] = {}
    for one in told:
        article_id = one.signed.article_id
        first[article_id] = min(one.seen_at, first.get(article_id, one.seen_at))
    group = {article_id: {article_id} for article_id in first}
    versions = [one.signed for one in told]
    for ours, theirs in edges(versions, versions):
        merged = group[ours] | group[theirs]
        group |= dict.fromkeys(merged, merged)
    return {
        article_id: min(members, key=lambda one: (first[one], one))
        for article_id, members in group.items()
    }


async def write(batch: Sequence[Delivery], shelf: MemoryShelf) -> None:
    """Do what Mongo.write does."""
    new = {one.signed.article_id for one in batch if await shelf.put(*one)}
    seen_before = {one.signed.article_id for one in batch} - new
    await gather([one.signed for one in batch], seen_before, shelf=shelf)


async def deliver(told: Sequence[Delivery], shelf: MemoryShelf, chance: random.Random) -> None:
    """Bring batches to the end: after a kill, another writer is given the same ones."""
    for at in range(0, len(told), 4):
        while True:
            left = chance.choice((None, None, chance.randrange(25)))
            try:
                await write(told[at : at + 4], shelf.writer(chance, left))
            except KilledError:
                await asyncio.sleep(0)
            else:
                break


@given(seed=st.integers(0, 2**32))
def test_order_writers_repetition_and_kills_do_not_matter(seed: int) -> None:
    """Four writers at once, perhaps all twice, in any order, killed anywhere: one end state."""
    chance = seeded(seed)
    told = newsroom(chance)
    shelf = MemoryShelf()
    mail = told * chance.choice((1, 2))
    chance.shuffle(mail)

    async def all_at_once() -> None:
        await asyncio.gather(*(deliver(mail[part::4], shelf, chance) for part in range(4)))

    asyncio.run(all_at_once())

    assert shelf.clusters() == expected(told)


async def test_an_article_alone_is_its_own_cluster() -> None:
    """And nothing is asked about it."""
    chance = seeded(1)
    shelf = MemoryShelf()

    await write([delivery("a", 1, numbers(chance), 0), delivery("b", 1, numbers(chance), 0)], shelf)

    assert shelf.clusters() == {"a": "a", "b": "b"}


async def test_an_earlier_first_sight_makes_another_canonical() -> None:
    """A version that comes late and was received early: the whole cluster gets its name."""
    chance = seeded(1)
    values = numbers(chance)
    shelf = MemoryShelf()
    await write([delivery("a", 1, values, 5), delivery("b", 1, values, 6)], shelf)
    before = shelf.clusters()

    await write([delivery("b", 2, numbers(chance), 1)], shelf)

    assert (before, shelf.clusters()) == ({"a": "a", "b": "a"}, {"a": "b", "b": "b"})


async def test_of_two_writers_who_join_one_article_none_undoes_the_other() -> None:
    """Between this writer's reading and its move, another joins the same article elsewhere."""
    chance = seeded(1)
    story, other = numbers(chance), numbers(chance)
    shelf = MemoryShelf()
    await write([delivery("b", 1, other, 1)], shelf)
    await write([delivery("c", 1, story, 2)], shelf)

    class Overtaken(MemoryShelf):
        async def move(self, moves: Iterable[Move]) -> None:
            if "a" not in shelf.nodes:
                await write([delivery("a", 1, story, 0)], shelf)
            await super().move(moves)

    overtaken = Overtaken()
    vars(overtaken).update(vars(shelf))
    await write([delivery("c", 2, other, 3)], overtaken)

    assert shelf.clusters() == {"a": "a", "b": "a", "c": "a"}


async def test_a_name_that_is_out_of_date_when_written_is_written_anew() -> None:
    """Between this writer's reading and its naming, an article turns out to be seen earlier."""
    chance = seeded(1)
    values = numbers(chance)
    shelf = MemoryShelf()
    await write([delivery("a", 1, values, 5), delivery("b", 1, values, 6)], shelf)

    class Overtaken(MemoryShelf):
        async def name(self, names: Mapping[str, Collection[str]]) -> None:
            if "b:2" not in shelf.versions:
                await write([delivery("b", 2, numbers(chance), 0)], shelf)
            await super().name(names)

    overtaken = Overtaken()
    vars(overtaken).update(vars(shelf))
    await write([delivery("c", 1, values, 1)], overtaken)

    assert shelf.clusters() == {"a": "b", "b": "b", "c": "b"}


async def test_a_head_that_was_deleted_holds_its_cluster_together() -> None:
    """Whoever deletes old articles splits no cluster; a late copy joins what is left."""
    values = numbers(seeded(1))
    shelf = MemoryShelf()
    for minute, name in enumerate("abc"):
        await write([delivery(name, 1, values, minute)], shelf)
    del shelf.nodes["a"]

    await write([delivery("d", 1, values, 9)], shelf)

    assert shelf.clusters() == {"b": "b", "c": "b", "d": "b"}


@pytest.mark.parametrize("at_once", [15, 10_000])
async def test_a_version_that_crowds_out_others_is_looked_at_alone(
    monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    """A notice that thousands of articles consist of does not hide the re-run beside it."""
    monkeypatch.setattr(joining, "_ENOUGH", 10)
    monkeypatch.setattr(joining, "_AT_ONCE", at_once)
    chance = seeded(1)
    notice, story = numbers(chance), numbers(chance)
    shelf = MemoryShelf()
    await write([delivery("story", 1, story, 0)], shelf)
    for number in range(40):
        await write([delivery(f"notice{number:02}", 1, notice, number)], shelf)

    await write([delivery("late", 1, notice, 50), delivery("rerun", 1, story, 50)], shelf)

    clusters = shelf.clusters()
    assert (clusters["late"], clusters["rerun"]) == ("notice00", "story")


async def test_a_shelf_that_keeps_nothing_is_an_outage() -> None:
    """Rather wait and try again than turn for ever."""

    class Forgetful(MemoryShelf):
        async def move(self, moves: object) -> None:
            """Lose the write."""

    values = numbers(seeded(1))

    with pytest.raises(MongoUnavailable, match="2 articles did not come to rest in 100 rounds"):
        await write([delivery("a", 1, values, 0), delivery("b", 1, values, 0)], Forgetful())
