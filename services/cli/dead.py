"""`newsflow dead list`, `reasons` and `show`: what could not go on, and why."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from services.cli import screens
from services.cli.choosing import wanted
from services.cli.families import chosen_by
from services.cli.terminal import AsJson, Folder, err, here, line, of_partition, out, redis
from services.inspection.box import Box
from services.inspection.letters import Kinds, Wanted, shown
from services.store.settings import StoreSettings
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter


@chosen_by(wanted)
def list_(
    chosen: Wanted,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 20,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first, each with its reason."""
    settings, _ = here(folder)
    asyncio.run(_list(settings, chosen, limit, as_json=as_json))


@chosen_by(wanted)
def reasons(
    chosen: Wanted,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Count dead letters by reason, the most frequent first, each with its newest letter."""
    settings, _ = here(folder)
    kinds = asyncio.run(_kinds(settings, chosen))
    if as_json:
        for kind in kinds.figures():
            line(of_partition(dict(kind)))
    elif kinds.total:
        out.print(screens.kinds(kinds))
        err.print("see them with `newsflow dead list --reason TEXT`, one with `dead show ID`")
    else:
        err.print("no dead letters")


def show(
    letter_id: Annotated[str, typer.Argument(help="As `newsflow dead list` shows it.")],
    raw: Annotated[
        bool, typer.Option("--raw", help="Print the article as it was sent, byte for byte.")
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Show one dead letter: why, who, when, where, how often tried, and the article as sent."""
    settings, _ = here(folder)
    letter = asyncio.run(_one(settings, letter_id))
    if raw:
        sys.stdout.buffer.write(letter.data)
    elif as_json:
        line(of_partition(shown(letter)))
    else:
        for name, value in screens.letter(shown(letter)).items():
            out.print(f"{name:<12} {value}", markup=False, soft_wrap=True)


async def _list(settings: StoreSettings, chosen: Wanted, limit: int, *, as_json: bool) -> None:
    table = screens.LetterTable()
    count = 0
    async with redis(settings) as client:
        async for letter in deadletters.letters(client, since=chosen.since, until=chosen.until):
            if not chosen.takes(letter):
                continue
            count += 1
            if as_json:
                line(of_partition(shown(letter)))
            else:
                table.add(letter)
            if count == limit:
                break
    if count and not as_json:
        out.print(table.table)
        err.print("look at one with `newsflow dead show ID`, send it again with `dead replay ID`")
    elif not count:
        err.print("no dead letters")


async def _kinds(settings: StoreSettings, chosen: Wanted) -> Kinds:
    kinds = Kinds()
    async with redis(settings) as client:
        async for letter in deadletters.letters(client, since=chosen.since, until=chosen.until):
            if chosen.takes(letter):
                kinds.add(letter)
    return kinds


async def _one(settings: StoreSettings, letter_id: str) -> DeadLetter:
    async with redis(settings) as client:
        box = await Box.opened(client, Wanted(), [letter_id])
        return await anext(box.letters())
