"""Which partition a command looks at: the one that is named, or all, one after the other."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

from services.cli.terminal import err
from services.store.settings import StoreSettings
from shared.partitions import named
from shared.settings import load

_OF_ONE: Final = frozenset(("status", "reconcile", "trace", "dead"))
_LOOK_FOR_ONE: Final = frozenset(("trace", "show"))
_ID: Final = re.compile(r"\d+-\d+")  # of a letter
_ASKED_ONCE: Final = frozenset(("--help", "-h", "--env"))
_WRONG_USAGE: Final = 2


def chosen(
    partition: Annotated[
        str, typer.Option(help="Look at this partition only; see docs/scaling.md.")
    ] = "",
) -> None:
    """Take the partition that is named before a command for NEWSFLOW_PARTITION."""
    if partition:
        try:
            os.environ["NEWSFLOW_PARTITION"] = named(partition)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None


def file_of(path: Path, settings: StoreSettings) -> Path:
    """Return `path`, with the partition in its name where there are several: `old.p2.jsonl`."""
    several = "," in settings.partitions and settings.partition
    return path.with_name(f"{path.stem}.{settings.partition}{path.suffix}") if several else path


def over_all(run: Callable[[], None], words: Sequence[str]) -> None:
    """Run the command that was typed: once, or once for each of NEWSFLOW_PARTITIONS.

    Ends with the worst exit code of all; a command that looks for one thing is done when any
    partition has it.
    """
    partitions = _wanted(words)
    if not partitions:
        run()
        return
    codes = []
    for partition in partitions:
        os.environ["NEWSFLOW_PARTITION"] = partition
        err.print(f"partition {partition}:", style="bold")
        codes.append(_code_of(run))
        if codes[-1] >= _WRONG_USAGE:
            break
    looks_for_one = _LOOK_FOR_ONE & set(words[:2]) or any(map(_ID.fullmatch, words))
    sys.exit(min(codes) if looks_for_one and max(codes) < _WRONG_USAGE else max(codes))


def _wanted(words: Sequence[str]) -> list[str]:
    """Return the partitions to look at, none where the command is not of one, or names it."""
    if not words or words[0] not in _OF_ONE or _ASKED_ONCE & set(words):
        return []
    settings = load(StoreSettings)
    return [] if settings.partition or not settings.partitions else settings.partitions.split(",")


def _code_of(run: Callable[[], None]) -> int:
    try:
        run()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0
