"""`newsflow dead replay` and `purge`: how letters leave the dead letters."""

import asyncio
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import orjson
import typer
from redis.asyncio import Redis
from rich.prompt import Confirm

from services.cli import partitions
from services.cli.choosing import DryRun, Every, Ids, Yes, refuse_unclear, wanted
from services.cli.families import chosen_by
from services.cli.terminal import (
    AsJson,
    Folder,
    err,
    fail,
    here,
    line,
    of_partition,
    progress,
    redis,
)
from services.inspection.box import Box
from services.inspection.letters import Wanted, kept
from services.store.settings import StoreSettings
from shared.entries.accounts import Owner
from shared.letters import deadletters

_MANY: Final = 100  # letters, above which replaying asks
_AT_ONCE: Final = 500  # letters that one script deletes


@chosen_by(wanted)
def replay(
    letter_ids: Ids = None,
    every: Every = False,
    *,
    chosen: Wanted,
    data: Annotated[
        Path | None, typer.Option(help="Send this file instead of what was sent: a mended article.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Put dead letters back on the stream they came from, oldest first; each goes once."""
    refuse_unclear(letter_ids, chosen, every=every)
    if data and len(letter_ids or ()) != 1:
        fail("--data mends one letter: name it", code=2)
    mended = _read(data) if data else None
    settings, _ = here(folder)
    asyncio.run(
        _replay(
            settings,
            chosen,
            letter_ids,
            data=mended,
            dry_run=dry_run,
            yes=yes,
            as_json=as_json,
        )
    )


@chosen_by(wanted)
def purge(
    letter_ids: Ids = None,
    every: Every = False,
    *,
    chosen: Wanted,
    to: Annotated[
        Path | None, typer.Option(help="Keep them first, as JSON lines, in this new file.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    folder: Folder = Path(),
) -> None:
    """Delete dead letters for good, after asking; `--to FILE` keeps them elsewhere first."""
    refuse_unclear(letter_ids, chosen, every=every)
    settings, _ = here(folder)
    copy = partitions.file_of(to, settings) if to else None
    asyncio.run(_purge(settings, chosen, letter_ids, to=copy, dry_run=dry_run, yes=yes))


async def _replay(
    settings: StoreSettings,
    chosen: Wanted,
    ids: list[str] | None,
    *,
    data: bytes | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    done = 0
    async with redis(settings) as client:
        box = await Box.opened(client, chosen, ids)
        count = await box.count()
        if count > _MANY and not (dry_run or yes):
            _ask(f"Send {count:,} dead letters again?")
        with progress() as bar:
            task = bar.add_task("sending again", total=count)
            async for letter in box.letters():
                bar.advance(task)
                sent = None if dry_run else await deadletters.replay(client, letter, data=data)
                if dry_run or sent:
                    done += 1
                    said = {"letter": letter.letter_id, "stream": letter.stream, "entry_id": sent}
                    line(
                        of_partition(said) if as_json else f"{letter.letter_id} -> {letter.stream}"
                    )
    err.print(f"{done:,} {'would be sent' if dry_run else 'sent'} again{_gone(count - done)}")


async def _purge(
    settings: StoreSettings,
    chosen: Wanted,
    ids: list[str] | None,
    *,
    to: Path | None,
    dry_run: bool,
    yes: bool,
) -> None:
    async with redis(settings) as client:
        box = await Box.opened(client, chosen, ids)
        if dry_run:
            count = 0
            async for letter in box.letters():
                count += 1
                line(f"{letter.letter_id} {letter.stage} {letter.cause} {letter.reason}")
            err.print(f"{count:,} would be deleted")
            return
        count = await box.count()
        if count and not yes:
            hint = "" if to else "; --to FILE keeps them as JSON lines"
            _ask(f"Delete {count:,} dead letters? This cannot be undone{hint}.")
        try:
            with _new(to) if to else nullcontext() as copy:
                deleted = await _delete(client, box, count, copy)
        except OSError as error:
            why = error.strerror or error
            fail(f"could not write {to}: {why}; no letter was deleted that is not in it")
    where = f"; they are in {to}" if to else ""
    err.print(f"{deleted:,} deleted{_gone(count - deleted)}{where}", soft_wrap=True)


async def _delete(client: Redis, box: Box, count: int, copy: BinaryIO | None) -> int:
    """Delete the letters of `box`, each after it is safely in `copy`; return how many were."""
    deleted = 0
    some: dict[str, Owner] = {}

    async def end() -> int:
        if copy:
            copy.flush()
            os.fsync(copy.fileno())
        gone = await deadletters.purge(client, some)
        bar.advance(task, len(some))
        some.clear()
        return gone

    with progress() as bar:
        task = bar.add_task("deleting", total=count)
        async for letter in box.letters():
            if copy:
                copy.write(orjson.dumps(kept(letter), option=orjson.OPT_APPEND_NEWLINE))
            some[letter.letter_id] = letter.owner
            if len(some) == _AT_ONCE:
                deleted += await end()
        return deleted + await end()


def _ask(question: str) -> None:
    """Go on only if somebody says yes."""
    if not sys.stdin.isatty():
        fail(f"nothing was done: {question} Say --yes, or --dry-run to see them")
    if not Confirm.ask(question, console=err, default=False):
        fail("nothing was done")


def _gone(count: int) -> str:
    return f"; {count:,} were gone meanwhile" if count else ""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")


def _new(path: Path) -> BinaryIO:
    try:
        return path.open("xb")
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}; --to makes a new file")
