"""Counts of articles: what is most in them, and when they were, as MongoDB pipelines. Pure.

An article counts in the period of its `version_created`, by UTC; weeks begin on Monday.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal, NamedTuple, get_args

from services.store.questions import Query

What = Literal["entities", "topics", "sources", "countries", "languages"]
Period = Literal["hour", "day", "week", "month"]

WHATS: Final[tuple[What, ...]] = get_args(What)
PERIODS: Final[tuple[Period, ...]] = get_args(Period)

# What an article is counted under: a list, for each of its values once; and what it is called.
_VALUES: Final[Mapping[What, Any]] = {
    "entities": "$entities",
    "topics": "$topics",
    "sources": ["$source"],
    "countries": {"$setUnion": ["$entities.country", []]},
    "languages": ["$language"],
}
_LISTS: Final = ("entities", "topics")  # of objects with an id and a name
_LENGTHS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_MONTHS: Final = 12
_MOST_BUCKETS: Final = 10_000


class Bucket(NamedTuple):
    """How many articles there were in the period that begins at `start`."""

    start: datetime
    articles: int


class Top(NamedTuple):
    """How many articles hold something; `over` says when, if a period was asked for."""

    id: str
    name: str
    articles: int
    over: tuple[Bucket, ...] = ()


def top_pipeline(
    query: Query, what: What, *, limit: int, by: Period | None = None
) -> list[dict[str, Any]]:
    """Return what counts the articles of `query` under each of `what`, the most first."""
    value = "$value.id" if what in _LISTS else "$value"
    name = "$value.name" if what in _LISTS else "$value"
    used = {"value": _VALUES[what], "at": _start_of(by) if by else None}
    return [
        {"$match": query.filter},
        {"$project": used},
        {"$unwind": "$value"},
        {"$match": {"value": {"$ne": None}}},
        {
            "$group": {
                "_id": {"id": value, "at": "$at"},
                "name": {"$first": name},
                "articles": {"$sum": 1},
            }
        },
        {
            "$group": {
                "_id": "$_id.id",
                "name": {"$first": "$name"},
                "articles": {"$sum": "$articles"},
                "over": {"$push": {"start": "$_id.at", "articles": "$articles"}},
            }
        },
        {"$sort": {"articles": -1, "_id": 1}},
        {"$limit": limit},
    ]


def over_time_pipeline(query: Query, by: Period) -> list[dict[str, Any]]:
    """Return what counts the articles of `query` in each period that has any, the first first."""
    return [
        {"$match": query.filter},
        {"$group": {"_id": _start_of(by), "articles": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]


def tops(found: Iterable[Mapping[str, Any]], by: Period | None) -> list[Top]:
    """Return the results of `top_pipeline`, with a bucket for every period from first to last."""
    rows = list(found)
    if by is None:
        return [Top(row["_id"], row["name"], row["articles"]) for row in rows]
    held = [{one["start"]: one["articles"] for one in row["over"]} for row in rows]
    starts = _starts({start for one in held for start in one}, by)
    return [
        Top(
            row["_id"],
            row["name"],
            row["articles"],
            tuple(Bucket(start, one.get(start, 0)) for start in starts),
        )
        for row, one in zip(rows, held, strict=True)
    ]


def buckets(found: Iterable[Mapping[str, Any]], by: Period) -> list[Bucket]:
    """Return the results of `over_time_pipeline`, with the periods in between that have none."""
    held = {row["_id"]: row["articles"] for row in found}
    return [Bucket(start, held.get(start, 0)) for start in _starts(held, by)]


def _start_of(by: Period) -> dict[str, Any]:
    return {"$dateTrunc": {"date": "$version_created", "unit": by, "startOfWeek": "monday"}}


def _starts(held: Iterable[datetime], by: Period) -> Sequence[datetime]:
    """Return every period from the first to the last; only what is held if that were too many.

    One article of the year 1 would else make a million days.
    """
    known = sorted(held)
    starts = known[:1]
    while starts and starts[-1] < known[-1]:
        starts.append(_after(starts[-1], by))
        if len(starts) > _MOST_BUCKETS:
            return known
    return starts


def _after(start: datetime, by: Period) -> datetime:
    if by != "month":
        return start + _LENGTHS[by]
    year, month = divmod(start.year * _MONTHS + start.month, _MONTHS)
    return start.replace(year=year, month=month + 1)
