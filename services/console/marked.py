"""The text of an article in pieces: what names an entity, what is dateline or footer. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from services.store.documents import Document

Region = Literal["", "dateline", "footer"]


class Piece(NamedTuple):
    """A part of a text, in one region, that names one entity or none."""

    text: str
    region: Region = ""
    entity: Mapping[str, Any] | None = None


class Stretch(NamedTuple):
    """The pieces of one region, one after the other."""

    region: Region
    pieces: Sequence[Piece]


def marked(article: Document) -> list[Stretch]:
    """Return the whole `text` of an article, in stretches; joined they are the text again.

    Of mentions that overlap, the first counts, of two that begin together the longer.
    """
    text: str = article["text"]
    regions = _regions(article)
    cuts = sorted({0, len(text), *(edge for start, end, _ in regions for edge in (start, end))})
    mentions = _mentions(article)
    stretches: list[Stretch] = []
    for start, end in pairwise(cuts):
        region: Region = next((name for a, b, name in regions if a <= start < b), "")
        stretches.append(Stretch(region, list(_pieces(text, start, end, region, mentions))))
    return stretches


def _regions(article: Document) -> list[tuple[int, int, Region]]:
    named: tuple[Region, ...] = ("dateline", "footer")
    found = [(article[name], name) for name in named if article.get(name)]
    return [(span["start"], span["end"], name) for span, name in found]


def _mentions(article: Document) -> list[tuple[int, int, Mapping[str, Any]]]:
    found = [
        (mention["start"], mention["end"], entity)
        for entity in article.get("entities", ())
        for mention in entity["mentions"]
    ]
    return sorted(found, key=lambda one: (one[0], -one[1]))


def _pieces(
    text: str,
    start: int,
    end: int,
    region: Region,
    mentions: Sequence[tuple[int, int, Mapping[str, Any]]],
) -> Iterator[Piece]:
    at = start
    for first, last, entity in mentions:
        begin, stop = max(first, at), min(last, end)
        if begin >= stop or first < at:
            continue
        if at < begin:
            yield Piece(text[at:begin], region)
        yield Piece(text[begin:stop], region, entity)
        at = stop
    if at < end:
        yield Piece(text[at:end], region)
