"""Two versions of an article side by side, with what differs marked. Pure.

Paragraphs are laid beside each other first, then the words of those that took each other's place:
so that a long text costs little more than a short one.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from services.store.documents import Document

_WORDS: Final = re.compile(r"\s+|\w+|[^\w\s]")
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
    told = [_words(str(before.get(name) or ""), str(after.get(name) or "")) for name in _SHOWN]
    told = told[:1] + [row for row in told[1:] if row.differs]
    return told + _paragraphs(_lines(before), _lines(after))


def _lines(revision: Document) -> list[str]:
    return [line for line in revision["body"].split("\n") if line.strip()][:_MOST_PARAGRAPHS]


def _paragraphs(before: list[str], after: list[str]) -> list[Row]:
    rows: list[Row] = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            rows += [Row(same := _piece(one, differs=False), same) for one in before[a:b]]
            continue
        for at in range(max(b - a, d - c)):
            left = before[a + at] if a + at < b else ""
            right = after[c + at] if c + at < d else ""
            rows.append(_words(left, right))
    return rows


def _words(before: str, after: str) -> Row:
    left, right = _WORDS.findall(before), _WORDS.findall(after)
    if before == after or not before or not after or max(len(left), len(right)) > _MOST_WORDS:
        differs = before != after
        return Row(_piece(before, differs=differs), _piece(after, differs=differs))
    was: list[Piece] = []
    now: list[Piece] = []
    for what, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        was += _piece("".join(left[a:b]), differs=what != "equal")
        now += _piece("".join(right[c:d]), differs=what != "equal")
    return Row(was, now)


def _piece(text: str, *, differs: bool) -> list[Piece]:
    return [Piece(text, differs)] if text else []
