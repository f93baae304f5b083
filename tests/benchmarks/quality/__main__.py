"""`make bench-quality`: how good and how fast the enrichment is, beside plain spaCy.

    python -m tests.benchmarks.quality --ner FILE... --topics FILE... --articles FILE...
        [--json OUT] [--limit N] [--rounds 5]

What is left out is not measured. The shapes of the files: tests/benchmarks/quality/labelled.py.
Figures of speed are of one machine and one run: compare ratios.
"""

import argparse
import json
import os
import sys
from pathlib import Path

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[_threads] = "1"  # before numpy is imported

from rich.console import Console  # noqa: E402 (the threads first)

from services.enrich.handler import load_tools  # noqa: E402 (the threads first)
from tests.benchmarks.quality import labelled, measuring, tables  # noqa: E402 (the threads first)


def main() -> None:
    """Measure what the command line names; exit with 2 when a file cannot be read."""
    options = _options()
    limit, console = options.limit, Console(width=None if sys.stdout.isatty() else 160)
    try:
        ner = {str(file): labelled.named_texts(file, limit=limit) for file in options.ner}
        topics = {str(file): labelled.topic_texts(file, limit=limit) for file in options.topics}
        articles = {
            str(file): labelled.texts(file, limit=limit, least=options.rounds + 1)
            for file in options.articles
        }
    except labelled.UnreadableFile as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)
    tools = load_tools()
    figures: measuring.Figures = {"machine": measuring.machine(tools)}
    console.print(tables.machine(figures["machine"]))
    for file, names in ner.items():
        found = measuring.entities(names, tools)
        figures.setdefault("entities", {})[file] = found
        console.print(*tables.entities(file, found))
    for file, labels in topics.items():
        told = measuring.topics(labels, tools)
        figures.setdefault("topics", {})[file] = told
        console.print(*tables.topics(file, told))
    for file, texts in articles.items():
        rates = measuring.speed(texts, tools, rounds=options.rounds)
        figures.setdefault("speed", {})[file] = rates
        console.print(tables.speed(file, rates))
        seen = measuring.found(texts, tools)
        figures.setdefault("found", {})[file] = seen
        console.print(tables.found(file, seen))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        console.print(f"kept in {options.json}")


def _positive(typed: str) -> int:
    number = int(typed)
    if number < 1:
        raise ValueError
    return number


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality")
    for name, what in (
        ("--ner", "names that people marked"),
        ("--topics", "topics that people chose"),
        ("--articles", "articles to measure speed with"),
    ):
        parser.add_argument(name, type=Path, nargs="+", action="extend", default=[], help=what)
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    parser.add_argument("--limit", type=_positive, help="read at most so many texts of a file")
    parser.add_argument("--rounds", type=_positive, default=5, help="rounds of speed")
    options = parser.parse_args()
    if not (options.ner or options.topics or options.articles):
        parser.error("name a file: --ner, --topics or --articles")
    return options


if __name__ == "__main__":
    main()
