"""`make bench`: every part of the benchmarks, one after the other, in less than half an hour.

    python -m tests.benchmarks [PART ...] [--quick]

Each part is a process of its own with a budget: one that takes longer is ended, and said to be
missing. What they keep stands in var/benchmarks/, all of it together in var/benchmarks/results.json
once every part has come to its end; `make bench-page` brings that into docs/. --quick runs all with
few articles, to see that they run: what it gives is kept apart and is no measurement.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from tests.benchmarks.results import VAR


class Part(NamedTuple):
    """A module, how long it may take, and with what it is run: quickly, too."""

    name: str
    budget_s: int
    arguments: Sequence[str]
    quick: Sequence[str]


PARTS: Final = (
    Part("latency", 240, (), ("--rounds", "5", "--backlog", "100")),
    Part(
        "intake",
        300,
        ("--megabytes", "500"),
        ("--megabytes", "20", "--rounds", "1", "--small-files", "200"),
    ),
    Part("enriching", 360, ("--count", "900", "--rounds", "3"), ("--count", "60", "--rounds", "1")),
    Part("storing", 180, (), ("--count", "200", "--rounds", "1")),
    Part("pipeline", 720, ("--kills",), ("--count", "100", "--rounds", "1")),
)
TOGETHER: Final = VAR / "results.json"
APART: Final = ("growth", "console")  # too long for this run; what is there of it is taken along


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(p.name for p in PARTS))
    parser.add_argument("--quick", action="store_true", help="only see that every part runs")
    options = parser.parse_args()
    if unknown := set(options.parts) - {part.name for part in PARTS}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    folder = VAR / "quick" if options.quick else VAR
    parts = [part for part in PARTS if not options.parts or part.name in options.parts]
    console, began = Console(), time.monotonic()
    missing = []
    for number, part in enumerate(parts, start=1):
        minutes = (time.monotonic() - began) / 60
        console.rule(f"{number} of {len(parts)}: {part.name}, after {minutes:.1f} min")
        if not _run(part, folder, quick=options.quick):
            missing.append(part.name)
    console.rule(f"{(time.monotonic() - began) / 60:.1f} min")
    if missing:
        sys.exit(f"did not come to their end: {', '.join(missing)}; what was kept is in {folder}")
    if parts == list(PARTS) and not options.quick:
        gather(folder)
        console.print(f"kept in {TOGETHER}; `make bench-page` brings it into docs/")


def _run(part: Part, folder: Path, *, quick: bool) -> bool:
    keep = folder / f"{part.name}.json"
    keep.unlink(missing_ok=True)
    module = f"tests.benchmarks.{part.name}"
    arguments = part.quick if quick else part.arguments
    argv = [sys.executable, "-m", module, *arguments, "--keep", str(keep)]
    try:
        ended = subprocess.run(argv, timeout=part.budget_s, check=False)
    except subprocess.TimeoutExpired:  # its servers and services end with it
        return False
    return ended.returncode == 0 and keep.exists()


def gather(folder: Path) -> None:
    """Put what the parts have kept together."""
    names = [part.name for part in PARTS] + [it for it in APART if (folder / f"{it}.json").exists()]
    kept = {name: json.loads((folder / f"{name}.json").read_text()) for name in names}
    TOGETHER.write_text(json.dumps(kept, indent=2) + "\n")


if __name__ == "__main__":
    main()
