"""What the newest articles hold: counted, beside those before them, together, and on a map. Pure.

Everything here is made of one list of articles, as `Mongo.find` reads them with SLIM; the map, of
one with PLACED. Points are left out where nobody looks at them: to decode them takes the longest.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from services.store.documents import Document

Kind = Literal["entities", "topics", "sources", "countries", "languages"]
KINDS: Final[tuple[Kind, ...]] = ("entities", "topics", "sources", "countries", "languages")

SLIM: Final = (
    *("headline", "summary", "source", "language", "version_created", "pub_status", "cluster"),
    *("entities.id", "entities.name", "entities.country", "topics.id", "topics.name"),
)
PLACED: Final = (*SLIM, "entities.location")
_STEPS: Final = tuple(
    timedelta(minutes=minutes)
    for minutes in (1, 5, 15, 60, 3 * 60, 6 * 60, 24 * 60, 7 * 24 * 60, 28 * 24 * 60, 364 * 24 * 60)
)
_BARS: Final = 60
_EPOCH: Final = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday


@dataclass(frozen=True, slots=True)
class Count:
    """How many of the articles hold something."""

    id: str
    name: str
    articles: int


@dataclass(frozen=True, slots=True)
class Bar:
    """How many of the articles there are from `start` to `end`."""

    start: datetime
    end: datetime
    articles: int


@dataclass(frozen=True, slots=True)
class Trend:
    """How many articles of two lists hold something, and how surely that is no chance.

    `weight` is Dunning's log-likelihood ratio (1993, Computational Linguistics 19:1), below zero
    for what there is less of: 3.8 would be met by chance once in twenty times, 10.8 once in 1,000.
    """

    id: str
    name: str
    articles: int
    before: int
    weight: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A place, and how many of the articles name it; degrees."""

    id: str
    name: str
    longitude: float
    latitude: float
    articles: int


def counts(articles: Iterable[Document], kind: Kind, *, most: int) -> list[Count]:
    """Return what most of the articles hold, the most first; an article counts once."""
    names: dict[str, str] = {}
    found: Counter[str] = Counter()
    for article in articles:
        held = dict(_held(article, kind))
        names |= held
        found.update(held.keys())
    ordered = sorted(found.items(), key=lambda one: (-one[1], names[one[0]]))
    return [Count(id_, names[id_], number) for id_, number in ordered[:most]]


def over_time(articles: Sequence[Document]) -> list[Bar]:
    """Return when the articles were, in at most sixty equal bars from the first to the last."""
    times = [article["version_created"] for article in articles]
    if not times:
        return []
    first, last = min(times), max(times)
    step = next((one for one in _STEPS if (last - first) / one < _BARS - 1), None)
    if step is None:  # a century and more
        step = (last - first) / (_BARS - 1)
    begin = _EPOCH + (first - _EPOCH) // step * step
    held = Counter((time - begin) // step for time in times)
    return [
        Bar(begin + at * step, begin + (at + 1) * step, held[at]) for at in range(max(held) + 1)
    ]


def trends(articles: Sequence[Document], before: Sequence[Document], kind: Kind) -> list[Trend]:
    """Return what the articles hold beside those before them: what rises most first."""
    now = {one.id: one for one in counts(articles, kind, most=len(articles) * 100)}
    then = {one.id: one for one in counts(before, kind, most=len(before) * 100)}
    found = []
    for id_ in now.keys() | then.keys():
        name = (now.get(id_) or then[id_]).name
        a = now[id_].articles if id_ in now else 0
        b = then[id_].articles if id_ in then else 0
        found.append(Trend(id_, name, a, b, _weight(a, b, len(articles), len(before))))
    return sorted(found, key=lambda one: (-one.weight, one.name))


def _weight(a: int, b: int, of_a: int, of_b: int) -> float:
    if not of_a or not of_b:
        return 0.0
    share = (a + b) / (of_a + of_b)
    weight = 2 * sum(
        seen * math.log(seen / expected)
        for seen, expected in (
            (a, of_a * share),
            (b, of_b * share),
            (of_a - a, of_a * (1 - share)),
            (of_b - b, of_b * (1 - share)),
        )
        if seen
    )
    return round(math.copysign(abs(weight), a / of_a - b / of_b), 2)


def spots(articles: Iterable[Document], *, most: int) -> list[Spot]:
    """Return the places of the articles that are known, the most named first."""
    places: dict[str, tuple[str, float, float]] = {}
    found: Counter[str] = Counter()
    for article in articles:
        for entity in _once(article):
            if entity.get("location") and entity.get("id"):
                longitude, latitude = entity["location"]["coordinates"]
                places[entity["id"]] = (entity["name"], longitude, latitude)
                found[entity["id"]] += 1
    return [Spot(id_, *places[id_], number) for id_, number in found.most_common(most)]


def _once(article: Document) -> Iterable[Mapping[str, Any]]:
    return {one.get("id") or one["name"]: one for one in article.get("entities", ())}.values()


def _held(article: Document, kind: Kind) -> Iterable[tuple[str, str]]:
    if kind == "entities":
        return [(one["id"], one["name"]) for one in _once(article) if one.get("id")]
    if kind == "topics":
        return [(one["id"], one["name"]) for one in article.get("topics", ())]
    if kind == "countries":
        return [(one["country"], one["country"]) for one in _once(article) if one.get("country")]
    field = {"sources": "source", "languages": "language"}[kind]
    return [(article[field], article[field])] if article.get(field) else []
