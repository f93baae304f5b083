"""The flow, live; and what pages say while a server is away."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
from redis.asyncio import Redis
from structlog.testing import capture_logs

from services.console.watch import MOST_LISTENERS, Watch
from services.devstack.servers import RedisServer, free_port, start_redis
from services.inspection.flow import Flow, Rates
from shared import streams
from shared.delivery.group import Group
from tests.builders import NOON
from tests.console.serving import console

NO_MONGO = "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=300"


async def flows(client: httpx.AsyncClient, count: int) -> list[dict[str, Any]]:
    """Return the next events of the stream."""
    found: list[dict[str, Any]] = []
    async with client.stream("GET", "/api/flow/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line.removeprefix("data: ")))
            if len(found) == count:
                return found
    return found


async def test_events_tell_what_comes_in_as_it_comes_in(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """Unread entries, their age and the rate, without asking again."""
    await Group(redis, streams.ENRICH, "test").ensure()
    reading = asyncio.create_task(flows(client, 5))
    await asyncio.sleep(1.2)
    add: Any = redis.xadd
    for number in range(20):
        await add(streams.RAW, {"data": f'{{"headline": "{number}"}}'})

    seen = await reading

    enrich = seen[-1]["stages"][1]
    assert seen[0]["stages"][1]["lag"] == 0
    assert (enrich["stage"], enrich["lag"], enrich["pending"]) == ("enrich", 20, 0)
    assert enrich["oldest_seconds"] > 0
    assert seen[-1]["published_rate"] > 0


async def test_all_listeners_share_one_look() -> None:
    """Ten of them cost what one costs, and a slow one holds up nobody."""
    looks = 0

    async def look() -> Flow:
        nonlocal looks
        looks += 1
        return Flow(at=NOON, ok=True)

    watch = Watch(look)
    running = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    listening = [watch.listen() for _ in range(10)]
    firsts = await asyncio.gather(*(anext(one) for one in listening))
    again = await asyncio.gather(*(anext(one) for one in listening))
    running.cancel()

    assert all(one is firsts[0] for one in firsts)
    assert len(again) == 10
    assert watch.listeners == 10
    assert looks <= 3
    for one in listening:
        await one.aclose()
    assert watch.listeners == 0


async def test_a_look_that_fails_ends_no_other() -> None:
    """Listeners get what is seen next, and the log says once what happened."""
    looks = 0

    async def look() -> Flow:
        nonlocal looks
        looks += 1
        if looks in {2, 3}:
            msg = "checks"
            raise KeyError(msg)
        return Flow(at=NOON, ok=looks > 1)

    watch = Watch(look)
    with capture_logs() as said:
        running = asyncio.create_task(watch.run())
        await asyncio.sleep(0)
        listening = watch.listen()
        first, after = await anext(listening), await anext(listening)
        running.cancel()
        await listening.aclose()

    assert (first and first.ok, after and after.ok) == (False, True)
    assert looks == 4
    assert [one["event"] for one in said] == ["cannot look at the flow"]


async def test_a_listener_too_many_is_told_to_ask_instead(client: httpx.AsyncClient) -> None:
    """And a place is free again once somebody leaves."""
    app: Any = client  # the events are counted by the console itself
    streams_ = [app.stream("GET", "/api/flow/events") for _ in range(MOST_LISTENERS)]
    opened = [await one.__aenter__() for one in streams_]
    for one in opened:
        await anext(one.aiter_lines())

    refused = await client.get("/api/flow/events")
    for one in streams_:
        await one.__aexit__(None, None, None)

    assert refused.status_code == 503
    assert "/api/flow" in refused.json()["todo"]
    async with asyncio.timeout(10):
        while not await flows(client, 1):
            await asyncio.sleep(0.1)


async def test_pages_say_that_redis_is_away_and_come_back(mongo_url: str, tmp_path: Path) -> None:
    """One sentence and 503; nothing has to be started again."""
    port = free_port()
    async with console(redis_url=f"redis://127.0.0.1:{port}/0", mongo_url=mongo_url) as client:
        for path in ("/", "/files", "/dead"):
            away = await client.get(path)
            assert away.status_code == 503
            assert "Redis does not answer" in away.text
        assert (await client.get("/sources")).status_code == 200
        assert (await client.get("/api/dead")).json()["error"] == "Redis does not answer."
        assert (await client.get("/health")).status_code == 503

        server: RedisServer = start_redis(tmp_path, log=tmp_path / "log", port=port)
        try:
            server.wait_ready()
            await asyncio.sleep(2.1)  # the last look is that old at most
            for path in ("/", "/files", "/dead", "/health"):
                assert (await client.get(path)).status_code == 200, path
        finally:
            server.stop()


async def test_pages_say_that_mongodb_is_away(redis: Redis, redis_server: RedisServer) -> None:
    """What Redis alone can tell is told."""
    assert redis
    async with console(redis_url=redis_server.url, mongo_url=NO_MONGO) as client:
        flow, sources = await client.get("/"), await client.get("/sources")

        assert (flow.status_code, sources.status_code) == (503, 503)
        assert "MongoDB does not answer" in flow.text
        assert "MongoDB does not answer" in sources.text
        assert "recover.js" in sources.text
        assert (await client.get("/dead")).status_code == 200


def test_rates_are_of_the_last_seconds_and_never_below_nothing() -> None:
    """A counter that a new process begins anew is no rate below zero."""
    rates = Rates()
    assert rates.of("raw") is None
    for second in range(20):
        rates.add(second, {"raw": 10 * second if second < 10 else 90})
    assert rates.of("raw") == 0
    rates.add(20, {"raw": 100})
    assert rates.of("raw") == 2
    rates.add(21, {"raw": 0})
    assert rates.of("raw") == 0
