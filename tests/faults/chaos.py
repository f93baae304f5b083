"""Every fault that mixes with others, at random, under load, for as long as is asked: `make chaos`.

It ends in the set check, and looks whether the memory of the services grew. Exit code 1 when
anything is short. The same seed draws the same faults in the same order.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console

from services.devstack.stack import STAGES
from tests.faults.faults import FAULTS, Fault
from tests.faults.newsroom import Newsroom, newsroom
from tests.faults.sums import shortfalls

_REST_WITHIN_S: Final = 600
_FAULT_WITHIN_S: Final = 90
_TWO_AT_ONCE: Final = 0.25
_SAMPLE_EVERY_S: Final = 5
_TELL_EVERY_S: Final = 15
_GROWN: Final = 1.3  # times the first quarter's memory, and so many MB on top
_GROWN_MB: Final = 30
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Log:
    """What was done when, and how much memory each process had."""

    began: float = field(default_factory=time.monotonic)
    faults: list[dict[str, Any]] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # MB
    console: Console = field(default_factory=lambda: Console(highlight=False, soft_wrap=True))

    def say(self, text: str) -> None:
        seconds = int(time.monotonic() - self.began)
        self.console.print(f"{seconds // 60:3}:{seconds % 60:02}  {text}", markup=False)

    def quarters(self) -> dict[str, dict[str, float]]:
        """Return the median of the first and the last quarter, and the most, by process."""
        return {
            name: {
                "first_quarter_mb": round(statistics.median(mb[: len(mb) // 4 or 1])),
                "last_quarter_mb": round(statistics.median(mb[-(len(mb) // 4 or 1) :])),
                "most_mb": round(max(mb)),
            }
            for name, mb in sorted(self.memory.items())
        }

    def grown(self) -> list[str]:
        """Return which services need more memory than in the beginning."""
        return [
            f"memory of {name} grew: {one}"
            for name, one in self.quarters().items()
            if name in STAGES
            and one["last_quarter_mb"] > one["first_quarter_mb"] * _GROWN + _GROWN_MB
        ]


def _decks(chance: Random) -> Iterator[Fault]:
    """Yield faults for ever: all of them, shuffled, time after time."""
    fit = [fault for fault in FAULTS if fault.in_chaos != "never"]
    while True:
        yield from chance.sample(fit, len(fit))


async def _break(room: Newsroom, chance: Random, log: Log, until: float) -> None:
    """Do one fault after another, of those that mix every fourth time two at once."""
    decks = _decks(chance)
    while time.monotonic() < until:
        await asyncio.sleep(chance.uniform(1, 6))
        first = next(decks)
        if first.in_chaos == "mixed" and chance.random() < _TWO_AT_ONCE:
            second = next(fault for fault in decks if fault.in_chaos == "mixed")
            await asyncio.gather(_strike(room, first, log), _strike(room, second, log))
        else:
            await _strike(room, first, log)


async def _strike(room: Newsroom, fault: Fault, log: Log) -> None:
    log.say(f"{fault.number:2} {fault.name}")
    entry: dict[str, Any] = {"at_s": round(time.monotonic() - log.began), "fault": fault.id}
    log.faults.append(entry)
    try:
        async with asyncio.timeout(_FAULT_WITHIN_S):
            await fault.strike(room)
    except Exception as error:  # noqa: BLE001 (another fault was in its way; the sums decide)
        entry["broke_off"] = repr(error)
        log.say(f"{fault.number:2} broke off: {error!r}")


async def _watch(room: Newsroom, log: Log) -> None:
    """Sample memory; say how far it is."""
    told = 0.0
    while True:
        for name, child in room.rig.children.items():
            if child.pid and (mb := _resident_mb(child.pid)):
                log.memory[name].append(mb)
        if time.monotonic() - told > _TELL_EVERY_S:
            told = time.monotonic()
            log.say(f"   {len(room.stories)} stories, {len(room.files)} files sent")
        await asyncio.sleep(_SAMPLE_EVERY_S)


def _resident_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20
    except (OSError, IndexError):
        return 0  # it ended meanwhile


async def run(seed: int, *, minutes: float, per_s: float, folder: Path) -> dict[str, Any]:
    """Return the report of one run; `shortfalls` is [] when everything adds up."""
    chance = random.Random(seed)  # noqa: S311 (which fault when, no secret)
    log = Log()
    async with newsroom(folder, seed=seed, nodes=3) as room:
        log.say(f"seed {seed}: begins")
        log.began = time.monotonic()
        watching = asyncio.create_task(_watch(room, log))
        over = asyncio.Event()
        async with asyncio.TaskGroup() as both:
            both.create_task(room.send(0, per_s=per_s, until=over))
            await _break(room, chance, log, log.began + minutes * 60)
            over.set()
        lasted = time.monotonic() - log.began
        log.say("no more is sent; waits for rest")
        found = await shortfalls(room, within_s=_REST_WITHIN_S)
        watching.cancel()
        log.say(f"at rest: {len(found)} shortfalls")
        return {
            "seed": seed,
            "minutes": round(lasted / 60, 1),
            "stories": len(room.stories),
            "versions": sum(len(story.versions) for story in room.stories.values()),
            "messages": sum(len(parcel.entry_ids) for parcel in room.parcels),
            "poison": sum(parcel.poison is not None for parcel in room.parcels),
            "files": len(room.files),
            "faults": log.faults,
            "memory": log.quarters(),
            "shortfalls": found + log.grown(),
        }


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--per-s", type=float, default=60, help="stories a second")
    parser.add_argument("--json", type=Path, help="where the report is written")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="newsflow-chaos-"))
    report = asyncio.run(
        run(asked.seed, minutes=asked.minutes, per_s=asked.per_s, folder=folder / "stack")
    )
    text = json.dumps(report, indent=2)
    if asked.json:
        asked.json.write_text(text + "\n")
    say = Console(highlight=False, soft_wrap=True).print
    say(text, markup=False)
    if report["shortfalls"]:
        say(f"it does not add up; what is left is in {folder}", markup=False)
        return 1
    shutil.rmtree(folder)
    say("it adds up")
    return 0


if __name__ == "__main__":
    sys.exit(main())
