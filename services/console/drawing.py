"""Plots and maps as numbers for SVG. Pure; colours and sizes are the style sheet's."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from services.console.trends import Bar, Spot

HEIGHT: Final = 100
STEP: Final = 10  # from one column to the next
_MAP_TOP: Final = 84.0  # degrees north: ice beyond
_LARGEST: Final = 9.0  # radius, in degrees
_SMALLEST: Final = 1.2
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Column:
    """A bar of a plot whose columns are STEP wide and HEIGHT high at most."""

    x: int
    y: float
    height: float
    title: str


@dataclass(frozen=True, slots=True)
class Plot:
    """Columns, and in words what they show."""

    columns: Sequence[Column]
    width: int
    first: str
    last: str
    said: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A place on a map of the world, 360 wide, its top at 84 degrees north."""

    id: str
    x: float
    y: float
    radius: float
    title: str


def plot(bars: Sequence[Bar]) -> Plot | None:
    """Return bars as columns; None when there is nothing to draw."""
    if not bars:
        return None
    most = max(bars, key=lambda bar: bar.articles)
    columns = []
    for at, bar in enumerate(bars):
        height = round(HEIGHT * bar.articles / most.articles, 1)
        columns.append(Column(at * STEP, HEIGHT - height, height, _title(bar)))
    total = sum(bar.articles for bar in bars)
    first, last = _time(bars[0]), _time(bars[-1])
    said = f"{total:,} articles from {first} to {last}; most, {most.articles:,}, at {_time(most)}"
    return Plot(columns, len(bars) * STEP, first, last, said)


def dots(spots: Sequence[Spot]) -> list[Dot]:
    """Return places as dots whose areas are their numbers of articles, the largest first."""
    most = max((spot.articles for spot in spots), default=1)
    return [
        Dot(
            spot.id,
            round(spot.longitude + 180, 2),
            round(_MAP_TOP - spot.latitude, 2),
            round(max(_SMALLEST, _LARGEST * math.sqrt(spot.articles / most)), 2),
            f"{spot.name}: {spot.articles:,} articles",
        )
        for spot in sorted(spots, key=lambda spot: -spot.articles)
    ]


def _title(bar: Bar) -> str:
    return f"{_time(bar)}: {bar.articles:,}"


def _time(bar: Bar) -> str:
    day_or_more = bar.end - bar.start >= _DAY
    return bar.start.strftime("%Y-%m-%d" if day_or_more else "%Y-%m-%d %H:%M")
