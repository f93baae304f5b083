"""Sources: when each was heard of last, how often it usually is, and whether it went quiet. Pure.

What counts is `version_created` of the stored articles, the publisher's own time, which an index
holds by source; times to come are passed over. Of each source the last 41 articles are asked for:

    rhythm   the median of the pauses between them, of five pauses at least
    quiet    silent for longer than five times its rhythm, longer than any of these pauses, and
             longer than a quarter of an hour

The longest pause is there for sources that send all of a day at once: their median is seconds.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any, Final, Literal

from pydantic import BaseModel

MOST_SOURCES: Final = 500  # those heard of last
_ARTICLES: Final = 41
_FEWEST_PAUSES: Final = 5
_TIMES: Final = 5
_FLOOR: Final = timedelta(minutes=15)

State = Literal["usual", "quiet", "unknown"]


class Source(BaseModel):
    """A source: `state` is unknown while it has too few articles to have a rhythm."""

    name: str | None  # None: articles that name no source
    last_at: datetime
    silent_seconds: float
    rhythm_seconds: float | None
    quiet_after_seconds: float | None
    state: State


def source(name: str | None, times: Sequence[datetime], *, now: datetime) -> Source:
    """Return how a source is; `times` are those of its last articles, one at least."""
    newest_first = sorted(times, reverse=True)
    pauses = [later - earlier for later, earlier in pairwise(newest_first)]
    silent = max(timedelta(), now - newest_first[0])
    rhythm = after = None
    state: State = "unknown"
    if len(pauses) >= _FEWEST_PAUSES:
        rhythm = timedelta(seconds=median(pause.total_seconds() for pause in pauses))
        after = max(_TIMES * rhythm, *pauses, _FLOOR)
        state = "quiet" if silent > after else "usual"
    return Source(
        name=name,
        last_at=newest_first[0],
        silent_seconds=silent.total_seconds(),
        rhythm_seconds=rhythm.total_seconds() if rhythm is not None else None,
        quiet_after_seconds=after.total_seconds() if after is not None else None,
        state=state,
    )


def pipeline(collection: str, *, now: datetime) -> list[dict[str, Any]]:
    """Return what finds the sources, the last heard of first, with the times of their articles.

    The first steps jump from source to source in the index `source_time`; so does the look-up.
    """
    order = {"source": 1, "version_created": -1}
    known = {"version_created": {"$lte": now}}
    newest = {"$sort": {"version_created": -1}}
    return [
        {"$sort": order},
        {"$group": {"_id": "$source", "last": {"$first": "$version_created"}}},
        {"$sort": {"last": -1, "_id": 1}},
        {"$limit": MOST_SOURCES},
        {
            "$lookup": {
                "from": collection,
                "localField": "_id",
                "foreignField": "source",
                "pipeline": [
                    {"$match": known},
                    newest,
                    {"$limit": _ARTICLES},
                    {"$project": {"_id": 0, "version_created": 1}},
                ],
                "as": "recent",
            }
        },
    ]


def sources(found: Iterable[Mapping[str, Any]], *, now: datetime) -> list[Source]:
    """Return the results of `pipeline`, those that went quiet first."""
    told = [
        source(one["_id"], [article["version_created"] for article in one["recent"]], now=now)
        for one in found
        if one["recent"]
    ]
    order: Sequence[State] = ("quiet", "usual", "unknown")
    return sorted(told, key=lambda one: (order.index(one.state), one.silent_seconds))
