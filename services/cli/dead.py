"""`newsflow dead list`, `show` and `replay`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import screens
from services.cli.terminal import AsJson, Folder, err, fail, here, line, out, redis
from services.store.settings import StoreSettings
from shared import deadletters
from shared.deadletters import DeadLetter

Cause = Annotated[
    str | None, typer.Option(help="Only of this cause: invalid, rejected, failed or crashed.")
]


def list_(
    cause: Cause = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 20,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """List dead letters, newest first, each with its reason."""
    settings, _ = here(folder)
    letters = asyncio.run(_letters(settings, cause, limit))
    if as_json:
        for letter in letters:
            line(_shown(letter))
    elif letters:
        out.print(screens.letters(letters))
        err.print("look at one with `newsflow dead show ID`, send it again with `dead replay ID`")
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
    """Show one dead letter: why, where, how often tried, and the article as it was sent."""
    settings, _ = here(folder)
    [letter] = asyncio.run(_named(settings, [letter_id]))
    if raw:
        sys.stdout.buffer.write(letter.data)
    elif as_json:
        line(_shown(letter))
    else:
        for name, value in _shown(letter).items():
            out.print(f"{name:<12} {value}", markup=False, soft_wrap=True)


def replay(
    letter_ids: Annotated[list[str] | None, typer.Argument(help="Ids of dead letters.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
    cause: Cause = None,
    data: Annotated[
        Path | None, typer.Option(help="Send this file instead of what was sent: a mended article.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be sent.")
    ] = False,
    folder: Folder = Path(),
) -> None:
    """Put dead letters back on the stream they came from; each goes once."""
    if bool(letter_ids) == every:
        fail("name the letters to replay, or say --all", code=2)
    if data and len(letter_ids or ()) != 1:
        fail("--data mends one letter: name it", code=2)
    settings, _ = here(folder)
    if letter_ids:
        letters = asyncio.run(_named(settings, letter_ids))
    else:
        letters = asyncio.run(_letters(settings, cause, limit=0))
    mended = data.read_bytes() if data else None
    if not dry_run:
        letters = asyncio.run(_replayed(settings, letters, mended))
    for letter in letters:
        line(f"{letter.letter_id} -> {letter.stream}")
    err.print(f"{len(letters)} {'would be sent' if dry_run else 'sent'} again")


async def _letters(settings: StoreSettings, cause: str | None, limit: int) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    async with redis(settings) as client:
        async for letter in deadletters.letters(client):
            if cause in {None, letter.cause}:
                found.append(letter)
                if len(found) == limit:
                    break
    return found


async def _named(settings: StoreSettings, letter_ids: list[str]) -> list[DeadLetter]:
    async with redis(settings) as client:
        found = {one: await deadletters.letter(client, one) for one in letter_ids}
    if missing := [letter_id for letter_id, letter in found.items() if letter is None]:
        fail(f"no dead letter {', '.join(missing)}; `newsflow dead list` shows them")
    return [letter for letter in found.values() if letter]


async def _replayed(
    settings: StoreSettings, letters: list[DeadLetter], data: bytes | None
) -> list[DeadLetter]:
    """Replay `letters`; return those that nobody else replayed before."""
    async with redis(settings) as client:
        return [one for one in letters if await deadletters.replay(client, one, data=data)]


def _shown(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.letter_id,
        "died_at": letter.died_at.isoformat(),
        "reason": letter.reason,
        "cause": letter.cause,
        "stage": letter.stage,
        "stream": letter.stream,
        "entry_id": letter.entry_id,
        "deliveries": letter.deliveries,
        "article_id": letter.article_id,
        "data": letter.data.decode("utf-8", "replace"),
    }
