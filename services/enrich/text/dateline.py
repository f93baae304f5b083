"""The dateline of a wire story: where, when and by whom. Pure.

    Minsk, May 2 (BelTA/UNI) The ...           KABUL, Afghanistan (AP) — The ...
    CAIRO - 26 July 2022: The ...              MOSCOW, May 2. /TASS/. The ...
    SINGAPORE (May 6, 2021) — The ...          Tehran, IRNA - The ...
    KLANG: The ...     Durban — The ...        (Reuters) - The ...

The opening of a paragraph is read piece by piece, as far as it goes. It is a dateline when its
pieces are evidence enough and a dash, a colon or a closing bracket parts it from the story.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from services.enrich.names import PARTICLE, fold, proper_case
from services.enrich.text.dates import DATE, is_date, resolve_date
from shared.messages import Dateline, Span

_SHORT: Final = 4  # letters
_LONGEST: Final = 160  # characters: bounds the work, whatever the paragraph is

# No repetition is followed by what it could match itself, so that no text makes these backtrack.
_WORD: Final = r"[^\W\d_][\w.'\u2019]*(?:-[\w.'\u2019]+)*"
_BETWEEN: Final = r"(?!\s/[^/]{2,30}/)(?:\s?[,/&]\s?|\s{1,2})"  # ` /TASS/` is no list
_NAMES: Final = re.compile(rf"\s*((?!{DATE}){_WORD}(?:{_BETWEEN}(?!{DATE}){_WORD}){{0,8}})")
_PIECE: Final = re.compile(
    r"\s*(?:(?:--|[,.:\u2013\u2014-])\s*)?"
    rf"(?:(?P<date>{DATE})|[(](?P<round>[^()]{{2,60}})[)]|\[(?P<square>[^\][]{{2,40}})\]"
    r"|/(?P<slashes>[^/]{2,30})/|(?P<bare>[A-Z]{2,12}\b))"
)
_LIST: Final = re.compile(r"\s*(?:[,/&]|\band\b)\s*")
_SEPARATOR: Final = re.compile(r"\s*(?:\.?(?:--|[\u2013\u2014]|-(?=\s))|:(?=\s|$))\s*")
_BLANK: Final = re.compile(r"\.?(?:\s+|$)")


@dataclass(frozen=True, slots=True)
class Bureaus:
    """What a newsroom knows of datelines; every name is folded."""

    agencies: frozenset[str]
    cities: frozenset[str]
    not_places: frozenset[str]


class Opening(NamedTuple):
    """A dateline, where it names places and agencies, and where the story begins after it."""

    dateline: Dateline
    places: tuple[Span, ...]
    agencies: tuple[Span, ...]
    story: int


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was read so far of a line that may open with a dateline; offsets into the line."""

    end: int = 0
    where: tuple[Span, ...] = ()
    places: tuple[Span, ...] = ()
    agencies: tuple[Span, ...] = ()
    date: str | None = None
    bracket: bool = False


def read_dateline(
    text: str, start: int, end: int, *, bureaus: Bureaus, near: date
) -> Opening | None:
    """Read the dateline that the paragraph text[start:end] opens with, or None if there is none.

    A date without a year gets the year that brings it nearest to `near`; a day that does not
    exist is None. Places in capitals are given as a sentence writes them.
    """
    line = text[start : min(end, start + _LONGEST)]
    accepted: tuple[_Draft, int] | None = None
    for draft in _drafts(line, bureaus):
        if (story := _story_after(line, draft, bureaus)) is not None:
            accepted = draft, story
    if accepted is None:
        return None
    draft, story = accepted
    first = len(line) - len(line.lstrip())
    return Opening(
        Dateline(
            start=start + first,
            end=start + draft.end,
            text=line[first : draft.end],
            place=_place(line, draft.where),
            date=resolve_date(draft.date, near=near) if draft.date else None,
            agencies=tuple(_of(line, at) for at in draft.agencies),
        ),
        tuple(_moved(at, start) for at in draft.places),
        tuple(_moved(at, start) for at in draft.agencies),
        start + story,
    )


def _drafts(line: str, bureaus: Bureaus) -> Iterator[_Draft]:
    """Yield what the opening of `line` may be, each time with one piece more."""
    draft = _opening(line, bureaus)
    while draft is not None:
        yield draft
        piece = _PIECE.match(line, draft.end)
        draft = _with_piece(line, draft, piece, bureaus) if piece else None


