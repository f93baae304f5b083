"""Days as news write them: `May 2`, `2nd May, 2019`, `2019-05-02`, `5/2`. Pure."""

import re
from datetime import date
from typing import Final

_MONTH: Final = (
    r"(?P<month>(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b)\.?"
)
_DAY: Final = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?\b"
_YEAR: Final = r"(?:,?\s{0,2}(?P<year>\d{4})\b)?"
_WEEKDAY: Final = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,?\s{1,2})?"
_STROKES: Final = r"(?P<month>\d{1,2})/(?P<day>\d{1,2})(?:/(?P<year>\d{4}|\d\d))?\b"
_DATES: Final = (
    rf"{_WEEKDAY}{_MONTH}\s{{0,2}}{_DAY}{_YEAR}",
    rf"{_WEEKDAY}{_DAY}\s{{1,2}}{_MONTH}{_YEAR}",
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)\b",
    _STROKES,
)
_PATTERNS: Final = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _DATES)
# One date, without groups, to stand within other patterns.
DATE: Final = re.sub(r"\?P<\w+>", "?:", f"(?i:{'|'.join(_DATES)})")
_MONTHS: Final = "janfebmaraprmayjunjulaugsepoctnovdec"


def is_date(words: str) -> bool:
    """Say whether `words` are a date and nothing else."""
    return any(pattern.fullmatch(words) for pattern in _PATTERNS)


def resolve_date(words: str, *, near: date) -> date | None:
    """Return the day that `words` name, or None when there is no such day.

    Of two numbers with a stroke either may be the month, and the year may be missing: what is
    left open is decided by what is nearest to `near`.
    """
    for pattern in _PATTERNS:
        if match := pattern.fullmatch(words):
            break
    else:
        return None
    year, month, day = match["year"], match["month"], int(match["day"])
    if year:
        years = [int(year) if len(year) == len("2019") else 2000 + int(year)]
    else:
        years = [near.year - 1, near.year, near.year + 1]
    if month.isdigit():
        orders = [(int(month), day), (day, int(month))] if "/" in words else [(int(month), day)]
    else:
        orders = [(_MONTHS.index(month[:3].lower()) // 3 + 1, day)]
    days = [found for y in years for m, d in orders if (found := _day(y, m, d))]
    return min(days, key=lambda found: abs(found - near), default=None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:  # 30 February, or the year 0
        return None
