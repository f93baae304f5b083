"""How much of MongoDB's own rate goes through the store, and what stays of it as articles gather.

    python -m tests.benchmarks.storing [--count 3000] [--rounds 5] [--growth 500000]

In turn, after a round to warm up, as many new articles (read_articles.py) each into a database of
its own with the store's indexes: the heads by raw unordered bulks of upserts, majority and journal;
heads and revisions by such bulks; `store` in this process, one batch after the other; and a store
service that works off a backlog in a Redis of its own. Rates are articles a second; CPU is of the
client and of mongod, in microseconds an article. Medians. JSON: var/benchmarks-storing.json.

With --growth, the databases are filled by raw bulks to 5,000 articles, 50,000, 200,000 and so on,
and all is measured anew at each size, in the same run.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient, ReplaceOne, UpdateOne, WriteConcern
from pymongo.database import Database
from redis import Redis
from rich.console import Console
from rich.table import Table

from services.devstack import servers
from services.devstack.processes import Child
from services.devstack.servers import MongoServer
from services.store.documents import Record, record, revision_update
from services.store.handler import store
from services.store.indexes import ARTICLES, INDEXES, REVISIONS
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import streams, wire
from shared.messages import EnrichedArticle
from tests.benchmarks.read_articles import read_articles

SIZES: Final = (5_000, 50_000, 200_000, 500_000)
HEADS, BOTH, HANDLER, SERVICE = "raw heads", "raw heads and revisions", "store", "the service"
MB: Final = 1024 * 1024

Doc = dict[str, Any]


@dataclass
class Figures:
    """Of one way to write, a value a round."""

    rate: list[float] = field(default_factory=list)
    client_us: list[float] = field(default_factory=list)
    mongod_us: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        """Return the medians, but for the first round."""
        return {name: round(statistics.median(all_[1:])) for name, all_ in vars(self).items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storing")
    parser.add_argument("--count", type=int, default=3000, help="articles a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--words", type=int, default=440, help="an article")
    parser.add_argument("--batch", type=int, default=StoreSettings().batch_size)
    parser.add_argument("--growth", type=int, default=0, help="articles to grow to")
    parser.add_argument("--keep", type=Path, default=Path("var/benchmarks-storing.json"))
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder:
        figures = list(_measure(Path(folder), options, console))
    options.keep.parent.mkdir(parents=True, exist_ok=True)
    options.keep.write_text(json.dumps(figures, indent=2) + "\n")
    console.print(f"kept in {options.keep}")


def _measure(folder: Path, options: argparse.Namespace, console: Console) -> Iterator[Doc]:
    mongo = servers.start_mongo(folder / "mongo", log=folder / "mongo.log")
    mongo.wait_ready()
    sizes = [size for size in SIZES if size <= options.growth] or [0]
    try:
        with _bench(folder, mongo, options) as bench:
            for size in sizes:
                bench.fill(size)
                figures = bench.measure(options.rounds)
                console.print(_table(figures))
                yield figures
    finally:
        mongo.child.kill()


class Bench:
    """Ways to write the same kind of articles, each with a database of its own."""

    def __init__(self, mongo: MongoServer, service: "Service", options: argparse.Namespace) -> None:
        self._client: MongoClient[Doc] = MongoClient(mongo.url)
        self._mongod = mongo.child
        self._service = service
        self._options = options
        self._seeds = count(1)
        self._loop = asyncio.new_event_loop()
        self._library = Mongo(StoreSettings(mongo_url=mongo.url, mongo_database="handler"))
        self._loop.run_until_complete(self._library.open())
        for name in ("heads", "both"):
            for collection, indexes in INDEXES.items():
                self._of(name)[collection].create_indexes(list(indexes))

    def close(self) -> None:
        self._loop.run_until_complete(self._library.close())
        self._client.close()

    def fill(self, size: int) -> None:
        """Bring every database to `size` articles, outside of what is measured."""
        articles = read_articles(next(self._seeds), words=self._options.words)
        missing = size - self._of("handler")[ARTICLES].estimated_document_count()
        for start in range(0, missing, 500):
            records = [record(one) for one in islice(articles, min(500, missing - start))]
            for name in ("heads", "both", "handler", "service"):
                self._raw(self._of(name, journal=False), records, revisions=name != "heads")

    def measure(self, rounds: int) -> Doc:
        """Return what all ways give now."""
        figures = {name: Figures() for name in (HEADS, BOTH, HANDLER, SERVICE)}
        size = self._of("handler")[ARTICLES].estimated_document_count()
        for _ in range(rounds + 1):
            articles = list(
                islice(
                    read_articles(next(self._seeds), words=self._options.words), self._options.count
                )
            )
            records = [record(one) for one in articles]
            own = os.getpid()
            self._time(
                figures[HEADS],
                own,
                lambda: self._batches(
                    records, lambda part: self._raw(self._of("heads"), part, revisions=False)
                ),
            )
            self._time(
                figures[BOTH],
                own,
                lambda: self._batches(
                    records, lambda part: self._raw(self._of("both"), part, revisions=True)
                ),
            )
            self._time(
                figures[HANDLER], own, lambda: self._loop.run_until_complete(self._store(articles))
            )
            backlog = self._service.prepare(articles)
            self._time(figures[SERVICE], self._service.pid, backlog)
        return {
            "articles": size,
            **{name: one.medians() for name, one in figures.items()},
            "memory_mb": {"store": _memory(self._service.pid), "mongod": _memory(self._mongod.pid)},
            "sizes_mb": self._sizes(),
        }

    async def _store(self, articles: Sequence[EnrichedArticle]) -> None:
        for start in range(0, len(articles), self._options.batch):
            await store(articles[start : start + self._options.batch], library=self._library)

    def _time(self, figures: Figures, pid: int | None, work: Callable[[], object]) -> None:
        client, mongod, clock = _cpu_s(pid), _cpu_s(self._mongod.pid), time.perf_counter()
        work()
        clock = time.perf_counter() - clock
        articles = self._options.count
        figures.rate.append(articles / clock)
        figures.client_us.append((_cpu_s(pid) - client) / articles * 1e6)
        figures.mongod_us.append((_cpu_s(self._mongod.pid) - mongod) / articles * 1e6)

    def _batches(
        self, records: Sequence[Record], write: Callable[[Sequence[Record]], None]
    ) -> None:
        for start in range(0, len(records), self._options.batch):
            write(records[start : start + self._options.batch])

    def _raw(self, database: Database[Doc], records: Sequence[Record], *, revisions: bool) -> None:
        """Upsert heads, and revisions with their bands, in one unordered bulk each."""
        if revisions:
            database[REVISIONS].bulk_write(
                [
                    UpdateOne({"_id": one.revision_id}, revision_update(one), upsert=True)
                    for one in records
                ],
                ordered=False,
            )
        database[ARTICLES].bulk_write(
            [ReplaceOne({"_id": one.article_id}, one.head, upsert=True) for one in records],
            ordered=False,
        )

    def _of(self, name: str, *, journal: bool = True) -> Database[Doc]:
        concern = WriteConcern("majority", j=True) if journal else WriteConcern(1)
        return self._client.get_database(name, write_concern=concern)

    def _sizes(self) -> Doc:
        """Return what the store's two collections and their indexes take on disk."""
        found: Doc = {}
        for name in (ARTICLES, REVISIONS):
            stats = self._of("handler").command("collStats", name, scale=1024)
            indexes = {index: round(kb / 1024, 1) for index, kb in stats["indexSizes"].items()}
            found[name] = {"data": round(stats["storageSize"] / 1024, 1), **indexes}
        return found


