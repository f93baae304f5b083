"""Delivery keeps its promises on a real server, whatever the handler does."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from shared import streams
from shared.entries import wire
from shared.errors import PermanentError, TransientError
from shared.messages import RawArticle
from shared.outcome import Outcome
from tests.contract.services_in_process import (
    Recorder,
    add,
    all_acknowledged,
    dead,
    enriched,
    enriching,
    passed_on,
    until,
)


async def settled(redis: Redis) -> None:
    await until(lambda: all_acknowledged(redis))


async def test_what_was_published_before_the_first_start_is_read(redis: Redis) -> None:
    """A group starts at 0, not at "now"."""
    await add(redis, 3)

    async with enriching(redis, Recorder()):
        await settled(redis)

    assert await enriched(redis) == ["1", "2", "3"]


async def test_a_backlog_is_read_in_batches_of_bounded_size(redis: Redis) -> None:
    """No read takes more than `batch_size` into the pending list."""
    await add(redis, 25)
    recorder = Recorder()

    async with enriching(redis, recorder, batch_size=10):
        await settled(redis)

    assert max(len(call) for call in recorder.calls) == 10


async def test_the_next_batch_is_read_while_one_is_worked_on_and_no_further_one(
    redis: Redis,
) -> None:
    """The handler is never called twice at a time; two batches are in hand, the third is not."""
    await add(redis, 6)
    go_on = asyncio.Event()
    calls = 0

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        nonlocal calls
        calls += 1
        await go_on.wait()
        return [passed_on(article) for article in articles]

    async def reads_ahead() -> bool:
        [group] = await redis.xinfo_groups(streams.RAW)
        return bool(group["pending"] == 4)

    async with enriching(redis, handler, batch_size=2):
        await until(reads_ahead)
        await asyncio.sleep(0.3)
        assert await reads_ahead()
        assert calls == 1
        go_on.set()
        await settled(redis)

    assert await enriched(redis) == ["1", "2", "3", "4", "5", "6"]


async def test_one_invalid_entry_harms_no_neighbour(redis: Redis) -> None:
    """Each entry of a batch is validated by itself."""
    await add(redis, 2)
    await redis.xadd(streams.RAW, {"data": '{"headline": 5}'})
    await add(redis, 2)

    async with enriching(redis, Recorder()):
        await settled(redis)

    assert await enriched(redis) == ["1", "2", "1", "2"]
    [letter] = await dead(redis)
    assert letter.cause == "invalid"
    assert letter.reason == "`headline`: input should be a valid string, got 5"
    assert letter.original == {b"data": b'{"headline": 5}'}


async def test_a_permanent_error_parks_its_article_only(redis: Redis) -> None:
    """PermanentError for one article of a batch is that one's end."""
    await add(redis, 3)

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        return [
            PermanentError("too strange") if article.headline == "2" else passed_on(article)
            for article in articles
        ]

    async with enriching(redis, handler):
        await settled(redis)

    assert await enriched(redis) == ["1", "3"]
    [letter] = await dead(redis)
    assert (letter.cause, letter.reason, letter.deliveries) == ("rejected", "too strange", 1)
    assert letter.article_id is not None


async def test_an_outage_parks_nothing_however_long_it_lasts(redis: Redis) -> None:
    """TransientError is tried again for ever and counts as no delivery."""
    await add(redis, 3)
    failures = 6

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        nonlocal failures
        if failures:
            failures -= 1
            msg = "MongoDB is away"
            raise TransientError(msg)
        return [passed_on(article) for article in articles]

    async with enriching(redis, handler, max_deliveries=2):
        await settled(redis)

    assert await enriched(redis) == ["1", "2", "3"]
    assert await dead(redis) == []


async def _deliveries(redis: Redis) -> list[int]:
    client: Any = redis
    try:
        pending = await client.xpending_range(streams.RAW, "enrich", "-", "+", 100)
    except ResponseError:  # no group yet
        return []
    return [item["times_delivered"] for item in pending]


async def test_no_delivery_counts_while_a_server_is_waited_for(redis: Redis) -> None:
    """Neither of what is in hand nor of what is read meanwhile: killed now, no article did it."""
    answers = asyncio.Event()
    counted: list[list[int]] = []

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        counted.append((await _deliveries(redis))[: len(articles)])
        await answers.wait()
        return [passed_on(article) for article in articles]

    async def all_are(expected: list[int]) -> bool:
        return await _deliveries(redis) == expected

    await add(redis, 3)
    async with enriching(redis, handler, waits=True, max_deliveries=1):
        await until(lambda: all_are([0, 0, 0]))
        await add(redis)
        await until(lambda: all_are([0, 0, 0, 0]))
        answers.set()
        await settled(redis)

    assert counted == [[1, 1, 1], [1]]  # each counts again from when it is worked on
    assert await dead(redis) == []


