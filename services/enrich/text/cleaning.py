"""What of an article's text is the story, and what stands around it. Pure.

    headline   the publisher's first line, or a first line that reads like one
    dateline   where the first paragraph says where, when and by whom (dateline.py)
    story      all but the dateline and the footer: what is read for entities and topics
    footer     the publisher's own words at the end (footers.py)

Only English is told apart like that.
"""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from typing import Final, NamedTuple

from services.enrich.text.dateline import Bureaus, Opening, read_dateline
from services.enrich.text.footers import Footers, Line, footer_of, paragraphs_of
from shared.messages import RawArticle, Span

_FULL_STOP: Final = re.compile(r"\.[\"'\u2019\u201d)\]]?$")
_LONGEST_HEADLINE: Final = 180  # characters; the longest of 1,189 BBC headlines has 124
_BYLINE: Final = re.compile(r"by\s\S.{0,78}$", re.IGNORECASE)


class Parts(NamedTuple):
    """Where the parts of an article stand in its text."""

    headline: Span | None
    opening: Opening | None
    story: tuple[Span, ...]
    footer: Span | None


def parts_of(
    article: RawArticle,
    *,
    bureaus: Bureaus,
    closings: Footers,
    learned: AbstractSet[bytes] = frozenset(),
) -> Parts:
    """Tell the parts of an English article; its own time decides a dateline's missing year.

    `learned` are hashes of what its source puts under its articles (footers.Ending).
    """
    text = article.text
    paragraphs = paragraphs_of(text)
    headline = _headline(article, paragraphs, bureaus)
    body = paragraphs[1:] if headline else paragraphs
    opening = _opening(text, body, bureaus, near=_written(article))
    footer = footer_of(text, body, closings, learned)
    end = footer.start if footer else len(text)
    story = [Span(start=0, end=end)]
    if opening:
        story = [Span(start=0, end=opening.dateline.start), Span(start=opening.story, end=end)]
    return Parts(headline, opening, tuple(part for part in story if part.start < part.end), footer)


def whole(article: RawArticle, *, bureaus: Bureaus) -> Parts:
    """Return an article in a language that is not read: a headline perhaps, the rest is story."""
    headline = _headline(article, paragraphs_of(article.text), bureaus)
    return Parts(headline, None, (Span(start=0, end=len(article.text)),), None)


def _written(article: RawArticle) -> date:
    return (article.published_at or article.updated_at or article.received_at).date()


def _headline(article: RawArticle, paragraphs: Sequence[Line], bureaus: Bureaus) -> Span | None:
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


def _opening(text: str, body: Sequence[Line], bureaus: Bureaus, *, near: date) -> Opening | None:
    """Read the dateline of the first paragraph that is no byline."""
    for paragraph in body[:3]:
        if _BYLINE.match(text, paragraph.start, paragraph.end):
            continue
        return read_dateline(text, paragraph.start, paragraph.end, bureaus=bureaus, near=near)
    return None
