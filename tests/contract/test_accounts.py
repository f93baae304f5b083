"""Every entry is counted once, in the step that ends it, whatever is delivered again."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from services.cli.losses import findings
from services.devstack.servers import RedisServer
from services.ingest.ledger import Ledger, Life, Step
from services.inspection.accounting import by_producer
from services.inspection.books import snapshot
from shared import partitions, streams
from shared.delivery.group import Group, Settlement
from shared.entries import accounts
from shared.entries.accounts import Owner
from shared.letters import deadletters
from shared.messages import RawArticle
from shared.streams import ENRICH, Hop
from tests.contract.services_in_process import (
    Recorder,
    add,
    all_acknowledged,
    dead,
    enriching,
    until,
)


async def counted(redis: Redis) -> dict[str, str]:
    client: Any = redis
    stored = await client.hgetall(streams.ACCOUNTS)
    return {name.decode(): value.decode() for name, value in stored.items()}


async def read(redis: Redis, name: str, hop: Hop = ENRICH) -> tuple[Group, list[bytes]]:
    """Read all there is as the consumer `name`; return the group as it sees it, and the ids."""
    client: Any = redis
    group = Group(redis, hop, name)
    await group.ensure()
    reply = await client.xreadgroup(hop.stage, name, {hop.source: ">"}, count=1000)
    return group, [entry_id for entry_id, _ in reply[0][1]] if reply else []


async def test_an_entry_that_two_consumers_end_is_counted_once(redis: Redis) -> None:
    """Whoever comes second finds it acknowledged, and counts nothing."""
    await add(redis, 3)
    group, ids = await read(redis, "first")
    ends = [Settlement(id_, "target", {b"data": b"{}"}, "enriched") for id_ in ids]

    await group.settle(ends)
    await Group(redis, ENRICH, "second").settle(ends)

    counts = await counted(redis)
    assert counts["enrich:enriched"] == counts["enrich:enriched@unnamed"] == "3"


async def test_a_handler_that_fails_first_counts_its_articles_once(redis: Redis) -> None:
    """Attempts are no ends."""
    await add(redis, 5)
    await redis.xadd(streams.RAW, {"data": "{", "producer": "wire"})
    recorder = Recorder()
    failures = 1

    async def handler(articles: Sequence[RawArticle]) -> Any:
        nonlocal failures
        if failures and len(articles) == 1:
            failures -= 1
            raise ValueError
        if failures:
            raise ValueError
        return await recorder(articles)

    async with enriching(redis, handler):
        await until(lambda: all_acknowledged(redis))

    counts = await counted(redis)
    assert (counts["enrich:enriched"], counts["enrich:dead"]) == ("5", "1")
    assert counts["enrich:dead@wire"] == counts["dead:parked"] == "1"


async def test_what_was_there_before_the_counters_is_their_beginning(redis: Redis) -> None:
    """An upgrade finds entries ended, pending and unread: the first count leaves out the ended."""
    client: Any = redis
    await add(redis, 6)
    group, ids = await read(redis, "old")
    await redis.delete(streams.ACCOUNTS)  # which an earlier version knows nothing of
    await redis.xack(streams.RAW, "enrich", *ids[:4])  # as an earlier version did
    await client.xadd(streams.DEAD, {"reason": "of an earlier version"})
    await add(redis, 2)

    await group.settle([Settlement(ids[4], "target", {b"data": b"{}"}, "enriched")])

    counts = await counted(redis)
    assert (counts["enrich:base"], counts["enrich:passed"], counts["dead:base"]) == ("4", "0", "1")


async def test_a_full_redis_counts_what_is_worked_off(redis: Redis) -> None:
    """Even the first count: acknowledging frees the script, and what it ended is not left out."""
    await add(redis, 50)
    await Group(redis, ENRICH, "before").ensure()
    await redis.delete(streams.ACCOUNTS)
    await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"])
    try:
        async with enriching(redis, Recorder()):
            await until(lambda: all_acknowledged(redis))
    finally:
        await redis.config_set("maxmemory", 0)

    counts = await counted(redis)
    assert (counts["enrich:enriched"], counts["enrich:base"]) == ("50", "0")


async def test_names_of_producers_are_bounded(redis: Redis) -> None:
    """Producers that are new once there are a thousand share one name; known ones keep theirs."""
    most = accounts.MOST_PRODUCERS
    await add(redis, most + 3)
    client: Any = redis
    group = Group(redis, ENRICH, "one")
    await group.ensure()
    reply = await client.xreadgroup("enrich", "one", {streams.RAW: ">"}, count=most + 3)
    ids = [entry_id for entry_id, _ in reply[0][1]]
    names = [f"p{number}" for number in range(most + 2)] + ["p0"]

    for at in range(0, len(ids), 100):
        await group.settle(
            Settlement(id_, status="enriched", owner=Owner(name))
            for id_, name in zip(ids[at : at + 100], names[at : at + 100], strict=True)
        )

    counts = await counted(redis)
    assert counts["producers"] == str(most)
    assert sum(name.startswith("enrich:enriched@") for name in counts) == most + 1
    assert counts[f"enrich:enriched@{accounts.OTHERS}"] == "2"
    assert counts["enrich:enriched@p0"] == "2"


async def test_a_files_ends_are_counted_in_its_own_life_only(redis: Redis) -> None:
    """An article of an earlier file of the same name does not count for the one that is there."""
    client: Any = redis
    ledger = Ledger(redis)
    life = Life("a.json", "f" * 64, 1, 1, 1, 1_000, 1_000, published=2)
    await ledger.advance([Step(0, life, [b'{"headline": "1"}', b'{"headline": "2"}'])])
    group, [one, two] = await read(redis, "one")

    await group.settle(
        [
            Settlement(one, owner=Owner("inbox", "a.json", life.id)),
            Settlement(two, owner=Owner("inbox", "a.json", "of another file")),
        ]
    )

    stored = await client.hgetall(streams.FILE + "a.json")
    assert {name: stored[name] for name in stored if name.startswith(b"ended")} == {
        b"ended:stored": b"1"
    }
    [known] = await ledger.lives(["a.json"])
    assert known is not None
    assert known.path == life.path


@pytest.mark.parametrize("partition", ["", "north"])
async def test_a_replayed_letter_is_counted_as_such(
    redis: Redis, redis_server: RedisServer, partition: str
) -> None:
    """It leaves the dead letters of its producer and file, and is counted at its end again.

    Counters have the same names in every partition.
    """
    client: Any = partitions.client(redis_server.url, partition)
    await client.xadd(streams.RAW, {"data": '{"headline": 5}', "producer": "wire"})
    async with enriching(redis, Recorder(), partition=partition):
        await until(lambda: all_acknowledged(client))
    [letter] = await dead(client)

    await deadletters.replay(client, letter, data=b'{"headline": "5"}')
    second = await deadletters.replay(client, letter)
    async with enriching(redis, Recorder(), partition=partition):
        await until(lambda: all_acknowledged(client))
    counts = await counted(client)
    books, _ = await snapshot(client)
    await client.aclose()

    assert second is None
    assert findings(books) == []
    assert by_producer(books)["wire"].accepted == 1
    assert counts["dead:replayed"] == counts["articles.raw:replayed@wire"] == "1"
    assert counts["enrich:enriched@wire"] == "1"  # it kept its producer


def test_the_origin_of_an_entry_that_was_never_read_is_found() -> None:
    """What ends its process is buried unread, and counts for its file all the same."""
    raw = RawArticle.model_validate(
        {
            "headline": "x",
            "received_at": "2026-11-25T00:00:00.123Z",
            "provenance": {
                "file": {"path": "a.json", "sha256": "ab", "record": 1, "start": 0, "end": 1},
                "entry": {"stream": "articles.raw", "entry_id": "1-1", "producer": "inbox"},
            },
        }
    )
    fields = {b"data": raw.model_dump_json().encode(), b"producer": b"inbox"}
    passed_on = {b"data": json.dumps({"article": json.loads(fields[b"data"])}).encode()}

    read = accounts.owner_of(fields, raw)

    assert read == Owner("inbox", "a.json", "ab:1795564800123", "", "1-1")
    assert accounts.owner_of(fields, None) == accounts.owner_of(passed_on, None) == read
    assert accounts.owner_of({b"data": b"[", b"producer": b" a\x00\nb "}, None).producer == "a b"