async def test_a_bug_counts_however_long_it_took(redis: Redis) -> None:
    """What was taken back while a server was waited for is an attempt after all."""
    await add(redis)

    async def handler(_: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        await asyncio.sleep(0.7)
        msg = "a bug"
        raise ValueError(msg)

    async with enriching(redis, handler, waits=True, max_deliveries=2):
        await settled(redis)

    [letter] = await dead(redis)
    assert (letter.cause, letter.deliveries) == ("failed", 2)


async def test_a_delivery_counts_while_an_article_is_worked_on(redis: Redis) -> None:
    """However long: an article that ends its process after a minute is found out, too."""
    await add(redis)

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        await asyncio.sleep(1)
        assert await _deliveries(redis) == [1]
        return [passed_on(article) for article in articles]

    async with enriching(redis, handler):
        await settled(redis)

    assert await enriched(redis) == ["1"]


async def test_health_says_what_an_outage_waits_for(redis: Redis) -> None:
    """While a stage waits its problem is the error's text; afterwards there is none."""
    await add(redis)
    away = True

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        if away:
            msg = "MongoDB is away"
            raise TransientError(msg)
        return [passed_on(article) for article in articles]

    async with enriching(redis, handler) as consumer:

        async def waits() -> bool:
            return await consumer.problem() == "waiting: MongoDB is away"

        await until(waits)
        away = False
        await settled(redis)
        problem = await consumer.problem()

    assert problem is None


async def test_a_bug_is_tried_again_and_parked_after_max_deliveries(redis: Redis) -> None:
    """An unexpected error parks only its own article, and only after every delivery raised."""
    await add(redis, 30)
    attempts = 0

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        nonlocal attempts
        if any(article.headline == "2" for article in articles):
            attempts += len(articles) == 1
            msg = "a bug"
            raise ValueError(msg)
        return [passed_on(article) for article in articles]

    async with enriching(redis, handler, max_deliveries=3):
        await settled(redis)

    assert sorted(await enriched(redis), key=str) == sorted(
        (str(number) for number in range(1, 31) if number != 2), key=str
    )
    [letter] = await dead(redis)
    assert (letter.cause, letter.deliveries, attempts) == ("failed", 3, 3)
    assert letter.reason == "ValueError: a bug (at each of 3 deliveries)"


async def test_a_bug_that_hits_everything_parks_nothing(redis: Redis) -> None:
    """A broken deployment leaves the stream as it is, says so, and is mended by the next."""
    await add(redis, 40)

    async def broken(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        msg = f"cannot read {len(articles)}"
        raise ValueError(msg)

    async with enriching(redis, broken, max_deliveries=2) as consumer:

        async def alarmed() -> bool:
            return "100% of the last articles died or met a bug" in (await consumer.problem() or "")

        await until(alarmed)
        await asyncio.sleep(2)  # some more rounds of claiming
        parked_meanwhile = await dead(redis)
    async with enriching(redis, Recorder(), max_deliveries=2):
        await settled(redis)

    assert parked_meanwhile == []
    assert len(await enriched(redis)) == 40


async def test_a_bug_in_reading_an_entry_is_a_bug_like_any_other(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also outside the handler: its article is parked with the error, the others go on."""
    await add(redis, 30)
    decode = wire.decode

    def buggy(fields: dict[bytes, bytes], *arguments: Any, **options: Any) -> Any:
        if b'"7"' in fields.get(b"data", b""):
            msg = "not thought of"
            raise KeyError(msg)
        return decode(fields, *arguments, **options)

    monkeypatch.setattr(wire, "decode", buggy)
    async with enriching(redis, Recorder(), max_deliveries=2):
        await settled(redis)
    monkeypatch.undo()

    assert len(await enriched(redis)) == 29
    [letter] = await dead(redis)
    assert (letter.cause, letter.article_id) == ("failed", None)
    assert letter.reason == "KeyError: 'not thought of' (at each of 2 deliveries)"


async def test_what_a_dead_consumer_left_is_claimed(redis: Redis) -> None:
    """Entries read and never acknowledged are worked on by whoever lives."""
    client: Any = redis
    await add(redis, 5)
    await client.xgroup_create(streams.RAW, "enrich", id="0")
    await client.xreadgroup("enrich", "killed", {streams.RAW: ">"}, count=5)

    async with enriching(redis, Recorder()):
        await settled(redis)

    assert await enriched(redis) == ["1", "2", "3", "4", "5"]


async def test_what_is_in_hand_is_not_claimed_by_others(redis: Redis) -> None:
    """A handler that takes longer than `reclaim_after_ms` keeps its entries."""
    await add(redis, 3)
    slow, other = Recorder(), Recorder()

    async def slowly(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        await asyncio.sleep(2)
        return await slow(articles)

    async with enriching(redis, slowly):

        async def in_hand() -> bool:
            return bool((await redis.xpending(streams.RAW, "enrich"))["pending"])

        await until(in_hand)
        async with enriching(redis, other):
            await settled(redis)

    assert len(slow.headlines) == 3
    assert other.headlines == []


async def test_an_entry_that_always_kills_its_process_is_buried_alone(redis: Redis) -> None:
    """Suspects are worked on one by one; after `max_deliveries` crashes they are parked unread."""
    client: Any = redis
    await add(redis, 4)
    await client.xgroup_create(streams.RAW, "enrich", id="0")
    [[_, entries]] = await client.xreadgroup("enrich", "killed", {streams.RAW: ">"}, count=4)
    ids = [entry_id for entry_id, _ in entries]
    await client.xclaim(streams.RAW, "enrich", "killed", 0, ids[:1], retrycount=5, justid=True)
    await client.xclaim(streams.RAW, "enrich", "killed", 0, ids[1:], retrycount=2, justid=True)
    recorder = Recorder()

    async with enriching(redis, recorder, max_deliveries=5):
        await settled(redis)

    assert [len(call) for call in recorder.calls] == [1, 1, 1]
    [letter] = await dead(redis)
    assert (letter.cause, letter.deliveries) == ("crashed", 6)
    assert letter.original[b"data"].startswith(b'{"headline": "1"')


async def test_an_entry_that_was_left_twice_is_worked_on_before_the_next_such_is_claimed(
    redis: Redis,
) -> None:
    """Else one that kills its process would count against the others, time after time."""
    await add(redis, 2)
    client: Any = redis
    await client.xgroup_create(streams.RAW, "enrich", "0")
    [[_, read]] = await client.xreadgroup("enrich", "gone", {streams.RAW: ">"})
    ids = [entry_id for entry_id, _ in read]
    await client.xclaim(streams.RAW, "enrich", "gone", 0, ids)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        begun.set()
        await go_on.wait()
        return [passed_on(article) for article in articles]

    async with enriching(redis, handler):
        async with asyncio.timeout(10):
            await begun.wait()
        await asyncio.sleep(1.5)  # a round of housekeeping and a half
        pending = await client.xpending_range(streams.RAW, "enrich", "-", "+", 10)
        go_on.set()
        await settled(redis)

    assert [one["times_delivered"] for one in pending] == [3, 2]


async def test_stopping_finishes_what_was_read(redis: Redis) -> None:
    """After SIGTERM nothing is pending, and nothing that was read is lost."""
    await add(redis, 200)
    recorder = Recorder()

    async def slowly(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        await asyncio.sleep(0.05)
        return await recorder(articles)

    async with enriching(redis, slowly, batch_size=10):
        await asyncio.sleep(0.12)

    pending: Any = await redis.xpending(streams.RAW, "enrich")
    assert pending["pending"] == 0
    assert 0 < len(recorder.headlines) < 200
    assert await enriched(redis) == recorder.headlines


async def test_stopping_finishes_what_a_read_brought_that_was_cut_off(redis: Redis) -> None:
    """Redis may give it to a connection that it does not know to be closed, after all the rest."""
    client: Any = redis
    await add(redis)
    late: list[str] = []

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        await asyncio.sleep(0.4)
        if late:  # once before what is left is looked for, and once while that is worked on
            await add(redis)
            await client.xreadgroup("enrich", late.pop(), {streams.RAW: ">"}, count=1)
        return [passed_on(article) for article in articles]

    async with enriching(redis, handler) as consumer:
        await until(lambda: _is_read(redis, 1))
        late += [consumer.name] * 2

    assert late == []
    assert await client.xinfo_consumers(streams.RAW, "enrich") == []
    assert await enriched(redis) == ["1", "1", "1"]


async def _is_read(redis: Redis, count: int) -> bool:
    return bool((await redis.xpending(streams.RAW, "enrich"))["pending"] >= count)


async def test_stopping_during_an_outage_is_quick_and_loses_nothing(redis: Redis) -> None:
    """What waits for the world stays pending, uncounted, for whoever comes next."""
    await add(redis, 3)

    async def away(_: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        msg = "MongoDB is away"
        raise TransientError(msg)

    for _ in range(4):
        async with enriching(redis, away, max_deliveries=2):
            await asyncio.sleep(0.5)
    async with enriching(redis, Recorder(), max_deliveries=2):
        await settled(redis)

    assert sorted(await enriched(redis), key=str) == ["1", "2", "3"]
    assert await dead(redis) == []


async def test_stopping_is_no_delivery(redis: Redis) -> None:
    """What fails, and is read again by the stop, has as many attempts left as before."""
    await add(redis, 2)
    calls = 0

    async def handler(_: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        nonlocal calls
        calls += 1
        msg = "a bug"
        raise ValueError(msg)

    async with enriching(redis, handler, reclaim_after_ms=60_000):

        async def each_alone() -> bool:
            return calls == 3

        await until(each_alone)

    assert calls == 3 + 3  # as one batch, then each alone; and so once more by the stop
    assert await _deliveries(redis) == [1, 1]


async def test_a_stopped_consumer_leaves_no_name_behind(redis: Redis) -> None:
    """Consumer names are unique per process, and removed when it ends."""
    await add(redis)

    async with enriching(redis, Recorder()) as consumer:
        await settled(redis)
        during = [one["name"] for one in await redis.xinfo_consumers(streams.RAW, "enrich")]

    after = await redis.xinfo_consumers(streams.RAW, "enrich")
    assert during == [consumer.name.encode()]
    assert after == []


async def test_reading_goes_on_after_the_stream_was_deleted(redis: Redis) -> None:
    """FLUSHALL takes the group away; it is made again and the next article is read."""
    recorder = Recorder()

    async with enriching(redis, recorder):
        await add(redis)
        await settled(redis)
        await redis.flushall()
        await add(redis, 2)
        await until(lambda: _count_is(recorder, 3))

    assert recorder.headlines == ["1", "1", "2"]


async def test_a_fatal_reply_is_no_hot_loop_and_heals(redis: Redis) -> None:
    """While the key is of a wrong type a service asks about once a second, and then reads on."""
    recorder = Recorder()

    async with enriching(redis, recorder) as consumer:
        await redis.delete(streams.RAW)
        await redis.set(streams.RAW, "in the way")
        before = (await redis.info("stats"))["total_commands_processed"]
        await asyncio.sleep(3)
        commands = (await redis.info("stats"))["total_commands_processed"] - before
        problem = await consumer.problem()
        await redis.delete(streams.RAW)
        await add(redis)
        await until(lambda: _count_is(recorder, 1))

    assert commands < 60
    assert problem == "nothing reads articles.raw"


async def test_acknowledged_entries_are_trimmed_and_others_are_not(redis: Redis) -> None:
    """The stream keeps what any of its groups still needs."""
    client: Any = redis
    ids = await add(redis, 1000)
    await client.xgroup_create(streams.RAW, "another", id="0")
    await client.xreadgroup("another", "me", {streams.RAW: ">"}, count=500)
    await client.xack(streams.RAW, "another", *ids[:300])

    async with enriching(redis, Recorder()):
        await settled(redis)
        await until(lambda: _shorter_than(redis, 1000))
        first = (await client.xrange(streams.RAW, count=1))[0][0]
        length = await redis.xlen(streams.RAW)

    assert first <= ids[300]
    assert 700 <= length <= 800  # whole nodes of about 100 entries go
    assert all(group["lag"] is not None for group in await client.xinfo_groups(streams.RAW))


async def _count_is(recorder: Recorder, count: int) -> bool:
    return len(recorder.headlines) == count


async def _shorter_than(redis: Redis, length: int) -> bool:
    return await redis.xlen(streams.RAW) < length


@pytest.mark.parametrize("away_s", [0.5])
async def test_redis_away_for_a_while_loses_nothing(redis: Redis, away_s: float) -> None:
    """Clients that are cut off come back, and go on where they were."""
    recorder = Recorder()

    async with enriching(redis, recorder):
        await add(redis, 2)
        await settled(redis)
        await redis.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(away_s)
        await add(redis, 2)
        await settled(redis)

    assert await enriched(redis) == ["1", "2", "1", "2"]
