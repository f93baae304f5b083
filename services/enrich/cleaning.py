"""What of an article's text is the story, and what stands around it. Pure.

    headline   the publisher's first line, or a first line that reads like one
    dateline   where the first paragraph says where, when and by whom (dateline.py)
    story      all but the dateline and the footer: what is read for entities and topics
    footer     the publisher's own words at the end, from the first paragraph that opens like one

Only English is told apart like that.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from services.enrich.dateline import Bureaus, Opening, read_dateline
from shared.messages import RawArticle, Span

_PARAGRAPH: Final = re.compile(r"\S[^\n]*")
_FULL_STOP: Final = re.compile(r"\.[\"'\u2019\u201d)\]]?$")
_LONGEST_HEADLINE: Final = 180  # characters; the longest of 1,189 BBC headlines has 124
_BYLINE: Final = re.compile(r"by\s\S.{0,78}$", re.IGNORECASE)
_LATE: Final = 0.75  # of the text: from here a line that may also part a story closes it


@dataclass(frozen=True, slots=True)
class Footers:
    """How a publisher's footer opens, see data/wire.toml."""

    anywhere: re.Pattern[str]
    late: re.Pattern[str]


class Parts(NamedTuple):
    """Where the parts of an article stand in its text."""

    headline: Span | None
    opening: Opening | None
    story: tuple[Span, ...]
    footer: Span | None


class _Line(NamedTuple):
    """A paragraph without the blanks around it. A Span would take ten times the memory."""

    start: int
    end: int


def footers_of(*, anywhere: Iterable[str], late: Iterable[str]) -> Footers:
    """Return how to know a footer by its first words; a `*` stands for up to 40 characters."""
    return Footers(_opening_with(anywhere), _opening_with(late))


def parts_of(article: RawArticle, *, bureaus: Bureaus, closings: Footers) -> Parts:
    """Tell the parts of an English article; its own time decides a dateline's missing year."""
    text = article.text
    paragraphs = _paragraphs(text)
    headline = _headline(article, paragraphs, bureaus)
    body = paragraphs[1:] if headline else paragraphs
    opening = _opening(text, body, bureaus, near=_written(article))
    footer = _footer(text, body[1:], closings)
    end = footer.start if footer else len(text)
    story = [Span(start=0, end=end)]
    if opening:
        story = [Span(start=0, end=opening.dateline.start), Span(start=opening.story, end=end)]
    return Parts(headline, opening, tuple(part for part in story if part.start < part.end), footer)


def whole(article: RawArticle, *, bureaus: Bureaus) -> Parts:
    """Return an article in a language that is not read: a headline perhaps, the rest is story."""
    headline = _headline(article, _paragraphs(article.text), bureaus)
    return Parts(headline, None, (Span(start=0, end=len(article.text)),), None)


def _opening_with(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_opening_pattern, phrases)), re.IGNORECASE)


def _opening_pattern(phrase: str) -> str:
    pattern = r".{1,40}?".join(map(re.escape, phrase.split("*")))
    return rf"{pattern}\b" if phrase[-1].isalpha() else pattern  # `© 20` opens `© 2021`


def _paragraphs(text: str) -> list[_Line]:
    return [
        _Line(line.start(), line.start() + len(line[0].rstrip()))
        for line in _PARAGRAPH.finditer(text)
    ]


def _written(article: RawArticle) -> date:
    return (article.published_at or article.updated_at or article.received_at).date()


def _headline(article: RawArticle, paragraphs: Sequence[_Line], bureaus: Bureaus) -> Span | None:
    """Return the first line if the publisher calls it the headline, or if it reads like one.

    It does when a story follows and it is short, has no full stop and no dateline of its own.
    """
    if article.headline:
        return Span(start=paragraphs[0].start, end=paragraphs[0].end)
    if len(paragraphs) < 2:  # noqa: PLR2004 (a headline and a story)
        return None
    first = paragraphs[0]
    line = article.text[first.start : first.end]
    if len(line) > _LONGEST_HEADLINE or _FULL_STOP.search(line):
        return None
    opening = read_dateline(line, 0, len(line), bureaus=bureaus, near=_written(article))
    if opening and (opening.dateline.date or opening.dateline.agencies):
        return None
    return Span(start=first.start, end=first.end)


def _opening(text: str, body: Sequence[_Line], bureaus: Bureaus, *, near: date) -> Opening | None:
    """Read the dateline of the first paragraph that is no byline."""
    for paragraph in body[:3]:
        if _BYLINE.match(text, paragraph.start, paragraph.end):
            continue
        return read_dateline(text, paragraph.start, paragraph.end, bureaus=bureaus, near=near)
    return None


def _footer(text: str, paragraphs: Sequence[_Line], closings: Footers) -> Span | None:
    late = len(text) * _LATE
    for paragraph in paragraphs:
        start, end = paragraph.start, paragraph.end
        if closings.anywhere.match(text, start, end) or (
            start >= late and closings.late.match(text, start, end)
        ):
            return Span(start=start, end=paragraphs[-1].end)
    return None
