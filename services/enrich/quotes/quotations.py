"""Where a text quotes: what stands between double quotation marks. Pure.

Straight and curly marks. One opens after a blank or a bracket and before a letter, one closes
after something; so an inch mark opens nothing. A paragraph that ends within a quotation goes on
in the next one, if that opens with a mark again; else the quotation is not closed, and is none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from services.enrich.text.footers import Line

_MARK: Final = re.compile('["\u201c\u201d\u201e]')
_BEFORE_OPENING: Final = frozenset(" \t\u00a0([{-\u2013\u2014:/'\u2018")


@dataclass(slots=True)
class Quotation:
    """Words within quotation marks: `text[start:end]`, the marks are just outside."""

    start: int
    end: int
    paragraph: Line
    goes_on: bool = False  # in the quotation that comes next
    is_more: bool = False  # of the quotation that came before

    @property
    def outer_end(self) -> int:
        """Return where what is behind the quotation begins."""
        return self.end if self.goes_on else self.end + 1


def quotations_of(text: str, paragraphs: Iterable[Line]) -> list[Quotation]:
    """Return the quotations in `paragraphs` of `text`, in their order."""
    found: list[Quotation] = []
    for paragraph in paragraphs:
        here = list(_in_paragraph(text, paragraph))
        before = found[-1] if found else None
        if before and before.goes_on:
            if here and here[0].start == paragraph.start + 1:
                here[0].is_more = True
            else:
                found.pop()
        found += here
    if found and found[-1].goes_on:
        found.pop()
    return found


def _in_paragraph(text: str, paragraph: Line) -> Iterator[Quotation]:
    opened: int | None = None
    for mark in _MARK.finditer(text, paragraph.start, paragraph.end):
        at = mark.start()
        opens, closes = _opens(text, at, paragraph), _closes(text, at, paragraph)
        if opened is None:
            opened = at + 1 if opens else None
        elif closes:
            if _says_something(text, opened, at):
                yield Quotation(opened, at, paragraph)
            opened = None
        elif opens:  # the one before was never closed
            opened = at + 1
    if opened is not None and _says_something(text, opened, paragraph.end):
        yield Quotation(opened, paragraph.end, paragraph, goes_on=True)


def _says_something(text: str, start: int, end: int) -> bool:
    return any(map(str.isalnum, text[start:end]))


def _opens(text: str, at: int, paragraph: Line) -> bool:
    if text[at] == "\u201d" or at + 1 >= paragraph.end or text[at + 1].isspace():
        return False
    if text[at] in "\u201c\u201e":
        return True
    return at == paragraph.start or text[at - 1] in _BEFORE_OPENING


def _closes(text: str, at: int, paragraph: Line) -> bool:
    if text[at] == "\u201e" or at == paragraph.start:
        return False
    if text[at] == "\u201d":
        return True
    return text[at] == '"' and not text[at - 1].isspace()
