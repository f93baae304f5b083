"""Reasons for people, brought together by their kind. Pure."""

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

_GIVEN: Final = re.compile(r", got .*?(?=; `|; and \d|$)", re.DOTALL)  # as wire.py writes it
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER: Final = re.compile(r"\d[\d.,]*")
_MOST: Final = 300  # characters: what is behind tells kinds no better apart


def kind_of(reason: str) -> str:
    """Return `reason` without what differs from article to article.

    What was given goes, numbers are `N`, quoted words `'…'`; names in backticks stay.
    """
    text = _GIVEN.sub("", reason[: 4 * _MOST])
    return _NUMBER.sub("N", _QUOTED.sub("'…'", text))[:_MOST]


def commonest(reasons: Iterable[str]) -> str | None:
    """Return the kind that most of `reasons` are of; None when there are none."""
    found = Counter(map(kind_of, reasons)).most_common(1)
    return found[0][0] if found else None
