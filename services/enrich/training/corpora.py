"""Marked texts, read from a folder of `*.jsonl` and made alike.

A line is an object: `text`; `spans`, a list of [start, end, label]; `doc`, where it is from.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.enrich.training.samples import Sample, Span, Tokenize, cut, sample_of, text_of

_NEW_PARAGRAPH: Final = 3  # every third row opens one


class Source(NamedTuple):
    """A file, and how much of it a round reads: `share` 2 all of it twice, 0.5 half of it."""

    name: str
    share: float
    at_once: int = 1  # rows that make a sample; a single sentence knows little of its surroundings


def read(
    path: Path,
    *,
    at_once: int,
    longest: int,
    tokenize: Tokenize,
    places: Collection[str],
) -> list[Sample]:
    """Return what the file holds, in samples of about `longest` words.

    What is called like one of `places` is one, whatever the source says.
    """
    with path.open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        piece
        for text, spans in _together(rows, at_once)
        for piece in cut(_corrected(sample_of(text, spans, tokenize), places), longest)
    ]


def _together(rows: Sequence[dict[str, Any]], at_once: int) -> Iterator[tuple[str, list[Span]]]:
    """Yield the text and spans of `at_once` rows at a time."""
    for first in range(0, len(rows), at_once):
        text = ""
        spans: list[Span] = []
        for number, row in enumerate(rows[first : first + at_once], first):
            if text:
                text += "\n\n" if number % _NEW_PARAGRAPH == 0 else " "
            spans += [(a + len(text), b + len(text), label) for a, b, label in row["spans"]]
            text += row["text"]
        yield text, spans


def _corrected(sample: Sample, places: Collection[str]) -> Sample:
    """Return `sample` with countries as places: sources call them organisations now and then."""

    def label_of(start: int, end: int, label: str) -> str:
        called = text_of(sample.words[start:end]).strip()
        return "LOC" if label in {"PER", "ORG"} and called in places else label

    return sample._replace(
        names=tuple(name._replace(label=label_of(*name)) for name in sample.names)
    )
