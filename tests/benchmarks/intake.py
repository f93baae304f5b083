"""`python -m tests.benchmarks.intake`: how fast ingest takes files in, and in how much memory.

    python -m tests.benchmarks.intake [--megabytes 1000] [--rounds 3] [--keep FILE]

- lines: a file of JSON lines of 2 KB each, from its arrival until the last record is on the stream,
  beside a raw loop over the same file in the same run (orjson, RawArticle, XADD in pipelines of
  500), which takes turns with it;
- small files: as many files of one article each, until the last is archived;
- memory: the resident memory of ingest while it reads one large file, plain and gzipped;
- pause: how long after Redis has room again the intake goes on by itself.

Every figure is of one run on one machine: compare ratios, not seconds.
"""

import argparse
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from redis import Redis
from rich.console import Console

from services.devstack.servers import start_redis
from services.ingest.ledger import FILES
from shared import streams
from shared.entries import wire
from shared.messages import Provenance, RawArticle
from tests.benchmarks.results import Run, ratio, spread

RECORD_BYTES = 2000
PIPELINE = 500
RECORDS = 50_000
WORDS = """
harbour minister government said on Monday the talks storm price market oil election
president a of in to agreement border police court ruling team won match rain flood city council
hospital school workers union strike budget vote parliament island ferry coast rescue
"""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.intake")
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the large file")
    parser.add_argument("--small-files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    run, console = Run("intake", options.keep), Console()
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder, _redis(folder) as url:
        bench = Bench(Path(folder), url, console)
        figures = {
            **bench.lines(options.rounds),
            **bench.small_files(options.small_files),
            **bench.memory(options.megabytes),
            **bench.pause(),
        }
    run.keep(figures)
    console.print_json(data=figures)


class Bench:
    """Measures an ingest process of its own, beside a Redis of its own."""

    def __init__(self, folder: Path, url: str, console: Console) -> None:
        self._folder = folder
        self._url = url
        self._redis = Redis.from_url(url)
        self._console = console

    def lines(self, rounds: int) -> dict[str, Any]:
        """Return records a second, of ingest and of the raw loop, after a round to warm up."""
        source = self._folder / "lines.jsonl"
        with source.open("wb") as file:
            file.writelines(_records(RECORDS))
        ours, raw = [], []
        with self._ingest() as inbox:
            for number in range(rounds + 1):
                self._console.print(f"lines, round {number} ...")
                raw.append(RECORDS / self._raw_loop(source))
                self._redis.delete(streams.RAW)
                copy = self._folder / "copy.jsonl"
                copy.write_bytes(source.read_bytes() + b"\n" * (number + 1))  # another file
                began = time.perf_counter()
                copy.rename(inbox / f"lines-{number}.jsonl")
                self._until(lambda: self._redis.xlen(streams.RAW) == RECORDS)
                ours.append(RECORDS / (time.perf_counter() - began))
                self._until(lambda: not list(inbox.glob("*.jsonl")))
                self._redis.delete(streams.RAW)
        return {
            "lines_per_s": spread(ours[1:]),
            "raw_loop_per_s": spread(raw[1:]),
            "ratio": ratio(ours[1:], raw[1:]),
        }

    def _raw_loop(self, source: Path) -> float:
        began = time.perf_counter()
        now = datetime.now(UTC)
        with source.open("rb") as file:
            pipe = self._redis.pipeline(transaction=False)
            for number, line in enumerate(file, start=1):
                fields = {**orjson.loads(line), "received_at": now, "provenance": Provenance()}
                pipe.xadd(streams.RAW, wire.encode(RawArticle.model_validate(fields)))  # type: ignore[arg-type]  # its keys may be more
                if number % PIPELINE == 0:
                    pipe.execute()
            pipe.execute()
        return time.perf_counter() - began

    def small_files(self, count: int) -> dict[str, Any]:
        """Return files a second, for files that arrive while ingest runs."""
        self._console.print(f"{count} small files ...")
        apart = self._folder / "apart"
        apart.mkdir()
        for number, record in enumerate(_records(count)):
            (apart / f"{number}.json").write_bytes(record)
        with self._ingest() as inbox:
            began = time.perf_counter()
            for path in apart.iterdir():
                path.rename(inbox / path.name)
            self._until(lambda: not any(inbox.glob("*.json")))
            seconds = time.perf_counter() - began
        published = self._redis.xlen(streams.RAW)
        self._redis.delete(streams.RAW)
        return {"small_files": published, "small_files_per_s": round(count / seconds)}

    def memory(self, megabytes: int) -> dict[str, Any]:
        """Return the most resident memory, in MB, and the time, for a large file of each kind."""
        large = self._folder / "large.jsonl"
        with large.open("wb") as file:
            file.writelines(_records(megabytes * 1_000_000 // RECORD_BYTES))
        packed = self._folder / "large.jsonl.gz"
        with large.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 1024 * 1024)
        figures: dict[str, Any] = {}
        for kind, file_ in (("plain", large), ("gzip", packed)):
            self._console.print(f"{megabytes} MB, {kind} ...")
            with self._ingest() as inbox:
                began = time.perf_counter()
                file_.rename(inbox / file_.name)
                curve = self._curve(inbox / file_.name)
                seconds = time.perf_counter() - began
            figures[f"large_{kind}_rss_mb"] = max(curve)
            figures[f"large_{kind}_rss_curve_mb"] = curve[:: max(1, len(curve) // 20)]
            figures[f"large_{kind}_mb_per_s"] = round(megabytes / seconds, 1)
        return figures

    def _curve(self, file: Path) -> list[int]:
        """Return the resident memory of ingest every half second until `file` is archived."""
        curve = []
        while file.exists():
            status = Path(f"/proc/{self._process.pid}/status").read_text()
            resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
            curve.append(int(resident.split()[1]) // 1000)
            self._redis.xtrim(streams.RAW, maxlen=1000)
            time.sleep(0.5)
        return curve

    def pause(self) -> dict[str, Any]:
        """Return how soon intake goes on once there is room again."""
        self._console.print("pause ...")
        self._redis.delete(streams.RAW)
        for _ in range(20):
            self._redis.xadd(streams.RAW, {"data": "{}"})
        with self._ingest(NEWSFLOW_MAX_BACKLOG="10") as inbox:
            half = inbox / ".late.json.part"
            half.write_bytes(next(_records(1)))
            half.rename(inbox / "late.json")
            time.sleep(2)
            held = self._redis.xlen(streams.RAW) == 20
            self._redis.delete(streams.RAW)
            began = time.perf_counter()
            self._until(lambda: self._redis.xlen(streams.RAW) == 1)
            seconds = time.perf_counter() - began
        return {"paused": held, "resumed_after_ms": round(seconds * 1000)}

    @contextmanager
    def _ingest(self, **settings: str) -> Iterator[Path]:
        inbox = Path(tempfile.mkdtemp(dir=self._folder)) / "inbox"
        environment = {
            **os.environ,
            "NEWSFLOW_REDIS_URL": self._url,
            "NEWSFLOW_INBOX_DIR": str(inbox),
            "NEWSFLOW_ARCHIVE_DIR": str(inbox.parent / "archive"),
            "NEWSFLOW_MAX_BACKLOG": "100000000",
            "NEWSFLOW_LOG_LEVEL": "info",
            **settings,
        }
        with (self._folder / "ingest.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.ingest"], env=environment, stderr=log, stdout=log
            )
        try:
            self._until(inbox.is_dir)
            time.sleep(1)
            yield inbox
        finally:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._redis.delete(FILES)

    def _until(self, holds: Any, within_s: float = 600) -> None:
        until = time.monotonic() + within_s
        while not holds():
            if self._process.poll() is not None or time.monotonic() > until:
                sys.exit(f"ingest did not come to its end; see {self._folder}/ingest.log")
            time.sleep(0.01)


def _records(count: int) -> Iterator[bytes]:
    """Yield articles of about 2 KB, as JSON lines."""
    chance = random.Random(7)  # noqa: S311 (texts, no secrets)
    words = WORDS.split()
    for number in range(count):
        head = {"uri": f"urn:bench:{number}", "headline": f"Story {number} of the day"}
        body = " ".join(chance.choices(words, k=290))[: RECORD_BYTES - 160]
        yield orjson.dumps(
            {**head, "body": body, "source": "Bench Wire", "published_at": "2026-11-20T10:00:00Z"},
            option=orjson.OPT_APPEND_NEWLINE,
        )


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    server = start_redis(Path(folder), log=Path(folder) / "redis.log")
    try:
        server.wait_ready()
        yield server.url
    finally:
        server.stop()


if __name__ == "__main__":
    main()
