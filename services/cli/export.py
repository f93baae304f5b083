"""`newsflow export`."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from services.cli.asking import question
from services.cli.families import chosen_by
from services.cli.terminal import Folder, err, fail, here, mongo, progress
from services.store.exports.lines import Format, NotOurs, Position, in_order, line, position
from services.store.questions import Query, Question
from services.store.questions import query as query_for
from services.store.settings import StoreSettings

_BLOCK: Final = 1 << 16


@chosen_by(question)
def export(
    form: Annotated[
        Format,
        typer.Option(
            "--format", help="ninjs 3.0, schema.org NewsArticle, or the documents as they are."
        ),
    ],
    *,
    chosen: Question,
    to: Annotated[
        Path | None, typer.Option("--out", help="File to write; standard output by default.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where --out ends, with the same filters.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many now; 0 for all.")] = 0,
    folder: Folder = Path(),
) -> None:
    """Write stored articles, oldest version first: JSON lines in every format, one object a line.

    An export that broke off goes on with --resume; a line that was half written is written anew.
    """
    if resume and to is None:
        fail("--resume goes on with a file: say --out FILE", code=2)
    settings, _ = here(folder)
    try:
        with _opened(to, resume=resume) as file:
            after = _end(file, form) if resume else None
            query = in_order(query_for(chosen, now=datetime.now(UTC)), after)
            count = asyncio.run(_write(settings, query, limit, form, file))
    except NotOurs as error:
        fail(f"{to}: {error}")
    except BrokenPipeError:
        raise
    except FileExistsError:
        fail(f"{to} exists: say --resume to go on with it, or another name")
    except OSError as error:
        fail(f"could not write {to or 'standard output'}: {error.strerror or error}")
    err.print(f"{count:,} articles")


@contextlib.contextmanager
def _opened(path: Path | None, *, resume: bool) -> Iterator[BinaryIO]:
    """Open where the lines go: a new file, one to go on with, or standard output."""
    if path is None:
        yield sys.stdout.buffer
        return
    goes_on = path.exists() and (resume or path.stat().st_size == 0)  # nothing came of an empty one
    with path.open("r+b" if goes_on else "x+b") as file:
        yield file


def _end(file: BinaryIO, form: Format) -> Position | None:
    """Cut off what is behind the last whole line, and return the position it stands for."""
    end = _line_end(file, file.seek(0, os.SEEK_END))
    file.truncate(end)
    start = _line_end(file, max(end - 1, 0))
    file.seek(start)
    last = file.read(end - start)
    return position(last, form) if last else None


def _line_end(file: BinaryIO, before: int) -> int:
    """Return where the last whole line ends in the first `before` bytes; 0 when there is none."""
    while before > 0:
        start = max(before - _BLOCK, 0)
        file.seek(start)
        found = file.read(before - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        before = start
    return 0


async def _write(
    settings: StoreSettings, query: Query, limit: int, form: Format, file: BinaryIO
) -> int:
    """Write what matches as it comes from MongoDB; return how many articles it were."""
    count = 0
    async with mongo(settings) as articles:
        with progress() as bar:
            total = None if bar.disable else await articles.how_many(query, limit=limit)
            task = bar.add_task("exporting", total=total)
            async for document in articles.find(query, limit=limit):
                file.write(line(document, form))
                count += 1
                bar.advance(task)
        file.flush()
    return count
