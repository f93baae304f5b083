"""`newsflow reenrich`."""

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from bson import json_util
from bson.errors import BSONError
from rich.prompt import Confirm

from services.cli import differences
from services.cli.asking import question
from services.cli.differences import Tally
from services.cli.families import chosen_by
from services.cli.rereading import Reader, Reread, Spool, reader, reread
from services.cli.terminal import AsJson, Folder, err, fail, here, line, mongo, out, progress, redis
from services.store.annotations import Annotation
from services.store.mongo import Mongo
from services.store.questions import Query, Question
from services.store.questions import query as query_for
from services.store.settings import StoreSettings
from shared.errors import PermanentError

_SCRIPTS: Final = frozenset({"$where", "$function", "$accumulator"})


@chosen_by(question, without=["everything"])
def reenrich(
    *,
    chosen: Question,
    where: Annotated[
        str | None, typer.Option(help="A MongoDB filter as JSON, which has to hold too.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Also what today's tools have read.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what differs.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Write without asking.")] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Read stored articles again that older tools have read, show what differs, ask, and write it.

    Only annotations change; versions and revisions stay. Withheld and embargoed articles count.
    """
    further = [_filter(where)] if where else []
    if dry_run and yes:
        fail("--dry-run only shows and --yes writes: say one of them", code=2)
    if not (dry_run or yes or sys.stdin.isatty()):
        fail("nothing changed: say --dry-run to see what differs, or --yes to write it")
    settings, _ = here(folder)
    query = query_for(chosen._replace(everything=True), now=datetime.now(UTC))
    query = query._replace(filter={"$and": [query.filter, *further]})
    work = _Work(query, limit, every=every, dry_run=dry_run, yes=yes, as_json=as_json)
    tally = asyncio.run(work.done(settings))
    raise typer.Exit(1 if tally.failed else 0)


def _filter(where: str) -> dict[str, Any]:
    """Return the filter that was typed: JSON, times as MongoDB's extended JSON."""
    try:
        read = json_util.loads(where, json_options=json_util.RELAXED_JSON_OPTIONS)
    except (ValueError, TypeError, BSONError) as error:
        fail(f"--where is not JSON: {error}", code=2)
    if not isinstance(read, dict):
        fail("--where is no JSON object", code=2)
    if script := _script_in(read):
        fail(f"--where takes no JavaScript: {script}; a filter does without", code=2)
    return read


def _script_in(value: Any) -> str | None:  # noqa: ANN401 (whatever JSON holds)
    """Return the operator of a filter that has MongoDB run JavaScript, if it has one."""
    if isinstance(value, list):
        return next(filter(None, map(_script_in, value)), None)
    if not isinstance(value, dict):
        return None
    found = [name for name in value if name in _SCRIPTS]
    return found[0] if found else _script_in(list(value.values()))


class _Work:
    """Reads what matches again; writes what differs at once, or after somebody said yes."""

    def __init__(
        self,
        query: Query,
        limit: int,
        *,
        every: bool,
        dry_run: bool,
        yes: bool,
        as_json: bool,
    ) -> None:
        self._query = query
        self._every = every
        self._limit = limit
        self._dry_run = dry_run
        self._yes = yes
        self._as_json = as_json
        self._tally = Tally()

    async def done(self, settings: StoreSettings) -> Tally:
        """Do it all; return what came of it."""
        async with mongo(settings) as articles, redis(settings) as client, reader(client) as tools:
            if not self._every:
                self._query.filter["$and"].append(await tools.outdated())
            with contextlib.closing(Spool()) as waiting:
                await self._read(articles, tools, waiting)
                if not self._as_json:
                    out.print(differences.summary(self._tally))
                if waiting and self._agreed(len(waiting)):
                    for batch in waiting.batches():
                        await self._write(articles, batch)
        if self._as_json:
            line({"summary": self._tally.figures()})
        if not self._dry_run:
            err.print(_written(self._tally))
        return self._tally

    async def _read(self, articles: Mongo, tools: Reader, waiting: Spool) -> None:
        """Read and show, in batches; write them, or add to `waiting` what is to be agreed to."""
        total = await articles.how_many(self._query, limit=self._limit)
        with progress() as bar:
            task = bar.add_task("reading", total=total)
            async for batch in reread(articles, self._query, limit=self._limit, read=tools.read):
                annotations = [one for read in batch if (one := self._shown(read))]
                if self._yes:
                    await self._write(articles, annotations)
                elif not self._dry_run:
                    waiting.add(annotations)
                bar.advance(task, len(batch))

    def _shown(self, read: Reread) -> Annotation | None:
        """Count and show one article; return what is to be written to it."""
        head, found = read
        self._tally.read += 1
        if isinstance(found, PermanentError):
            self._tally.failed += 1
            err.print(f"could not read {head['_id']} again: {found}", markup=False, soft_wrap=True)
            return None
        if found:
            self._tally.add(found)
            if found.changes and self._as_json:
                line(differences.figures(head, found))
            elif found.changes:
                out.print(differences.article(head, found), soft_wrap=True)
        return found

    def _agreed(self, count: int) -> bool:
        """Ask on standard error, which typer's own question does not keep to."""
        try:
            return Confirm.ask(f"Write to {count:,} articles?", console=err, default=False)
        except EOFError:
            return False

    async def _write(self, articles: Mongo, annotations: Sequence[Annotation]) -> None:
        if not annotations:
            return
        written, refused = await articles.annotate(annotations)
        for error in refused:
            err.print(f"could not write: {error}", markup=False, soft_wrap=True)
        self._tally.written += written
        self._tally.failed += len(refused)
        self._tally.skipped += len(annotations) - written - len(refused)


def _written(tally: Tally) -> str:
    skipped = f", {tally.skipped:,} skipped: they changed meanwhile" if tally.skipped else ""
    return f"{tally.written:,} articles written{skipped}"
