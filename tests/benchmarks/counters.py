"""What an article costs in commands, bytes and allocations: the same in every run, so it is gated.

    python -m tests.benchmarks.counters            # measure, and compare with baseline.json
    python -m tests.benchmarks.counters --renew    # write it anew; the commit says why

200 invented stories go through each stage, in this process, on a real Redis and a real MongoDB:
out of a file, unread, tagged (100), stored, and stored again. Counted are the commands that Redis
was asked for (those of scripts too) and MongoDB, the bytes that either received and sent, and the
most memory that Python allocated within the pure part of a stage. Left out is what depends on
time: reads that wait, housekeeping, health.

Commands have to be the same; bytes may differ by 2 % and what heartbeats of a slow run add, memory
by 5 %, and is compared only on the baseline's version of Python.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import orjson
from pymongo import MongoClient, monitoring
from redis.asyncio import Redis

from services.devstack import servers
from services.enrich.app import create as create_enrich
from services.enrich.handler import pass_on
from services.enrich.settings import EnrichSettings
from services.ingest.app import create as create_ingest
from services.ingest.settings import IngestSettings
from services.store.app import create as create_store
from services.store.documents import record
from services.store.settings import StoreSettings
from shared import observability, streams
from shared.delivery import redis_scripts
from shared.delivery.ends import Ends
from shared.delivery.group import Entry, Fields
from shared.entries import wire
from shared.messages import EnrichedArticle, RawArticle
from shared.outcome import Outcome
from shared.service import Service
from tests.benchmarks.stories import stories

BASELINE: Final = Path(__file__).parent / "baseline.json"
ARTICLES: Final = 200
TAGGED: Final = 100
BATCH: Final = 50
PYTHON: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
TOLERANCES: Final = {"bytes": 0.02, "memory": 0.05}
SLACK: Final = {"Redis": 16, "MongoDB": 64}  # bytes an article: heartbeats of a slow run
NOON: Final = datetime(2026, 11, 23, 12, 0, 0, 123_000, tzinfo=UTC)  # as many digits as most times
# What depends on how long a run takes: waiting reads, looks at how full it is, health, our polls.
_BY_TIME: Final = frozenset(
    {"client", "hello", "hstrlen", "info", "ping", "time", "waitaof", "xinfo", "xlen", "xpending"}
    | {"xreadgroup", "xrange", "command", "config", "eval_ro", "zrangebyscore"}
    | {
        "zremrangebyscore",
        "zrevrange",
    }  # ingest forgets old files, and looks at its start for lost ones
)

_ASIDE: Final = "counters.aside"

Counts = dict[str, float]
Condition = Callable[[], Awaitable[bool]]


class Commands(monitoring.CommandListener):
    """Counts what is asked of MongoDB by name; health's pings and goodbyes apart."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name not in {"ping", "endSessions", "hello", "serverStatus"}:
            self.asked[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Nothing: asking is what counts."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Nothing: asking is what counts."""


class Meter:
    """Reads the counters of both servers before and after a stage."""

    def __init__(self, redis_url: str, mongo_url: str, commands: Commands) -> None:
        self.redis: Any = Redis.from_url(redis_url)
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(mongo_url)
        self._commands = commands

    async def close(self) -> None:
        await self.redis.aclose()
        self._mongo.close()

    async def through(
        self, service: Service, feed: Callable[[], Awaitable[object]], done: Condition, count: int
    ) -> Counts:
        """Return what each of `count` articles costs from `feed` until `done`."""
        with patch("shared.delivery.delivery._HOUSE_EVERY_S", 3600):  # housekeeping goes by time
            async with service.app.start_lifespan_context():
                first, before = await self._now(), await self._now()
                asked, polls = Counter(self._commands.asked), 1
                await feed()
                while not await done():
                    polls += 1
                    await asyncio.sleep(0.05)
                commands = self._commands.asked - asked
                now = await self._now()
                for _ in range(polls):
                    await done()
                last = await self._now()
        counts = {name: now[name] - before.get(name, 0) for name in now}
        for name in counts:
            if "bytes" in name:  # without looking, and asking whether it is done
                look = before[name] - first[name]
                counts[name] -= look + (last[name] - now[name] - look)
        if commands:
            counts |= {f"MongoDB {name}": asked for name, asked in commands.items()}
        else:
            counts = {name: one for name, one in counts.items() if name.startswith("Redis")}
        return {name: round(counts[name] / count, 3) for name in sorted(counts) if counts[name]}

    async def _now(self) -> Counts:
        stats = await self.redis.info("stats")
        network = self._mongo.admin.command("serverStatus")["network"]
        said = {
            "Redis bytes in": stats["total_net_input_bytes"],
            "Redis bytes out": stats["total_net_output_bytes"],
            "MongoDB bytes in": network["bytesIn"],
            "MongoDB bytes out": network["bytesOut"],
        }
        for name, one in (await self.redis.info("commandstats")).items():
            command = name.removeprefix("cmdstat_")
            if command.partition("|")[0] not in _BY_TIME:
                said[f"Redis {command}"] = one["calls"]
        return said


class Feeder:
    """Puts entries where a stage reads them, and says when all of them have come to their end."""

    def __init__(self, redis: Any, stream: str, group: str) -> None:
        self._redis = redis
        self._stream = stream
        self._group = group

    async def prepare(self, entries: Sequence[Fields]) -> None:
        """Put the entries aside, so that they come at once and feeding costs one command."""
        await self._redis.flushall()
        for fields in entries:
            await self._redis.xadd(_ASIDE, dict(fields))
        await self._redis.xgroup_create(_ASIDE, self._group, id="0")

    async def feed(self) -> None:
        await self._redis.rename(_ASIDE, self._stream)

    async def done(self) -> bool:
        waiting = await self._redis.xpending(self._stream, self._group)
        [group] = await self._redis.xinfo_groups(self._stream)
        return not waiting["pending"] and not group["lag"]


async def measure(redis_url: str, mongo_url: str, folder: Path) -> dict[str, Counts]:
    """Return what an article costs in each stage; both servers have to be empty."""
    commands = Commands()
    monitoring.register(commands)
    meter = Meter(redis_url, mongo_url, commands)
    # Nothing is touched to keep it from being claimed, however slow this machine is.
    common: dict[str, Any] = {"redis_url": redis_url, "batch_size": BATCH}
    common["reclaim_after_ms"] = 3_600_000
    told = [
        {**one, "source": "Bench Wire", "received_at": NOON} for one in islice(stories(), ARTICLES)
    ]
    texts = [orjson.dumps(one) for one in told]
    raw = [{wire.DATA: text} for text in texts]

    async def staged(service: Service, stream: str, entries: Sequence[Fields]) -> Counts:
        feeder = Feeder(meter.redis, stream, service.stage)
        await feeder.prepare(entries)
        return await meter.through(service, feeder.feed, feeder.done, len(entries))

    for script in (redis_scripts.ADVANCE, redis_scripts.LEARN, redis_scripts.SETTLE):
        await meter.redis.script_load(script)  # else what is sent first is sent twice

    found = {"ingest": await _ingested(meter, common, folder, texts)}
    relay = create_enrich(EnrichSettings(**common, read_later=True))
    found["relay"] = await staged(relay, streams.RAW, raw)
    found["relay"] |= _memory(lambda: _relayed(raw))
    found["enrich"] = await staged(
        create_enrich(EnrichSettings(**common)), streams.RAW, raw[:TAGGED]
    )
    read = [fields for _, fields in await meter.redis.xrange(streams.ENRICHED)]
    for name in ("store", "store again"):
        store = create_store(StoreSettings(**common, mongo_url=mongo_url))
        found[name] = await staged(store, streams.ENRICHED, read)
    stored = [EnrichedArticle.model_validate_json(fields[wire.DATA]) for fields in read]
    found["store"] |= _memory(lambda: [record(article) for article in stored])
    await meter.close()
    return found


async def _ingested(
    meter: Meter, common: Mapping[str, Any], folder: Path, texts: Sequence[bytes]
) -> Counts:
    inbox, half = folder / "inbox", folder / "half.jsonl"
    half.write_bytes(b"\n".join(texts) + b"\n")
    settings = IngestSettings(**common, inbox_dir=inbox, archive_dir=folder / "archive")

    async def drop() -> None:
        half.rename(inbox / "stories.jsonl")

    async def archived() -> bool:
        said = await meter.redis.hstrlen(f"{streams.FILE}stories.jsonl", "state")
        return bool(said == len("archived"))

    return await meter.through(create_ingest(settings), drop, archived, len(texts))


def _relayed(entries: Sequence[Fields]) -> list[Any]:
    ends = Ends(streams.ENRICH, "counters")
    read = [Entry(b"1795470694568-0", fields, 1) for fields in entries]
    articles = [
        wire.decode(one.fields, RawArticle, stream=streams.RAW, entry_id=one.id.decode())
        for one in read
    ]
    return [
        ends.of(entry, article, Outcome("enriched", on))
        for entry, article, on in zip(read, articles, pass_on(articles, now=NOON), strict=True)
    ]


def _memory(work: Callable[[], list[Any]]) -> Counts:
    """Return the most that Python allocates while it works, in bytes an article."""
    work()  # what is made once is made
    tracemalloc.start()
    try:
        articles = len(work())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return {"memory": round(peak / articles, 3)}


def differences(found: Mapping[str, Counts], baseline: Mapping[str, Any]) -> list[str]:
    """Return what is not as in the baseline, a line each; none when all is within tolerance."""
    said = []
    for stage in sorted(found.keys() | baseline["counts"].keys()):
        now, before = found.get(stage, {}), baseline["counts"].get(stage, {})
        for name in sorted(now.keys() | before.keys()):
            kind = name.rpartition("bytes")[1] or name
            if kind == "memory" and baseline["python"] != PYTHON:
                continue
            was, is_ = before.get(name, 0), now.get(name, 0)
            slack = SLACK[name.partition(" ")[0]] if kind == "bytes" else 0
            if abs(is_ - was) > TOLERANCES.get(kind, 0) * was + slack:
                said.append(f"{stage}, {name}: {is_} an article; the baseline has {was}")
    return said


HINT: Final = (
    "if that is meant: `python -m tests.benchmarks.counters --renew`, and say why in the commit"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.counters")
    parser.add_argument("--renew", action="store_true", help="write the baseline anew")
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    options = parser.parse_args()
    observability.configure(level="warning", log_format="json")
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as at:
        folder = Path(at)
        redis = servers.start_redis(folder / "redis", log=folder / "redis.log")
        mongo = servers.start_mongo(folder / "mongo", log=folder / "mongo.log")
        try:
            redis.wait_ready()
            mongo.wait_ready()
            found = asyncio.run(measure(redis.url, mongo.url, folder))
        finally:
            redis.child.kill()
            mongo.child.kill()
    if options.json:
        print(json.dumps(found, indent=2))  # noqa: T201 (what was asked for)
    if options.renew:
        BASELINE.write_text(json.dumps({"python": PYTHON, "counts": found}, indent=2) + "\n")
    elif wrong := differences(found, json.loads(BASELINE.read_text())):
        sys.exit("\n".join([*wrong, HINT]))


if __name__ == "__main__":
    main()
