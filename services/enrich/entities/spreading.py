"""Names that the tagger saw in some places of a text and missed in others. Pure."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.enrich.entities.tags import Named, Tag
from services.enrich.phrases import is_whole
from shared.messages import Span

_OFTEN_ENOUGH: Final = 2  # mentions
_SHORTEST: Final = 3  # characters
_MOST: Final = 100  # names that are looked for: a text of a thousand takes no longer by the word
_SPREAD: Final = frozenset({"person", "organisation", "place"})
_GOES_ON: Final = re.compile(r"[ -][A-Z]|-\w")  # a longer name than the one that is known
_BEGAN: Final = re.compile(r"(?<![.!?:\n\"\u201c]\s)(?<![\n\"\u201c])\b[A-Z][\w'\u2019]{0,30}[ -]$")
_WORD: Final = 34  # characters before a name that tell whether it began earlier


def spread(text: str, names: Sequence[Named], *, story: Iterable[Span]) -> Iterator[Tag]:
    """Yield where names seen twice stand again: whole, written alike, in no longer name.

    `names` are in the order of the text and apart; what is yielded overlaps none of them. The
    hundred most frequent names are looked for.
    """
    counts = Counter((name.text, name.tag.type) for name in names)
    starts = [name.tag.start for name in names]
    often = {
        written: kind
        for (written, kind), count in counts.most_common(_MOST)
        if count >= _OFTEN_ENOUGH and kind in _SPREAD and len(written) >= _SHORTEST
    }
    for name, kind in often.items():
        for start in _occurrences(text, name, story):
            end = start + len(name)
            before = bisect_left(starts, end) - 1
            is_free = before < 0 or names[before].tag.end <= start
            if is_free and is_whole(text, start, end) and not _is_part(text, start, end):
                yield Tag(start, end, kind)


def _occurrences(text: str, name: str, story: Iterable[Span]) -> Iterator[int]:
    for part in story:
        at = text.find(name, part.start, part.end)
        while at >= 0:
            yield at
            at = text.find(name, at + len(name), part.end)


def _is_part(text: str, start: int, end: int) -> bool:
    """Say whether capitals around text[start:end] make a longer name of it."""
    return bool(_GOES_ON.match(text, end) or _BEGAN.search(text, max(0, start - _WORD), start))
