"""How much of MongoDB's own rate goes through the store, and what stays of it as articles gather.

    python -m tests.benchmarks.storing [--count 1600] [--rounds 5] [--growth 500000]

In turn, after a round to warm up, as many new articles (read_articles.py) go into one database with
the store's indexes: the heads by raw unordered bulks of upserts, majority and journal; heads and
revisions by such bulks; by `store` in this process, one batch after the other; and by a store
service that works off a backlog in a Redis of its own. Rates are articles a second; CPU is of the
client and of mongod, in microseconds an article. Medians. JSON: var/benchmarks/storing.json.

With --growth, the database is filled by raw inserts to 5,000 articles, 50,000, 200,000 and 500,000,
and all is measured anew at each size, in the same run.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

from pymongo import InsertOne, MongoClient, ReplaceOne, UpdateOne, WriteConcern
from redis import Redis
from rich.console import Console
from rich.table import Table

from services.devstack import servers
from services.devstack.processes import Child
from services.devstack.servers import MongoServer
from services.store.documents import Record, first_head, first_revision, record, revision_update
from services.store.handler import store
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo
from services.store.parts import side_by_side
from services.store.settings import StoreSettings
from shared import streams
from shared.entries import wire
from shared.messages import EnrichedArticle
from tests.benchmarks.read_articles import read_articles
from tests.benchmarks.results import Run, cpu_s, ratio, resident_mb, spread

SIZES: Final = (5_000, 50_000, 200_000, 500_000)
HEADS, BOTH, HANDLER, SERVICE = "raw heads", "raw heads and revisions", "store", "the service"
FILLING: Final = 500  # articles a command

Doc = dict[str, Any]


@dataclass
class Figures:
    """Of one way to write, a value a round."""

    rate: list[float] = field(default_factory=list)
    client_us: list[float] = field(default_factory=list)
    mongod_us: list[float] = field(default_factory=list)

    def spreads(self) -> dict[str, Doc]:
        """Return what the rounds gave, but for the first."""
        return {name: spread(all_[1:]) for name, all_ in vars(self).items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.storing")
    parser.add_argument("--count", type=int, default=1600, help="articles a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--words", type=int, default=440, help="an article")
    parser.add_argument("--batch", type=int, default=StoreSettings().batch_size)
    parser.add_argument("--growth", type=int, default=0, help="articles to grow to")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    run, console = Run("storing", options.keep), Console()
    all_: list[Doc] = []
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder:
        for figures in _measure(Path(folder), options):
            console.print(_table(figures))
            all_.append(figures)
            run.keep({"sizes": all_})


def _measure(folder: Path, options: argparse.Namespace) -> Iterator[Doc]:
    mongo = servers.start_mongo(folder / "mongo", log=folder / "mongo.log")
    mongo.wait_ready()
    sizes = [size for size in SIZES if size <= options.growth] or [0]
    try:
        with _bench(folder, mongo, options) as bench:
            for size in sizes:
                bench.fill(size)
                yield bench.measure(options.rounds)
    finally:
        mongo.child.kill()


class Bench:
    """Ways to write articles of one kind into one database."""

    def __init__(self, mongo: MongoServer, service: "Service", options: argparse.Namespace) -> None:
        self._client: MongoClient[Doc] = MongoClient(mongo.url)
        self._mongod = mongo.child
        self._service = service
        self._options = options
        self._seeds = count(1)
        self._loop = asyncio.new_event_loop()
        self._library = Mongo(StoreSettings(mongo_url=mongo.url))
        self._loop.run_until_complete(self._library.open())
        concern = WriteConcern("majority", j=True)
        self._database = self._client.get_database("newsflow", write_concern=concern)

    def close(self) -> None:
        self._loop.run_until_complete(self._library.close())
        self._client.close()

    def fill(self, size: int) -> None:
        """Bring the database to `size` articles, outside of what is measured."""
        articles = read_articles(next(self._seeds), words=self._options.words)
        missing = size - self._database[ARTICLES].estimated_document_count()
        with ThreadPoolExecutor(1) as writer:
            under_way = writer.submit(self._insert, [])
            for start in range(0, missing, FILLING):
                records = [record(one) for one in islice(articles, min(FILLING, missing - start))]
                under_way.result()
                under_way = writer.submit(self._insert, records)
            under_way.result()

    def measure(self, rounds: int) -> Doc:
        """Return what all ways give now."""
        ways = {HEADS: self._heads, BOTH: self._both, HANDLER: self._handler, SERVICE: None}
        figures = {name: Figures() for name in ways}
        size = self._database[ARTICLES].estimated_document_count()
        for _ in range(rounds + 1):
            for name, way in ways.items():
                source = read_articles(next(self._seeds), words=self._options.words)
                articles = list(islice(source, self._options.count))
                if way is None:
                    backlog = self._service.prepare(articles)
                    self._time(figures[name], self._service.pid, backlog)
                else:
                    self._time(figures[name], os.getpid(), way(articles))
        return {
            "articles": size,
            **{name: one.spreads() for name, one in figures.items()},
            "ratios": {to: _ratios(figures, to) for to in (HEADS, BOTH)},
            "memory_mb": {
                "store": resident_mb(self._service.pid),
                "mongod": resident_mb(self._mongod.pid),
            },
            "sizes_mb": self._sizes(),
        }

    def _heads(self, articles: Sequence[EnrichedArticle]) -> Callable[[], None]:
        return partial(self._raw, [record(one) for one in articles], revisions=False)

    def _both(self, articles: Sequence[EnrichedArticle]) -> Callable[[], None]:
        return partial(self._raw, [record(one) for one in articles], revisions=True)

    def _handler(self, articles: Sequence[EnrichedArticle]) -> Callable[[], None]:
        return lambda: self._loop.run_until_complete(self._store(articles))

    async def _store(self, articles: Sequence[EnrichedArticle]) -> None:
        for start in range(0, len(articles), self._options.batch):
            batch = articles[start : start + self._options.batch]
            await side_by_side(batch, handler=partial(store, library=self._library))

    def _raw(self, records: Sequence[Record], *, revisions: bool) -> None:
        """Upsert heads, and revisions with their bands, in one unordered bulk each."""
        for start in range(0, len(records), self._options.batch):
            part = records[start : start + self._options.batch]
            if revisions:
                upserts = [
                    UpdateOne({"_id": one.revision_id}, revision_update(one), upsert=True)
                    for one in part
                ]
                self._database[REVISIONS].bulk_write(upserts, ordered=False)
            heads: list[Any] = [
                ReplaceOne({"_id": one.article_id}, first_head(one), upsert=True) for one in part
            ]
            self._database[ARTICLES].bulk_write(heads, ordered=False)

    def _insert(self, records: Sequence[Record]) -> None:
        database = self._client.get_database("newsflow", write_concern=WriteConcern(1))
        for name, first in ((REVISIONS, first_revision), (ARTICLES, first_head)):
            inserts: list[Any] = [InsertOne(first(one)) for one in records]
            if inserts:
                database[name].bulk_write(inserts, ordered=False)

    def _time(self, figures: Figures, pid: int | None, work: Callable[[], object]) -> None:
        client, mongod, clock = cpu_s(pid), cpu_s(self._mongod.pid), time.perf_counter()
        work()
        clock = time.perf_counter() - clock
        articles = self._options.count
        figures.rate.append(articles / clock)
        figures.client_us.append((cpu_s(pid) - client) / articles * 1e6)
        figures.mongod_us.append((cpu_s(self._mongod.pid) - mongod) / articles * 1e6)

    def _sizes(self) -> Doc:
        """Return what the store's two collections and their indexes take on disk."""
        found: Doc = {}
        for name in (ARTICLES, REVISIONS):
            stats = self._database.command("collStats", name, scale=1024)
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


def _ratios(figures: dict[str, Figures], to: str) -> Doc:
    return {name: ratio(one.rate[1:], figures[to].rate[1:]) for name, one in figures.items()}


def _table(figures: Doc) -> Table:
    table = Table(title=f"{figures['articles']} articles stored, MB: {figures['memory_mb']}")
    columns = ("", "articles a second", "to raw heads", "to both", "client us", "mongod us")
    for name in columns:
        table.add_column(name, justify="right" if name else "left")
    for name in (HEADS, BOTH, HANDLER, SERVICE):
        ratios = (figures["ratios"][to][name]["median"] for to in (HEADS, BOTH))
        one = {measured: value["median"] for measured, value in figures[name].items()}
        table.add_row(name, *map(str, (one["rate"], *ratios, one["client_us"], one["mongod_us"])))
    return table


if __name__ == "__main__":
    main()
