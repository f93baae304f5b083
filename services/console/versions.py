"""Two versions of an article side by side, with what differs marked. Pure.

Paragraphs are laid beside each other first, then the words of those that took each other's place:
so that a long text costs little more than a short one. What a page may compare is bounded:
two texts of few words, said again and again, would take hours. What is beyond differs as a whole.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from typing import Final, NamedTuple

from services.store.documents import Document

# A blank belongs to the word behind it: by itself it would be compared with every other blank.
_WORDS: Final = re.compile(r"\s*(?:\w+|[^\w\s])|\s+")
_MOST_STEPS: Final = 1_000_000  # of a page, about half a second
_MOST_WORDS: Final = 2_000  # of a paragraph that are compared; a longer one differs as a whole
_MOST_PARAGRAPHS: Final = 2_000  # beyond, only the beginnings are compared
_SHOWN: Final = ("headline", "byline", "summary", "source", "pub_status")


class Piece(NamedTuple):
    """Part of a paragraph: whether the other version has it, too."""

    text: str
    differs: bool


class Row(NamedTuple):
    """A paragraph of the earlier version beside what stands there in the later; [] is nothing."""

    before: Sequence[Piece]
    after: Sequence[Piece]

    @property
    def differs(self) -> bool:
        return any(piece.differs for piece in (*self.before, *self.after))


def differences(before: Document, after: Document) -> list[Row]:
    """Return two revisions row by row: the headline, what else is told otherwise, the body."""
    steps = _Steps(_MOST_STEPS)
    told = [
        _words(str(before.get(name) or ""), str(after.get(name) or ""), steps) for name in _SHOWN
    ]
    told = told[:1] + [row for row in told[1:] if row.differs]
    return told + _paragraphs(_lines(before), _lines(after), steps)


@dataclass
class _Steps:
    """How many pairs of equal words or paragraphs may still be gone through."""

    left: int


class _Matcher(SequenceMatcher[str]):
    """Finds what two sequences have in common, as far as there are steps left."""

    b2j: dict[str, list[int]]  # where each stands in the later one

    def __init__(self, before: Sequence[str], after: Sequence[str], steps: _Steps) -> None:
        super().__init__(None, before, after, autojunk=False)
        self._before, self._steps = before, steps

    def find_longest_match(
        self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None
    ) -> Match:
        """Return the longest stretch that both have there; none where it would cost too much."""
        pairs = (1 + len(self.b2j.get(one, ())) for one in self._before[alo:ahi])
        if (cost := sum(pairs)) > self._steps.left:
            return Match(alo, blo, 0)
        self._steps.left -= cost
        return super().find_longest_match(alo, ahi, blo, bhi)


def _lines(revision: Document) -> list[str]:
    return [line for line in revision["body"].split("\n") if line.strip()][:_MOST_PARAGRAPHS]


def _paragraphs(before: list[str], after: list[str], steps: _Steps) -> list[Row]:
    rows: list[Row] = []
    for what, a, b, c, d in _Matcher(before, after, steps).get_opcodes():
        if what == "equal":
            rows += [Row(same := _piece(one, differs=False), same) for one in before[a:b]]
            continue
        for at in range(max(b - a, d - c)):
            left = before[a + at] if a + at < b else ""
            right = after[c + at] if c + at < d else ""
            rows.append(_words(left, right, steps))
    return rows


def _words(before: str, after: str, steps: _Steps) -> Row:
    left, right = _WORDS.findall(before), _WORDS.findall(after)
    if before == after or not before or not after or max(len(left), len(right)) > _MOST_WORDS:
        differs = before != after
        return Row(_piece(before, differs=differs), _piece(after, differs=differs))
    was: list[Piece] = []
    now: list[Piece] = []
    for what, a, b, c, d in _Matcher(left, right, steps).get_opcodes():
        was += _piece("".join(left[a:b]), differs=what != "equal")
        now += _piece("".join(right[c:d]), differs=what != "equal")
    return Row(was, now)


def _piece(text: str, *, differs: bool) -> list[Piece]:
    return [Piece(text, differs)] if text else []
