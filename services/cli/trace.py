"""`newsflow trace`: one article's way, and where it is now."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from services.cli.terminal import (
    AsJson,
    Folder,
    err,
    fail,
    here,
    line,
    mongo,
    of_partition,
    out,
    progress,
    redis,
)
from services.inspection import tracing, ways
from services.inspection.ways import Journey, Way
from services.store.settings import StoreSettings

_SHOWN: Final = 20


def trace(
    what: Annotated[
        str,
        typer.Argument(help="An article's id or URI, an entry's or a message's id, or a file."),
    ],
    folder: Folder = Path(),
    scan: Annotated[
        int, typer.Option(min=1, help="Look at so many of the oldest entries of each stream.")
    ] = 100_000,
    as_json: AsJson = False,
) -> None:
    """Show an article's way: file, entries, attempts, versions, times, and where it is now.

    Also of what is on its way. Exit 1 when it is nowhere.
    """
    settings, _ = here(folder)
    way = asyncio.run(_traced(settings, what, folder / "archive", scan))
    told = ways.ways(way)
    if as_json:
        line(of_partition(_as_json(what, way, told)))
    elif not way.is_empty:
        _show(way, told)
    for what_else in way.unscanned:
        err.print(f"not all were looked at: {what_else}", markup=False)
    if way.is_empty:
        fail(f"{what}: no article, entry, message or file of this name; `newsflow query` finds ids")


async def _traced(settings: StoreSettings, what: str, archive: Path, most: int) -> Way:
    async with redis(settings) as client, mongo(settings) as articles:
        with progress() as bar:
            task = bar.add_task("looking", total=None)
            return await tracing.trace(
                what,
                redis=client,
                mongo=articles,
                archive=archive,
                most=most,
                advance=lambda count: bar.advance(task, count),
            )


def _show(way: Way, told: list[Journey]) -> None:
    if way.life:
        out.print(Text(ways.file(way.life, way.receipt)), soft_wrap=True)
    few = len(told) <= 1 or not way.life
    for one in told[:_SHOWN]:
        name = one.article_id or "no article"
        out.print(Text.assemble((name, "bold"), f"  {one.headline}"), soft_wrap=True)
        for step in one.steps if few else ():
            at = step.at.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00")
            stage = (f"{step.stage:<8}", "dim")
            out.print(Text.assemble(f"  {at}  ", stage, step.what), soft_wrap=True)
        out.print(Text(f"  now: {one.now}"), soft_wrap=True)
    if (more := len(told) - _SHOWN) > 0:
        out.print(f"and {more:,} more; `--json` shows all")


def _as_json(what: str, way: Way, told: list[Journey]) -> dict[str, Any]:
    return {
        "wanted": what,
        "found": not way.is_empty,
        "file": {"life": way.life, "receipt": way.receipt} if way.life or way.receipt else None,
        "articles": [
            {**one._asdict(), "steps": [step._asdict() for step in one.steps]} for one in told
        ],
        "unscanned": way.unscanned,
    }
