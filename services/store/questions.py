"""The questions people ask of the articles, as MongoDB queries. Pure.

Each is answered newest first, most by an index of indexes.py of their own; those of a country or a
language alone go through the articles in the order of time, those of words through windows of it.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from pymongo import DESCENDING

from shared.errors import NewsflowError

_AGO: Final = re.compile(r"(\d{1,6})\s*([mhdw])")
_NEAR: Final = "place_time"  # see indexes.py
_EARTH_RADIUS_KM: Final = 6378.1  # MongoDB's own
_WIDER: Final = (1, 8, 64)
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class BadTime(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A time that cannot be read; the text says how to write one."""


class Circle(NamedTuple):
    """All that lies within `km` of a point, given as GeoJSON does: longitude first, in degrees."""

    longitude: float
    latitude: float
    km: float

    @property
    def within(self) -> dict[str, Any]:
        """The condition on a location; the radius is in radians."""
        around = [[self.longitude, self.latitude], self.km / _EARTH_RADIUS_KM]
        return {"$geoWithin": {"$centerSphere": around}}


class Question(NamedTuple):
    """What is asked for; everything given has to hold. Without anything: the newest articles.

    With `fold`, of the re-runs of a story only the first counts.
    """

    entity: str | None = None
    entity_id: str | None = None
    topics: tuple[str, ...] = ()
    source: str | None = None
    country: str | None = None  # ISO 3166-1, of any place that is named
    near: Circle | None = None
    speaker: str | None = None
    language: str | None = None
    cluster: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    fold: bool = False
    everything: bool = False


class Span(NamedTuple):
    """Times between which articles lie; None leaves an end open."""

    since: datetime | None = None
    until: datetime | None = None


class Query(NamedTuple):
    """A MongoDB query: what `find` takes. With `names`, names match whatever case and accents.

    `hint` names the index to use where the planner's own choice may read every article. With
    `words`, the newest of those that words match, within that span, are looked for: see `windows`.
    """

    filter: dict[str, Any]
    sort: list[tuple[str, int]]
    names: bool
    hint: str | None = None
    words: Span | None = None

    def after(self, since: datetime) -> "Query":
        """Return the same of what is not older than `since`."""
        return self._replace(filter={"$and": [self.filter, {"version_created": {"$gte": since}}]})


def query(question: Question, *, now: datetime) -> Query:
    """Return the query for `question`: articles for readers, unless `everything` is asked for.

    Not for readers are those withheld or canceled, and those under embargo at the time `now`.
    """
    asked = {
        "entities.name": question.entity,
        "entities.id": question.entity_id,
        "topics.id": {"$in": list(question.topics)} if question.topics else None,
        "source": question.source,
        "entities.country": question.country,
        "entities.location": question.near and question.near.within,
        "quotes.speaker": question.speaker,
        "language": question.language,
        "cluster": question.cluster,
        "$text": {"$search": question.text} if question.text else None,
        "$expr": {"$eq": ["$_id", "$cluster"]} if question.fold else None,
    }
    wanted: dict[str, Any] = {field: value for field, value in asked.items() if value}
    span = {"$gte": question.since, "$lt": question.until}
    if given := {operator: moment for operator, moment in span.items() if moment}:
        wanted["version_created"] = given
    if not question.everything:
        wanted["pub_status"] = "usable"
        wanted["embargoed_until"] = {"$not": {"$gt": now}}
    # A text index knows no collation: with words in the question, names are taken as written.
    names = bool(question.entity or question.speaker) and not question.text
    others = (question.entity, question.entity_id, question.source, question.speaker)
    served = any((*others, question.topics, question.cluster, question.text))
    hint = _NEAR if question.near and not served else None
    words = Span(question.since, question.until) if question.text else None
    return Query(wanted, [("version_created", DESCENDING)], names, hint, words)


def windows(newest: datetime, older: datetime, *, since: datetime | None) -> list[datetime]:
    """Return since when to look for words, one after the other, before looking at all times.

    A word is found in no order, and all that has it is read to be sorted; but its index has the
    times, too, so what is too old is not read. `older` is that of some articles further on. What
    lies before `since` is not asked for.
    """
    took, longest = newest - older, newest - datetime.min.replace(tzinfo=UTC)
    starts = {newest - factor * took: None for factor in _WIDER if factor * took < longest}
    return [start for start in starts if since is None or start > since]


def moment(text: str, *, now: datetime) -> datetime:
    """Return the time that `text` says: ISO 8601, or a while ago such as 30m, 2h, 7d, 4w.

    A time without an offset is UTC. Raises BadTime.
    """
    try:
        if ago := _AGO.fullmatch(text.strip()):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        said = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        msg = f"not a time: {text!r}; write 2026-11-23, 2026-11-23T18:30, 30m, 2h or 7d"
        raise BadTime(msg) from None
    return said if said.tzinfo else said.replace(tzinfo=UTC)
