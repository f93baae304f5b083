"""How soon an article is readable, at rest and with half of what the stack can do on its way.

    python -m tests.benchmarks.latency [--rounds 200] [--backlog 1500]

With tagging, one process a stage, after a warm-up:

- capacity: a backlog through all stages, in articles a second, and how long /health of enrich takes
  to answer meanwhile;
- idle, and at half of that capacity: from a file closed in the inbox, and from XADD's reply, to the
  document readable in MongoDB;
- stages: where the time of a file goes when nothing else is on its way, by the times that stand in
  entries and documents: whole milliseconds, so a step is known to one;
- raw: one write of the same document, majority and journal.

JSON: var/benchmarks/latency.json.
"""

import argparse
import itertools
import json
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from pymongo import MongoClient, WriteConcern
from redis import Redis
from rich.console import Console

from services.devstack.stack import Stack
from services.store.indexes import ARTICLES, REVISIONS
from shared import streams
from shared.identity import article_id
from tests.benchmarks import stacks
from tests.benchmarks.results import Figures, Run, percentiles
from tests.benchmarks.stories import stories

WARM_UP: Final = 20
PAUSE_S: Final = 0.05  # between rounds, so that every stage is idle again
LOAD: Final = 0.5
STEPS: Final = (
    "ingest takes the file",
    "on articles.raw",
    "enrich begins",
    "on articles.enriched",
    "store begins",
    "readable",
)
Story = dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.latency")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--backlog", type=int, default=1500)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    run = Run("latency", options.keep)
    with stacks.running() as stack:
        meter = Meter(stack, Console())
        kept = run.keep(meter.measure(options.rounds, options.backlog))
    Console().print_json(data=kept["figures"])


class Meter:
    """Sends articles into a running stack and watches MongoDB for them, as any client would."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._redis: Any = Redis.from_url(stack.address.redis_url)
        self._client: MongoClient[dict[str, Any]] = MongoClient(stack.address.mongo_url)
        self._database = self._client["newsflow"]
        self._seeds = itertools.count(1)

    def measure(self, rounds: int, backlog: int) -> Figures:
        """Return all figures, in milliseconds but for the capacity."""
        self._console.print("capacity ...")
        capacity, health = self._drain(backlog)
        figures: Figures = {"capacity_per_s": round(capacity), "health_ms": health}
        self._console.print("idle ...")
        figures["idle"], stages = self._both(rounds)
        self._console.print(f"with {capacity * LOAD:.0f} articles a second ...")
        with self._load(capacity * LOAD):
            time.sleep(2)
            figures["loaded"], _ = self._both(rounds)
        figures |= {"load_per_s": round(capacity * LOAD), "stages_ms": stages}
        self._console.print("raw ...")
        return figures | {"raw_ms": self._raw(rounds)}

    def _both(self, rounds: int) -> tuple[Figures, Figures]:
        files, stages = self._latency(self._drop, rounds)
        messages, _ = self._latency(self._xadd, rounds)
        return {"file_ms": files, "xadd_ms": messages}, stages

    def _latency(self, send: Callable[[Story], None], rounds: int) -> tuple[Figures, Figures]:
        """Return how long after `send` an article is readable, one at a time, after a warm-up."""
        told = stories(next(self._seeds))
        took, steps = [], []
        for _ in range(WARM_UP + rounds):
            story = next(told)
            send(story)
            sent, at = time.perf_counter(), time.time()
            wanted = self._wait_for(story["uri"])
            took.append(time.perf_counter() - sent)
            steps.append(self._stamps(wanted, at, time.time()))
            time.sleep(PAUSE_S * random.uniform(0.5, 1.5))  # noqa: S311 (so as not to keep step)
        told_steps = {
            name: round(statistics.median(after - before for before, after in one) * 1000, 1)
            for name, one in zip(
                STEPS, zip(*map(pairwise, steps[WARM_UP:]), strict=True), strict=True
            )
        }
        return percentiles(took[WARM_UP:]), told_steps

    def _stamps(self, wanted: str, sent: float, readable: float) -> list[float]:
        """Return when an article was where, in seconds of the day's clock."""
        head = self._database[ARTICLES].find_one({"_id": wanted}) or {}
        revision = self._database[REVISIONS].find_one({"article_id": wanted}) or {}
        entry_id = revision["provenance"]["entry"]["entry_id"]
        enriched = self._redis.xinfo_stream(streams.ENRICHED)["last-generated-id"]
        received, enriching, storing = (
            moment.replace(tzinfo=UTC).timestamp()
            for moment in (revision["received_at"], head["enriched_at"], revision["stored_at"])
        )
        raw, passed = (int(part.partition("-")[0]) / 1000 for part in (entry_id, enriched.decode()))
        return [sent, received, raw, enriching, passed, storing, readable]

    def _drop(self, story: Story) -> None:
        """Write a file into the inbox itself; its closing is what ingest hears."""
        name = f"{story['uri'].replace(':', '-')}.json"
        (self._stack.folder / "inbox" / name).write_text(json.dumps(story))

    def _xadd(self, story: Story) -> None:
        self._redis.xadd(streams.RAW, {"data": json.dumps(story)})

    @contextmanager
    def _load(self, per_s: float) -> Iterator[None]:
        """Send messages at an even rate from a thread of this process."""
        ends = threading.Event()

        def send() -> None:
            told, due = stories(next(self._seeds)), time.monotonic()
            client: Any = Redis.from_url(self._stack.address.redis_url)
            while not ends.wait(max(0, due - time.monotonic())):
                client.xadd(streams.RAW, {"data": json.dumps(next(told))})
                due += 1 / per_s

        sender = threading.Thread(target=send)
        sender.start()
        try:
            yield
        finally:
            ends.set()
            sender.join()

    def _raw(self, rounds: int) -> Figures:
        """Return how long one durable write of a stored document takes, with nothing around it."""
        document = self._database[ARTICLES].find_one() or {}
        concern = WriteConcern("majority", j=True)
        collection = self._client["raw"].get_collection("articles", write_concern=concern)
        took = []
        for number in range(WARM_UP + rounds):
            began = time.perf_counter()
            collection.replace_one({"_id": number}, {**document, "_id": number}, upsert=True)
            took.append(time.perf_counter() - began)
        return percentiles(took[WARM_UP:])

    def _drain(self, count: int) -> tuple[float, Figures]:
        """Return articles a second through all stages, and how health answered meanwhile."""
        articles = self._database[ARTICLES]
        told = stories(next(self._seeds))
        before = articles.estimated_document_count()
        pipe = self._redis.pipeline(transaction=False)
        for _ in range(count):
            pipe.xadd(streams.RAW, {"data": json.dumps(next(told))})
        began = time.perf_counter()
        pipe.execute()
        health: list[float] = []
        while articles.estimated_document_count() < before + count:
            asked = time.perf_counter()
            with urlopen(self._stack.address.health_urls["enrich"]) as answer:  # noqa: S310 (ours)
                answer.read()
            health.append(time.perf_counter() - asked)
            time.sleep(0.02)
        return count / (time.perf_counter() - began), percentiles(health)

    def _wait_for(self, uri: str) -> str:
        wanted = article_id(uri=uri, guid=None, url=None, source=None, text="")
        while self._database[ARTICLES].find_one({"_id": wanted}, {"_id": 1}) is None:
            time.sleep(0.001)
        return wanted


if __name__ == "__main__":
    main()
