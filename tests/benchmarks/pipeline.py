"""The whole way without tagging: beside the raw limit, and beside what people would use instead.

    python -m tests.benchmarks.pipeline [--count 2000] [--rounds 3] [--kills]

In turn, after a round to warm up, on one Valkey and one MongoDB with the store's indexes:

- relay: articles.raw to articles.enriched, beside a loop of redis-py that reads, validates, encodes
  and publishes in pipelines of 200;
- file: a file of JSON lines to documents, beside one process of redis-py and motor that does the
  same durable work: each line through a stream, then revision and head in bulks of 200;
- stream: a backlog of messages to documents, beside Celery, dramatiq, taskiq and FastStream as its
  tutorial shows it (tests/benchmarks/peers).

Newsflow runs with NEWSFLOW_READ_LATER, one process a stage. Rates are articles a second, medians.
With --kills every process of a way is killed three times while it works off a backlog, and started
again; what is missing or doubled once nothing changes any more is counted. What is fast takes more
articles a round, five or ten times as many, else what is measured is how it begins. JSON:
var/benchmarks/pipeline.json.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import InsertOne, MongoClient
from redis import Redis
from rich.console import Console
from rich.table import Table

from services.devstack import servers
from services.devstack.processes import Child
from services.store.documents import first_head, first_revision, record
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import streams
from shared.entries import wire
from shared.messages import RawArticle
from tests.benchmarks.peers import work
from tests.benchmarks.results import Run, ratio, spread
from tests.benchmarks.stories import stories

BATCH: Final = 200
TIMES: Final = {
    **dict.fromkeys(("relay: newsflow", "relay: raw"), 10),
    **dict.fromkeys(("file: newsflow", "file: raw", "stream: newsflow"), 5),
}
FSYNC_S: Final = 1.0  # how often Redis has its log on disk
WRITING: Final = ("aof_rewrite_in_progress", "aof_rewrite_scheduled", "aof_pending_bio_fsync")
QUIET_S: Final = 60  # after which what is missing stays missing: twelve times LEFT_AFTER_S
Texts = Sequence[str]


@dataclass(frozen=True)
class Way:
    """Processes that bring articles from a queue to where `target` counts them."""

    children: Sequence[Child]
    fill: Callable[[Texts], None]
    target: str = ARTICLES

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to every process of it, workers of workers too."""
        for child in self.children:
            if child.pid:
                os.killpg(child.pid, number)

    def restart(self) -> None:
        """Kill all of it at once, and start it again."""
        self.signal(signal.SIGKILL)
        for child in self.children:
            child.kill()
            child.start()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pipeline")
    parser.add_argument("--count", type=int, default=2000, help="articles a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", action="store_true", help="count what each loses, too")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    run = Run("pipeline", options.keep)
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder, _bench(folder) as bench:
        figures = bench.measure(options.count, options.rounds)
        Console().print(_table(figures))
        if options.kills:
            figures["lost"] = {name: bench.lost(name, options.count) for name in bench.ways}
            Console().print(figures["lost"])
    run.keep(figures)


