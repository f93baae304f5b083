"""`make bench`: how fast Newsflow is here. Prints a table, and keeps the figures as JSON.

    python -m tests.benchmarks [--articles FILE.jsonl] [--rounds 200] [--backlog 2000]

- latency: from a file closed in an idle inbox, and from XADD's reply, to the document readable in
  MongoDB; beside them the raw limit, one journaled majority write of the same document;
- drain: a backlog through all stages, in articles a second;
- health: how long /health of enrich takes to answer while it works that backlog off.

Every figure is of one run on one machine: compare ratios, not seconds. JSON: benchmarks.json in
the folder `var`, or as --keep says.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from pymongo import MongoClient, WriteConcern
from redis import Redis
from rich.console import Console
from rich.table import Table

from services.cli.running import ready
from services.devstack.stack import Stack
from shared import streams
from shared.identity import article_id
from tests.benchmarks.stories import stories, stories_of

WARM_UP = 20
PAUSE_S = 0.05  # between rounds, so that every stage is idle again
Stories = Iterator[dict[str, str]]


@dataclass(frozen=True)
class Figures:
    """Milliseconds of many rounds."""

    p50: float
    p95: float
    p99: float
    rounds: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> "Figures":
        cuts = statistics.quantiles([one * 1000 for one in seconds], n=100)
        return cls(round(cuts[49], 1), round(cuts[94], 1), round(cuts[98], 1), len(seconds))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("--articles", type=Path, help="JSON lines with a field `text` each")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--backlog", type=int, default=2000)
    parser.add_argument("--enrichers", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("var/benchmarks.json"))
    options = parser.parse_args()
    console = Console()
    figures = asyncio.run(_measure(options, console))
    options.keep.parent.mkdir(parents=True, exist_ok=True)
    options.keep.write_text(json.dumps(figures, indent=2) + "\n")
    console.print(_table(figures))
    console.print(f"kept in {options.keep}")


async def _measure(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    told: Callable[[int], Stories] = (
        (lambda seed: stories_of(options.articles, seed)) if options.articles else stories
    )
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder:
        async with _stack(Path(folder), options.enrichers) as stack:
            meter = Meter(stack)
            console.print("latency of files ...")
            files = await asyncio.to_thread(meter.latency, told(1), options.rounds, meter.drop)
            console.print("latency of messages ...")
            messages = await asyncio.to_thread(meter.latency, told(2), options.rounds, meter.xadd)
            console.print("raw limit ...")
            raw = await asyncio.to_thread(meter.raw, options.rounds)
            console.print("backlog ...")
            drain, health = await asyncio.to_thread(meter.drain, told(3), options.backlog)
            meter.close()
    return {
        "machine": {
            "python": platform.python_version(),
            "system": platform.platform(),
            "cores": os.cpu_count(),
        },
        "articles": str(options.articles.name) if options.articles else "invented, 440 words",
        "enrichers": options.enrichers,
        "file_to_document_ms": asdict(files),
        "xadd_to_document_ms": asdict(messages),
        "raw_write_ms": asdict(raw),
        "drain_articles_per_s": round(drain, 1),
        "health_under_load_ms": asdict(health),
    }


@asynccontextmanager
async def _stack(folder: Path, enrichers: int) -> Any:
    stack = Stack(folder, enrichers=enrichers)
    stack.start()
    try:
        await ready(stack, asyncio.Event())
        yield stack
    finally:
        stack.stop()


class Meter:
    """Sends articles into a running stack and watches MongoDB for them, as any client would."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._redis = Redis.from_url(stack.address.redis_url)
        self._client: MongoClient[dict[str, Any]] = MongoClient(stack.address.mongo_url)
        self._articles = self._client["newsflow"]["articles"]

    def close(self) -> None:
        self._redis.close()
        self._client.close()

    def latency(
        self, told: Stories, rounds: int, send: Callable[[dict[str, str]], None]
    ) -> Figures:
        """Return how long after `send` an article is readable, one at a time, after a warm-up."""
        seconds = []
        for _ in range(WARM_UP + rounds):
            story = next(told)
            send(story)
            sent = time.perf_counter()
            self._wait_for(story["uri"])
            seconds.append(time.perf_counter() - sent)
            time.sleep(PAUSE_S)
        return Figures.of(seconds[WARM_UP:])

    def drop(self, story: dict[str, str]) -> None:
        """Write a file into the inbox itself; its closing is what ingest hears."""
        name = f"{story['uri'].replace(':', '-')}.json"
        (self._stack.folder / "inbox" / name).write_text(json.dumps(story))

    def xadd(self, story: dict[str, str]) -> None:
        self._redis.xadd(streams.RAW, {"data": json.dumps(story)})

    def raw(self, rounds: int) -> Figures:
        """Return how long one durable write of a stored document takes, with nothing around it."""
        document = self._articles.find_one() or {}
        concern = WriteConcern("majority", j=True)
        collection = self._client["raw"].get_collection("articles", write_concern=concern)
        seconds = []
        for number in range(WARM_UP + rounds):
            began = time.perf_counter()
            collection.replace_one({"_id": number}, {**document, "_id": number}, upsert=True)
            seconds.append(time.perf_counter() - began)
        return Figures.of(seconds[WARM_UP:])

    def drain(self, told: Stories, count: int) -> tuple[float, Figures]:
        """Return articles a second through all stages, and how health answered meanwhile."""
        batch = [next(told) for _ in range(count)]
        before = self._articles.estimated_document_count()
        began = time.perf_counter()
        pipe = self._redis.pipeline(transaction=False)
        for story in batch:
            pipe.xadd(streams.RAW, {"data": json.dumps(story)})
        pipe.execute()
        health: list[float] = []
        while self._articles.estimated_document_count() < before + count:
            asked = time.perf_counter()
            with urlopen(self._stack.address.health_urls["enrich"]) as answer:  # noqa: S310
                answer.read()
            health.append(time.perf_counter() - asked)
            time.sleep(0.02)
        return count / (time.perf_counter() - began), Figures.of(health)

    def _wait_for(self, uri: str) -> None:
        wanted = article_id(uri=uri, guid=None, url=None, source=None, text="")
        while self._articles.find_one({"_id": wanted}, {"_id": 1}) is None:
            time.sleep(0.001)


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title=f"{figures['articles']}, {figures['enrichers']} enrich process")
    for name in ("", "p50", "p95", "p99", "rounds"):
        table.add_column(name, justify="left" if not name else "right")
    for name in (
        "file_to_document_ms",
        "xadd_to_document_ms",
        "raw_write_ms",
        "health_under_load_ms",
    ):
        row = figures[name]
        table.add_row(name, *(str(row[column]) for column in ("p50", "p95", "p99", "rounds")))
    table.add_row("drain_articles_per_s", str(figures["drain_articles_per_s"]))
    return table


if __name__ == "__main__":
    main()
