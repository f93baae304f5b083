"""Counts drawn in the terminal with block characters. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from rich.table import Table
from rich.text import Text

from services.store.counting import Bucket, Period, Top

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_LEVELS: Final = " ▁▂▃▄▅▆▇█"
_FORMATS: Final[Mapping[Period, str]] = {
    "hour": "%Y-%m-%d %H:00",
    "day": "%Y-%m-%d",
    "week": "%Y-%m-%d",
    "month": "%Y-%m",
}
_BESIDE: Final = 30  # columns for time and number beside the bar
_NARROWEST: Final = 10
_LONGEST: Final = 60  # periods in a line of a table; the newest are shown


def histogram(buckets: Sequence[Bucket], by: Period, *, width: int) -> Table:
    """Return a bar for each period, the longest as wide as `width` columns allow."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(by)
    table.add_column("articles", justify="right")
    table.add_column("")
    most = max((bucket.articles for bucket in buckets), default=0)
    room = max(_NARROWEST, width - _BESIDE)
    for bucket in buckets:
        drawn = bar(bucket.articles, most, room)
        table.add_row(_time(bucket.start, by), f"{bucket.articles:,}", drawn)
    return table


def top(rows: Sequence[Top], by: Period | None) -> Table:
    """Return a line for each of `rows`; with a period, its articles over time."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("articles", justify="right")
    table.add_column("name")
    table.add_column("id", style="dim")
    shown = [row.over[-_LONGEST:] for row in rows]
    if by and shown:
        first, last = _time(shown[0][0].start, by), _time(shown[0][-1].start, by)
        table.add_column(f"{first} to {last}, a {by} each", no_wrap=True)
    for row, over in zip(rows, shown, strict=True):
        id_ = "" if row.id == row.name else row.id
        drawn = [line(over)] if by else []
        table.add_row(f"{row.articles:,}", Text(row.name), Text(id_), *drawn)
    return table


def bar(number: int, most: int, width: int) -> str:
    """Return a bar for `number`, where `most` fills `width` columns; some always shows."""
    if not number:
        return ""
    eighths = max(1, round(number / most * width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def line(buckets: Sequence[Bucket]) -> str:
    """Return a column for each of `buckets`, the highest full; some always shows."""
    most = max((bucket.articles for bucket in buckets), default=0) or 1
    return "".join(
        _LEVELS[max(bucket.articles > 0, round(bucket.articles / most * 8))] for bucket in buckets
    )


def _time(start: datetime, by: Period) -> str:
    return start.strftime(_FORMATS[by])