class Bench:
    """All ways, beside each other on the same servers; all but one at a time stand still."""

    def __init__(self, folder: Path, redis_url: str, mongo_url: str) -> None:
        self._folder = folder
        self._redis: Any = Redis.from_url(redis_url)
        self._mongo_url = mongo_url
        self._client: MongoClient[dict[str, Any]] = MongoClient(mongo_url)
        self._database = self._client["newsflow"]
        self._seed = 0
        self._loop = asyncio.new_event_loop()  # one for all, as taskiq's connections keep to theirs
        self._loop.run_until_complete(_migrated(mongo_url))
        self._ingest = self._service("ingest")
        self._enrich = self._service("enrich")
        self._store = self._service("store")
        tutorial = [
            self._python("tests.benchmarks.peers.tutorial", it) for it in ("enrich", "store")
        ]
        taskiq = ("worker", "tests.benchmarks.peers.taskiq_app:broker", "--workers", "2")
        dramatiq = ("tests.benchmarks.peers.dramatiq_app", "--processes", "2", "--threads", "4")
        celery = ("-A", "tests.benchmarks.peers.celery_app", "worker", "--loglevel", "ERROR")
        self.ways = {
            "newsflow": Way([self._enrich, self._store], self._messages),
            "taskiq": Way([self._python("taskiq", *taskiq)], self._tasks),
            "dramatiq": Way([self._python("dramatiq", *dramatiq)], self._dramatiq),
            "FastStream's tutorial": Way(tutorial, self._tutorial),
            "Celery": Way([self._python("celery", *celery)], self._celery),
        }
        self._relay = Way([self._enrich], self._messages, streams.ENRICHED)
        self._whole = Way([self._ingest, self._enrich, self._store], self._file)

    @property
    def _all(self) -> list[Way]:
        return [self._whole, *self.ways.values()]

    def start(self) -> None:
        """Start every process; once each has brought an article to its end, all stand still."""
        for way in self._all:
            for child in way.children:
                if not child.pid:
                    child.start()
        for name, way in {"file": self._whole, **self.ways}.items():
            before = self._count(ARTICLES)
            way.signal(signal.SIGCONT)
            way.fill(self._texts(1))
            self._wait(ARTICLES, before + 1, name)
            way.signal(signal.SIGSTOP)

    def stop(self) -> None:
        """End every process, and the client."""
        for way in self._all:
            way.signal(signal.SIGKILL)
            for child in way.children:
                child.kill()
        self._client.close()
        self._loop.close()

    def measure(self, count: int, rounds: int) -> dict[str, Any]:
        """Return the rates of all ways, in articles a second."""
        measured: dict[str, Callable[[Texts], float]] = {
            "relay: newsflow": partial(self._timed, self._relay),
            "relay: raw": self._raw_relay,
            "file: newsflow": partial(self._timed, self._whole),
            "file: raw": self._raw_loop,
            **{f"stream: {name}": partial(self._timed, way) for name, way in self.ways.items()},
        }
        rates: dict[str, list[float]] = {name: [] for name in measured}
        for number in range(rounds + 1):
            for name, way in measured.items():
                articles = count * TIMES.get(name, 1)
                rates[name].append(articles / way(self._texts(articles)))
                Console().print(f"round {number}, {name}: {rates[name][-1]:.0f} a second")
        return {
            "per_s": {name: spread(all_[1:]) for name, all_ in rates.items()},
            "newsflow_to": {
                name: ratio(rates[f"{name.partition(':')[0]}: newsflow"][1:], all_[1:])
                for name, all_ in rates.items()
            },
        }

    def lost(self, name: str, count: int) -> dict[str, int]:
        """Kill all processes of a way three times in a backlog; return what never arrives."""
        way, texts = self.ways[name], self._texts(count)
        way.fill(texts)
        way.signal(signal.SIGCONT)
        for _ in range(3):
            time.sleep(0.5)
            way.restart()
        uris = [orjson.loads(text)["uri"] for text in texts]
        found, since = -1, time.monotonic()
        while time.monotonic() - since < QUIET_S and found < count:
            now = self._database[ARTICLES].count_documents({"uri": {"$in": uris}})
            found, since = (found, since) if now == found else (now, time.monotonic())
            time.sleep(0.5)
        way.signal(signal.SIGSTOP)
        return {"sent": count, "missing": count - found}

    # ── one way, once ─────────────────────────────────────────────────────────────────────────

    def _timed(self, way: Way, texts: Texts) -> float:
        """Return how many seconds a way takes to bring `texts` to its target."""
        before = self._count(way.target)
        if way is self._whole:
            way.signal(signal.SIGCONT)
            way.fill(texts)
        else:
            way.fill(texts)
            self._calm()
        began = time.perf_counter()
        way.signal(signal.SIGCONT)
        self._wait(way.target, before + len(texts), way.target)
        seconds = time.perf_counter() - began
        self._rest(way)
        return seconds

    def _calm(self) -> None:
        """Wait until Redis has its log on disk: filling a queue is not what is measured."""
        time.sleep(FSYNC_S)
        while any(self._redis.info("persistence")[name] for name in WRITING):
            time.sleep(0.05)

    def _rest(self, way: Way) -> None:
        """Let what is behind the target be done, then have all stand still."""
        if way.target == streams.ENRICHED:
            self._store.signal(signal.SIGCONT)
        while any(
            group["lag"] or group["pending"]
            for stream in (streams.RAW, streams.ENRICHED)
            for group in self._redis.xinfo_groups(stream)
        ):
            time.sleep(0.05)
        way.signal(signal.SIGSTOP)
        self._store.signal(signal.SIGSTOP)

    def _raw_relay(self, texts: Texts) -> float:
        """Return how many seconds a loop of redis-py takes from one stream to another."""
        self._redis.delete("raw.in", "raw.out")
        self._redis.xgroup_create("raw.in", "raw", id="0", mkstream=True)
        self._add("raw.in", texts)
        self._calm()
        began = time.perf_counter()
        while read := self._redis.xreadgroup("raw", "one", {"raw.in": ">"}, count=BATCH):
            pipe = self._redis.pipeline(transaction=False)
            for entry_id, fields in read[0][1]:
                article = wire.decode(
                    fields, RawArticle, stream="raw.in", entry_id=entry_id.decode()
                )
                pipe.xadd("raw.out", wire.encode(work.enriched(article)))
                pipe.xack("raw.in", "raw", entry_id)
            pipe.execute()
        return time.perf_counter() - began

    def _raw_loop(self, texts: Texts) -> float:
        """Return how many seconds one process of redis-py and motor takes from file to MongoDB."""
        file = self._folder / "raw.jsonl"
        file.write_text("\n".join(texts) + "\n")
        self._redis.delete("raw.in")
        self._redis.xgroup_create("raw.in", "raw", id="0", mkstream=True)
        began = time.perf_counter()
        self._loop.run_until_complete(self._work_off(file))
        return time.perf_counter() - began

    async def _work_off(self, file: Path) -> None:
        client: Any = AsyncIOMotorClient(self._mongo_url)
        heads = work.articles(client)
        revisions = heads.database.get_collection(REVISIONS, write_concern=heads.write_concern)
        with file.open("rb") as lines:
            while batch := [orjson.loads(line) for line in islice(lines, BATCH)]:
                pipe = self._redis.pipeline(transaction=False)
                for article in batch:
                    pipe.xadd("raw.in", {"data": orjson.dumps(article)})
                pipe.execute()
                [[_, entries]] = self._redis.xreadgroup("raw", "one", {"raw.in": ">"}, count=BATCH)
                records = [
                    record(work.enriched(RawArticle.model_validate_json(fields[b"data"])))
                    for _, fields in entries
                ]
                inserts = [InsertOne(first_revision(one)) for one in records]
                await revisions.bulk_write(inserts, ordered=False)
                await heads.bulk_write(
                    [InsertOne(first_head(one)) for one in records], ordered=False
                )
                self._redis.xack("raw.in", "raw", *[entry_id for entry_id, _ in entries])
        client.close()

    # ── filling queues ────────────────────────────────────────────────────────────────────────

    def _texts(self, count: int) -> Texts:
        self._seed += 1
        now = datetime.now(UTC)  # the peers know no time of an entry to take instead
        told = islice(stories(self._seed), count)
        return [orjson.dumps({**one, "received_at": now}).decode() for one in told]

    def _messages(self, texts: Texts) -> None:
        self._add(streams.RAW, texts)

    def _tutorial(self, texts: Texts) -> None:
        self._add("tutorial.raw", texts)

    def _add(self, stream: str, texts: Texts) -> None:
        pipe = self._redis.pipeline(transaction=False)
        for text in texts:
            pipe.xadd(stream, {"data": text})
        pipe.execute()

    def _file(self, texts: Texts) -> None:
        half = self._folder / "half.jsonl"
        half.write_text("\n".join(texts) + "\n")
        half.rename(self._folder / "inbox" / f"{self._seed}.jsonl")

    def _tasks(self, texts: Texts) -> None:
        from tests.benchmarks.peers import taskiq_app  # noqa: PLC0415 (reads where Redis is)

        async def kick() -> None:
            for text in texts:
                await taskiq_app.enrich.kiq(text)

        self._loop.run_until_complete(kick())

    def _dramatiq(self, texts: Texts) -> None:
        from tests.benchmarks.peers import dramatiq_app  # noqa: PLC0415 (reads where Redis is)

        for text in texts:
            dramatiq_app.enrich.send(text)

    def _celery(self, texts: Texts) -> None:
        from tests.benchmarks.peers import celery_app  # noqa: PLC0415 (reads where Redis is)

        for text in texts:
            celery_app.enrich.delay(text)

    # ── what is where ─────────────────────────────────────────────────────────────────────────

    def _count(self, target: str) -> int:
        if target == ARTICLES:
            return self._database[ARTICLES].estimated_document_count()
        return int(self._redis.xinfo_stream(target)["entries-added"])

    def _wait(self, target: str, count: int, what: str) -> None:
        until = time.monotonic() + 300
        while self._count(target) < count:
            if time.monotonic() > until:
                sys.exit(f"{what} did not end")
            time.sleep(0.005)

    def _service(self, stage: str) -> Child:
        return self._python(f"services.{stage}")

    def _python(self, module: str, *arguments: str) -> Child:
        environment = {
            "NEWSFLOW_READ_LATER": "true",
            "NEWSFLOW_INBOX_DIR": str(self._folder / "inbox"),
            "NEWSFLOW_ARCHIVE_DIR": str(self._folder / "archive"),
            "NEWSFLOW_RECLAIM_AFTER_MS": str(work.LEFT_AFTER_S * 1000),
            "NEWSFLOW_LOG_FORMAT": "json",
        }
        argv = [sys.executable, "-m", module, *arguments]
        name = module.rpartition(".")[2]
        return Child(name, argv, log=self._folder / f"{name}.log", env=environment)


@contextmanager
def _bench(folder: str) -> Iterator[Bench]:
    where = Path(folder)
    (where / "inbox").mkdir()
    redis = servers.start_redis(where / "redis", log=where / "redis.log")
    mongo = servers.start_mongo(where / "mongo", log=where / "mongo.log")
    redis.wait_ready()
    mongo.wait_ready()
    os.environ.update(NEWSFLOW_REDIS_URL=redis.url, NEWSFLOW_MONGO_URL=mongo.url)
    bench = Bench(where, redis.url, mongo.url)
    try:
        bench.start()
        yield bench
    finally:
        bench.stop()
        mongo.child.kill()
        redis.child.kill()


async def _migrated(mongo_url: str) -> None:
    library = Mongo(StoreSettings(mongo_url=mongo_url))
    await library.open()
    await library.close()


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title="without tagging")
    for name in ("", "articles a second", "newsflow, times this"):
        table.add_column(name, justify="right" if name else "left")
    for name, rate in figures["per_s"].items():
        table.add_row(name, str(rate["median"]), str(figures["newsflow_to"][name]["median"]))
    return table


if __name__ == "__main__":
    main()
