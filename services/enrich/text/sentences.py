"""Where a sentence ends, well enough for the words around a quotation. Pure."""

import re
from collections.abc import Iterator
from typing import Final

_END: Final = re.compile("[.!?][\"\u201d'\u2019)]{0,3}(?=\\s|$)|\n")
_ABBREVIATED: Final = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Gov|Sen|Rep|Lt|Col|Maj|Capt|Sgt|St|Jr|Sr|Rev|Hon|No|Inc|Ltd|Co)"
    r"|\b[A-Z])$"
)


def sentence_end(text: str, start: int, stop: int) -> int:
    """Return where the sentence ends that goes on at `start`, `stop` if it does not before."""
    return next((end.start() for end in _ends(text, start, stop)), stop)


def sentence_start(text: str, start: int, stop: int) -> int | None:
    """Return where the sentence begins that `stop` is in, None if that is before `start`."""
    begin = None
    for end in _ends(text, start, stop):
        begin = end.end()
    return begin


def _ends(text: str, start: int, stop: int) -> Iterator[re.Match[str]]:
    for end in _END.finditer(text, start, stop):
        if end[0] != "." or not _ABBREVIATED.search(text, max(start, end.start() - 5), end.start()):
            yield end


def previous_start(text: str, start: int, stop: int) -> int:
    """Return where the sentence before the one that begins at `stop` begins, at least `start`."""
    end = start + len(text[start:stop].rstrip())
    return max(
        (at for match in _ends(text, start, stop) if (at := match.end()) < end), default=start
    )