class Service:
    """A store process that works on a stream of its own."""

    def __init__(self, redis: Redis, process: Child) -> None:
        self._redis = redis
        self._process = process

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def prepare(self, articles: Sequence[EnrichedArticle]) -> Callable[[], None]:
        """Make a backlog of `articles`; return what has it worked off."""
        entries = [wire.encode(article) for article in articles]
        self._process.signal(signal.SIGSTOP)
        pipe = self._redis.pipeline(transaction=False)
        for entry in entries:
            pipe.xadd(streams.ENRICHED, dict(entry))  # type: ignore[arg-type]  # its keys may be more
        pipe.execute()
        return self._drain

    def _drain(self) -> None:
        self._process.signal(signal.SIGCONT)
        client: Any = self._redis
        while any(g["lag"] or g["pending"] for g in client.xinfo_groups(streams.ENRICHED)):
            time.sleep(0.005)


@contextmanager
def _bench(folder: Path, mongo: MongoServer, options: argparse.Namespace) -> Iterator[Bench]:
    server = servers.start_redis(folder / "redis", log=folder / "redis.log")
    server.wait_ready()
    redis: Any = Redis.from_url(server.url)
    environment = {
        "NEWSFLOW_REDIS_URL": server.url,
        "NEWSFLOW_MONGO_URL": mongo.url,
        "NEWSFLOW_MONGO_DATABASE": "service",
        "NEWSFLOW_LOG_FORMAT": "json",
    }
    argv = [sys.executable, "-m", "services.store"]
    process = Child("store", argv, log=folder / "store.log", env=environment)
    process.start()
    while not redis.exists(streams.ENRICHED):  # it makes the group once it can work
        time.sleep(0.05)
    bench = Bench(mongo, Service(redis, process), options)
    try:
        yield bench
    finally:
        bench.close()
        process.kill()
        server.child.kill()


def _cpu_s(pid: int | None) -> float:
    """Return the CPU time of a process so far; see proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int | None) -> int:
    """Return the resident memory of a process, in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // MB


def _table(figures: Doc) -> Table:
    table = Table(title=f"{figures['articles']} articles stored, MB: {figures['memory_mb']}")
    columns = ("", "articles a second", "to raw heads", "to both", "client us", "mongod us")
    for name in columns:
        table.add_column(name, justify="right" if name else "left")
    for name in (HEADS, BOTH, HANDLER, SERVICE):
        one = figures[name]
        ratios = (f"{one['rate'] / figures[other]['rate']:.2f}" for other in (HEADS, BOTH))
        table.add_row(name, str(one["rate"]), *ratios, str(one["client_us"]), str(one["mongod_us"]))
    return table


if __name__ == "__main__":
    main()
