"""What stays of rate and memory as a million articles go through, and a backlog of gigabytes.

    python -m tests.benchmarks.growth [--articles 1000000] [--stream-gb 2] [--file-gb 10]

Without tagging (NEWSFLOW_READ_LATER), one process a stage, each part with servers of its own:

- articles: files of 10,000 articles of 2.7 KB, the next one dropped when fewer than 10,000 articles
  are on their way; at each size the rate since the last one, the memory of every process, of Redis
  by its own count, what is on the streams, and the disk;
- stream: a backlog of so many gigabytes on `articles.raw`, worked off;
- files: so many gigabytes of JSON lines in the inbox at once, articles of 30 KB, worked off by the
  room that ingest finds before the stages behind it.

0 leaves a part out. JSON: var/benchmarks/growth.json, written anew after each part.
"""

import argparse
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
from pymongo import MongoClient
from redis import Redis
from rich.console import Console

from services.devstack.stack import Stack
from services.store.indexes import ARTICLES, REVISIONS
from shared import streams
from tests.benchmarks import stacks
from tests.benchmarks.results import Figures, Run, resident_mb
from tests.benchmarks.stories import stories

SIZES: Final = (1_000, 10_000, 50_000, *range(100_000, 1_000_001, 100_000))
FILE: Final = 10_000  # articles
LARGE_FILE_MB: Final = 500
LARGE_ARTICLE: Final = 11  # stories within one: 30 KB
BACKLOG: Final = 10_000  # articles before a stage, for which ingest waits; 300 MB of the large ones
EVERY_S: Final = 2.0
MB: Final = 1024**2
GB: Final = 1000**3
_SETTINGS: Final = {"NEWSFLOW_READ_LATER": "true", "NEWSFLOW_MAX_BACKLOG": str(BACKLOG)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.growth")
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--stream-gb", type=float, default=2)
    parser.add_argument("--file-gb", type=float, default=10)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    run, figures, console = Run("growth", options.keep), {}, Console()
    parts: dict[str, tuple[float, Callable[[Bench, Any], Figures]]] = {
        "articles": (options.articles, Bench.grow),
        "stream": (options.stream_gb, Bench.drain_stream),
        "files": (options.file_gb, Bench.drain_files),
    }
    for name, (size, measure) in parts.items():
        if size:
            with stacks.running(settings=_SETTINGS) as stack:
                figures[name] = measure(Bench(stack, console), size)
            run.keep(figures)
    console.print(f"kept in {run.path}")


class Bench:
    """Feeds a stack and looks at its processes."""

    def __init__(self, stack: Stack, console: Console) -> None:
        self._stack = stack
        self._console = console
        self._redis: Any = Redis.from_url(stack.address.redis_url)
        client: MongoClient[dict[str, Any]] = MongoClient(stack.address.mongo_url)
        self._database = client["newsflow"]
        self._inbox = stack.folder / "inbox"
        self._looks: list[Figures] = []
        self._looked_at = 0.0

    # ── the parts ─────────────────────────────────────────────────────────────────────────────

    def grow(self, count: int) -> Figures:
        """Return how all is at each of SIZES, up to `count` articles."""
        articles, fed, points = articles_of(1), 0, []
        began, before = time.perf_counter(), 0
        for size in (size for size in SIZES if size <= count):
            while (stored := self._stored()) < size:
                if fed < count and fed - stored < FILE:
                    most = min(FILE, size - fed) if fed < size else min(FILE, count - fed)
                    fed += self._drop(islice(articles, most))
                self._look()
                time.sleep(0.02)
            now = time.perf_counter()
            rate = round((stored - before) / (now - began))
            points.append({"articles": size, "per_s": rate, **self._now(), **self._disk()})
            self._console.print(points[-1])
            began, before = now, stored
        return {"points": points, "memory_mb": self._most()}

    def drain_stream(self, gigabytes: float) -> Figures:
        """Return what a backlog on `articles.raw` takes, worked off by enrich and store."""
        self._signal(signal.SIGSTOP)
        size = sent = 0
        articles = articles_of(2)
        while size < gigabytes * GB:
            pipe = self._redis.pipeline(transaction=False)
            for text in islice(articles, 1000):
                pipe.xadd(streams.RAW, {"data": text})
                size += len(text)
            sent += len(pipe.execute())
        self._console.print(f"{sent} articles, {size / GB:.1f} GB on the stream")
        self._signal(signal.SIGCONT)
        return {"bytes": size, **self._worked_off(sent)}

    def drain_files(self, gigabytes: float) -> Figures:
        """Return what files that lie in the inbox at once take."""
        apart = self._stack.folder / "apart"
        apart.mkdir()
        articles, size, sent, number = articles_of(3, LARGE_ARTICLE), 0, 0, 0
        while size < gigabytes * GB:
            number += 1
            with (apart / f"{number}.jsonl").open("wb") as file:
                while file.tell() < min(LARGE_FILE_MB * MB, gigabytes * GB - size):
                    file.write(next(articles) + b"\n")
                    sent += 1
                size += file.tell()
        self._console.print(f"{sent} articles, {size / GB:.1f} GB in {number} files")
        for path in apart.iterdir():
            path.rename(self._inbox / path.name)
        return {"bytes": size, "files": number, **self._worked_off(sent)}

    def _worked_off(self, count: int) -> Figures:
        began = time.perf_counter()
        while (stored := self._stored()) < count:
            self._look()
            self._console.print(f"{stored} of {count} {self._looks[-1]}")
            time.sleep(EVERY_S)
        seconds = time.perf_counter() - began
        return {
            "articles": count,
            "seconds": round(seconds),
            "per_s": round(count / seconds),
            "memory_mb": self._most(),
            "curve": [{"stored": look["stored"], **look["memory_mb"]} for look in self._thin()],
            **self._disk(),
        }

    # ── feeding ───────────────────────────────────────────────────────────────────────────────

    def _drop(self, texts: Iterator[bytes]) -> int:
        half = self._stack.folder / "half.jsonl"
        lines = list(texts)
        half.write_bytes(b"\n".join(lines) + b"\n")
        half.rename(self._inbox / f"{time.monotonic_ns()}.jsonl")
        return len(lines)

    def _signal(self, number: signal.Signals) -> None:
        for stage in ("enrich", "store"):
            self._stack.children[stage].signal(number)

    # ── looking ───────────────────────────────────────────────────────────────────────────────

    def _stored(self) -> int:
        return self._database[ARTICLES].estimated_document_count()

    def _look(self) -> None:
        """Note the memory of all, every other second; what is archived is in the way by then."""
        if time.monotonic() - self._looked_at < EVERY_S:
            return
        self._looked_at = time.monotonic()
        self._looks.append({"stored": self._stored(), **self._now()})
        for path in (self._stack.folder / "archive").rglob("*.jsonl"):
            path.unlink()
        for name, child in self._stack.children.items():
            if not child.pid:
                sys.exit(f"{name} ended: {child.last_lines()}")

    def _now(self) -> Figures:
        memory = {name: resident_mb(child.pid) for name, child in self._stack.children.items()}
        memory["redis itself"] = self._redis.info("memory")["used_memory"] // MB
        on = {name: self._redis.xlen(name) for name in (streams.RAW, streams.ENRICHED)}
        return {"memory_mb": memory, "on_streams": on}

    def _most(self) -> Figures:
        """Return the most memory of each in the first and in the last quarter, and of all."""
        quarter = max(1, len(self._looks) // 4)
        parts = (self._looks[:quarter], self._looks[-quarter:], self._looks)
        return {
            name: [max(look["memory_mb"][name] for look in part) for part in parts]
            for name in self._looks[0]["memory_mb"]
        }

    def _thin(self) -> list[Figures]:
        return self._looks[:: max(1, len(self._looks) // 40)]

    def _disk(self) -> Figures:
        """Return what is on the disk, in MiB: of MongoDB by its own count, of Redis its log."""
        found: Figures = {}
        for name in (ARTICLES, REVISIONS):
            stats = self._database.command("collStats", name)
            found[name] = stats["storageSize"] // MB
            found[f"indexes of {name}"] = stats["totalIndexSize"] // MB
        redis = self._stack.folder / "var" / "redis"
        found["redis"] = sum(path.stat().st_size for path in redis.rglob("*.*")) // MB
        return {"disk_mb": found}


def articles_of(seed: int, stories_each: int = 1) -> Iterator[bytes]:
    """Yield articles without end, each a different one, at little cost: halves of 2,000 stories."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    halves = []
    for story in islice(stories(seed), 2000):
        lines = story["body"].split("\n")
        halves.append(("\n".join(lines[:5]), "\n".join(lines[5:])))
    number = 0
    while True:
        number += 1
        picked = chance.choices(halves, k=2 * stories_each)
        body = "\n".join(half[at % 2] for at, half in enumerate(picked))
        uri = f"urn:newsflow:growth:{seed}:{number}"
        yield orjson.dumps({"uri": uri, "headline": f"Case {seed}-{number} decided", "body": body})


if __name__ == "__main__":
    main()