def _opening(line: str, bureaus: Bureaus) -> _Draft | None:
    match = _NAMES.match(line)
    if match is None:
        return _Draft()
    if fold(match[1]) in bureaus.agencies:
        return _Draft(end=match.end(1), agencies=(_trimmed(line, *match.span(1)),))
    if not _may_be_places(match[1], bureaus):
        return None
    named = _listed(line, *match.span(1))
    agencies = [at for at in named[1:] if fold(_of(line, at)) in bureaus.agencies]
    places = tuple(at for at in named if at not in agencies)
    return _Draft(end=match.end(1), where=places, places=places, agencies=tuple(agencies))


def _may_be_places(names: str, bureaus: Bureaus) -> bool:
    words = re.split(r"[\s,/&]+", names)
    return (
        all(word[0].isupper() or PARTICLE.fullmatch(word) for word in words)
        and words[0][0].isupper()
        and not any(char.isdigit() for char in names)
        and fold(words[0]) not in bureaus.not_places
        and fold(names) not in bureaus.not_places
    )


def _with_piece(line: str, draft: _Draft, piece: re.Match[str], bureaus: Bureaus) -> _Draft | None:
    """Return `draft` with one piece more, or None when the piece belongs to no dateline."""
    kind = piece.lastgroup or ""
    start, end = piece.span(kind)
    bracket = kind not in {"date", "bare"}
    draft = replace(draft, end=piece.end(), bracket=bracket)
    words = piece[kind]
    if kind == "date" or is_date(words.strip()):
        return replace(draft, date=words.strip()) if draft.date is None else None
    named = _listed(line, start, end)
    known = any(fold(_of(line, at)) in bureaus.agencies for at in named)
    if kind == "square" or (kind == "round" and not known and not draft.places and words.isupper()):
        return replace(draft, places=draft.places + named, where=draft.where or named)
    if not known and kind == "bare":
        return None
    return replace(draft, agencies=draft.agencies + named)


def _story_after(line: str, draft: _Draft, bureaus: Bureaus) -> int | None:
    """Return where the story begins when `draft` is a whole dateline, else None."""
    known = any(fold(_of(line, at)) in bureaus.agencies for at in draft.agencies)
    certain = bool(draft.places) and (known or draft.date is not None)
    if separator := _SEPARATOR.match(line, draft.end):
        if certain or (known and not draft.places) or _is_place(line, draft, bureaus):
            return separator.end()
        return None
    if certain and ((draft.bracket and draft.agencies) or draft.end == len(line.rstrip())):
        blank = _BLANK.match(line, draft.end)
        return blank.end() if blank else None
    return None


def _is_place(line: str, draft: _Draft, bureaus: Bureaus) -> bool:
    """Say whether the names alone make a dateline: a well-known city, or in capitals.

    Short words in capitals are rather `NHS: ...` or `UK - ...` than a place.
    """
    if not draft.where:
        return False
    first = _of(line, draft.where[0])
    return fold(first) in bureaus.cities or (first.isupper() and len(first) > _SHORT)


def _place(line: str, where: tuple[Span, ...]) -> str | None:
    """Return the places as a sentence writes them, and what stands between them as it is."""
    if not where:
        return None
    parts, at = [], where[0].start
    for span in where:
        parts += [line[at : span.start], proper_case(_of(line, span))]
        at = span.end
    return "".join(parts)


def _listed(line: str, start: int, end: int) -> tuple[Span, ...]:
    """Return where the names of the list line[start:end] stand: `BelTA/UNI`, `AP and AFP`."""
    spans, at = [], start
    for comma in _LIST.finditer(line, start, end):
        spans.append(_trimmed(line, at, comma.start()))
        at = comma.end()
    spans.append(_trimmed(line, at, end))
    return tuple(span for span in spans if any(map(str.isalpha, _of(line, span))))


def _trimmed(line: str, start: int, end: int) -> Span:
    """Return the range without blanks around it or the full stop after it (but `D.C.`)."""
    part = line[start:end]
    start += len(part) - len(part.lstrip())
    part = part.strip()
    if part.endswith(".") and part.rpartition(" ")[2].count(".") == 1:
        part = part[:-1]
    return Span(start=start, end=start + len(part))


def _of(line: str, at: Span) -> str:
    return line[at.start : at.end]


def _moved(at: Span, by: int) -> Span:
    return Span(start=at.start + by, end=at.end + by)
