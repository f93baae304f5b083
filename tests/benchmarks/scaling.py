"""More processes of a stage on one machine: what they gain, and what stops them.

    python -m tests.benchmarks.scaling [--processes 1,2,4] [--rounds 3]

In turn, after a round to warm up: so many enrichers tag a backlog of articles.raw, and so many
stores write a backlog of articles.enriched to MongoDB, each number from the same start.
Of each: articles a second; how many times the first number's; articles a second of the CPU that the
stage itself had; and how many cores each kind of process had meanwhile, so the ceiling shows: a
server of about one core (Valkey has one thread for commands), or all cores of the machine together.
The cores that were busy besides are somebody else's, and the benchmark's own. Medians. JSON:
var/benchmarks/scaling.json.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
from pymongo import MongoClient
from redis import Redis
from rich.console import Console
from rich.table import Table

from services.devstack import servers
from services.devstack.processes import Child
from services.devstack.servers import MongoServer, RedisServer
from shared import streams
from shared.entries import wire
from shared.streams import ENRICH, STORE, Hop
from tests.benchmarks.read_articles import read_articles
from tests.benchmarks.results import Figures, Run, cpu_s
from tests.benchmarks.stories import stories

STAGES: Final = (ENRICH, STORE)
_READY_WITHIN_S: Final = 60
_FILLING: Final = 200
_ENDS_WITHIN_S: Final = 300
_READS_END_S: Final = 2.5  # a read waits for 2 s, whether its process stands still or not


@dataclass(frozen=True)
class Round:
    """Of one number of processes, once: the rate, and the cores that each kind had."""

    rate: float
    cores: Mapping[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scaling")
    parser.add_argument("--processes", default="1,2,4", help="numbers of processes, with commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--enrich", type=int, default=800, help="articles a round, to be tagged")
    parser.add_argument("--store", type=int, default=6000, help="articles a round, to be written")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    numbers = [int(number) for number in options.processes.split(",")]
    counts = {ENRICH.stage: options.enrich, STORE.stage: options.store}
    run = Run("scaling", options.keep)
    with (
        tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder,
        _bench(Path(folder), max(numbers)) as bench,
    ):
        figures = {
            hop.stage: bench.measure(hop, numbers, counts[hop.stage], options.rounds)
            for hop in STAGES
        }
    run.keep(figures)
    for stage, rows in figures.items():
        Console().print(_table(stage, rows))


class Bench:
    """Both servers, and processes of both stages that stand still until they are measured."""

    def __init__(self, folder: Path, redis: RedisServer, mongo: MongoServer, most: int) -> None:
        self._servers = {"valkey": redis.child, "mongod": mongo.child}
        self._redis: Any = Redis.from_url(redis.url)
        self._mongo: MongoClient[dict[str, Any]] = MongoClient(mongo.url)
        self._seed = 0
        environment = {
            "NEWSFLOW_REDIS_URL": redis.url,
            "NEWSFLOW_MONGO_URL": mongo.url,
            "NEWSFLOW_LOG_FORMAT": "json",
        }
        self._processes = {
            hop.stage: [
                Child(
                    f"{hop.stage}-{number}",
                    [sys.executable, "-m", f"services.{hop.stage}"],
                    log=folder / f"{hop.stage}-{number}.log",
                    env=environment,
                )
                for number in range(most)
            ]
            for hop in STAGES
        }

    def start(self) -> None:
        """Start every process, one after the other; ready, it stands still."""
        for child in self._children:
            child.start()
            until = time.monotonic() + _READY_WITHIN_S
            while '"event":"ready"' not in (child.log.read_text() if child.log.exists() else ""):
                if child.pid is None or time.monotonic() > until:
                    raise RuntimeError(child.last_lines())
                time.sleep(0.05)
            child.signal(signal.SIGSTOP)

    def stop(self) -> None:
        for child in self._children:
            child.kill()
        self._mongo.close()
        self._redis.close()

    def measure(self, hop: Hop, numbers: Sequence[int], count: int, rounds: int) -> Figures:
        """Return what each number of processes gives, round by round in turn."""
        found: dict[int, list[Round]] = {number: [] for number in numbers}
        for _ in range(rounds + 1):
            for number in numbers:
                found[number].append(self._round(hop, number, count))
        first = statistics.median(one.rate for one in found[numbers[0]][1:])
        return {str(number): _summed(hop, found[number][1:], first) for number in numbers}

    def _round(self, hop: Hop, number: int, count: int) -> Round:
        """Have `number` processes work off `count` articles, all of them from a standstill."""
        self._clear()
        self._fill(hop, count)
        working = self._processes[hop.stage][:number]
        kinds = {hop.stage: working, **{name: [one] for name, one in self._servers.items()}}
        before, busy, began = _cpu(kinds), _busy_s(), time.perf_counter()
        for child in working:
            child.signal(signal.SIGCONT)
        self._wait(hop)
        seconds = time.perf_counter() - began
        cores = {name: (used - before[name]) / seconds for name, used in _cpu(kinds).items()}
        cores["others"] = max(0, (_busy_s() - busy) / seconds - sum(cores.values()))
        for child in working:
            child.signal(signal.SIGSTOP)
        return Round(count / seconds, cores)

    def _clear(self) -> None:
        """Begin with an empty database and empty streams, whose groups stay, and that nobody reads.

        Else Redis would give entries to a process that stands still, and is not measured.
        """
        time.sleep(_READS_END_S)
        for name in ("articles", "article_revisions"):
            self._mongo["newsflow"][name].delete_many({})
        for hop in STAGES:
            self._redis.xtrim(hop.source, maxlen=0, approximate=False)
        self._redis.delete("articles.footers", streams.RECEIPTS)

    def _fill(self, hop: Hop, count: int) -> None:
        self._seed += 1
        entries: Iterator[dict[Any, Any]] = (
            ({wire.DATA: orjson.dumps(one)} for one in stories(self._seed))
            if hop is ENRICH
            else (dict(wire.encode(one)) for one in read_articles(self._seed, words=440))
        )
        for start in range(0, count, _FILLING):
            pipe = self._redis.pipeline(transaction=False)
            for entry in islice(entries, min(_FILLING, count - start)):
                pipe.xadd(hop.source, entry)
            pipe.execute()

    def _wait(self, hop: Hop) -> None:
        """Wait until the group has ended all there is; raises RuntimeError when it does not."""
        until = time.monotonic() + _ENDS_WITHIN_S
        while time.monotonic() < until:
            [group] = self._redis.xinfo_groups(hop.source)
            if not group["lag"] and not group["pending"]:
                return
            time.sleep(0.01)
        msg = f"{hop.stage} did not end within {_ENDS_WITHIN_S} s: {group}"
        raise RuntimeError(msg)

    @property
    def _children(self) -> list[Child]:
        return [child for some in self._processes.values() for child in some]


@contextmanager
def _bench(folder: Path, most: int) -> Iterator[Bench]:
    redis = servers.start_redis(folder / "redis", log=folder / "redis.log")
    mongo = servers.start_mongo(folder / "mongo", log=folder / "mongo.log")
    redis.wait_ready()
    mongo.wait_ready()
    bench = Bench(folder, redis, mongo, most)
    try:
        bench.start()
        yield bench
    finally:
        bench.stop()
        mongo.child.kill()
        redis.child.kill()


def _cpu(kinds: Mapping[str, Sequence[Child]]) -> dict[str, float]:
    return {name: sum(cpu_s(child.pid) for child in some) for name, some in kinds.items()}


def _busy_s() -> float:
    """Return the CPU time that all processes of the machine have had; see proc(5)."""
    user, nice, system, _, _, irq, softirq, *_ = (
        int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _summed(hop: Hop, rounds: Sequence[Round], first: float) -> Figures:
    rate = statistics.median(one.rate for one in rounds)
    per_core = statistics.median(one.rate / one.cores[hop.stage] for one in rounds)
    return {
        "articles_per_s": round(rate),
        "rates": [round(one.rate) for one in rounds],
        "speed_up": round(rate / first, 2),
        "articles_per_cpu_s": round(per_core),
        "cores": {
            name: round(statistics.median(one.cores[name] for one in rounds), 2)
            for name in rounds[0].cores
        },
    }


def _table(stage: str, rows: Figures) -> Table:
    cores = list(next(iter(rows.values()))["cores"])
    table = Table(title=f"{stage}, on {os.cpu_count()} cores")
    for name in ("processes", "articles/s", "speed-up", "articles/CPU s", *cores):
        table.add_column(name, justify="right")
    for number, row in rows.items():
        figures = (row["articles_per_s"], row["speed_up"], row["articles_per_cpu_s"])
        table.add_row(number, *map(str, figures), *(str(row["cores"][name]) for name in cores))
    return table


if __name__ == "__main__":
    main()
