"""`newsflow query`: find stored articles, count them, draw them over time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import asking, charts, screens
from services.cli.families import chosen_by
from services.cli.terminal import AsJson, Folder, err, fail, here, line, mongo, out
from services.store import counting
from services.store.counting import Period, What
from services.store.mongo import Mongo
from services.store.plans import Plan
from services.store.questions import Query, Question
from services.store.questions import query as query_for

_SHOWN = 20


@chosen_by(asking.question)
def query(
    *,
    chosen: Question,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = _SHOWN,
    count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    top: Annotated[What | None, typer.Option(help="What most of them hold.")] = None,
    by: Annotated[
        Period | None, typer.Option(help="Periods of --histogram (day), and of --top over time.")
    ] = None,
    histogram: Annotated[
        bool, typer.Option("--histogram", help="Draw them over time; with --top, each of the top.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Which index serves it, and what that takes.")
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Find stored articles, newest first; with --json whole documents, one a line."""
    if count and (top or histogram):
        fail("--count is one number; leave out --top and --histogram", code=2)
    if by and not (top or histogram):
        fail("--by needs something to count: --histogram or --top", code=2)
    settings, _ = here(folder)
    period = by or ("day" if histogram else None)
    work = _Work(query_for(chosen, now=datetime.now(UTC)), limit, as_json=as_json)

    async def done() -> None:
        async with mongo(settings) as articles:
            if explain:
                await work.explain(articles, whole=bool(count or top or histogram))
            elif count:
                await work.count(articles)
            elif top:
                await work.top(articles, top, period)
            elif period:
                await work.over_time(articles, period)
            else:
                await work.find(articles)

    asyncio.run(done())


class _Work:
    """What is done with the articles that match, each its own way to print."""

    def __init__(self, wanted: Query, limit: int, *, as_json: bool) -> None:
        self._query = wanted
        self._limit = limit
        self._as_json = as_json

    async def find(self, articles: Mongo) -> None:
        found = articles.find(self._query, limit=self._limit)
        if self._as_json:
            async for document in found:
                line(document)
            return
        documents = [document async for document in found]
        out.print(screens.articles(documents))
        err.print(f"{len(documents)} articles")

    async def count(self, articles: Mongo) -> None:
        number = await articles.how_many(self._query, limit=0)
        line({"articles": number} if self._as_json else str(number))

    async def top(self, articles: Mongo, what: What, by: Period | None) -> None:
        # 0 means all, and MongoDB knows no such limit.
        pipeline = counting.top_pipeline(self._query, what, limit=self._limit or 2**31, by=by)
        found = await articles.aggregate(pipeline, names=self._query.names)
        rows = counting.tops(found, by)
        if self._as_json:
            for row in rows:
                over = [bucket._asdict() for bucket in row.over]
                line({**row._asdict(), "over": over} if by else _without_over(row))
        else:
            out.print(charts.top(rows, by))

    async def over_time(self, articles: Mongo, by: Period) -> None:
        pipeline = counting.over_time_pipeline(self._query, by)
        found = await articles.aggregate(pipeline, names=self._query.names)
        buckets = counting.buckets(found, by)
        if self._as_json:
            for bucket in buckets:
                line(bucket._asdict())
        else:
            out.print(charts.histogram(buckets, by, width=out.width))
            err.print(f"{sum(bucket.articles for bucket in buckets)} articles")

    async def explain(self, articles: Mongo, *, whole: bool) -> None:
        plan = await articles.explain(self._query, limit=0 if whole else self._limit)
        if self._as_json:
            line(plan._asdict())
            return
        out.print(f"index      {', '.join(plan.indexes) or 'none'}")
        out.print(f"keys       {plan.keys:,} examined")
        out.print(f"documents  {plan.examined:,} examined, {plan.returned:,} returned")
        out.print(f"time       {plan.ms:,} ms")
        for warning in _warnings(plan):
            err.print(f"warning: {warning}", markup=False, soft_wrap=True)


def _without_over(row: counting.Top) -> dict[str, Any]:
    return {name: value for name, value in row._asdict().items() if name != "over"}


def _warnings(plan: Plan) -> list[str]:
    """Return what makes a question slow when there are many articles, in sentences."""
    wasted = plan.examined > 2 * max(plan.returned, _SHOWN)
    return [
        text
        for text, holds in (
            ("no index serves it: every article is read", plan.scans),
            ("what is found is sorted in memory", plan.sorts),
            (
                "most of what is read is thrown away; ask also for an entity, a topic, or a time",
                wasted and not plan.scans,
            ),
        )
        if holds
    ]
