"""How well weights find names: exact spans of persons, organisations and places."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from services.enrich.training.samples import Span

# What the files that are measured with call them; what else they mark is not counted.
_LABELS: Final = {
    "Person": "PER",
    "person": "PER",
    "politician": "PER",
    "Organization": "ORG",
    "organisation": "ORG",
    "politicalparty": "ORG",
    "corporation": "ORG",
    "group": "ORG",
    "Location": "LOC",
    "Facility": "LOC",
    "country": "LOC",
    "location": "LOC",
}
COUNTED: Final = ("PER", "LOC", "ORG")

Text = tuple[str, frozenset[Span]]


class Score(NamedTuple):
    """Names that are right, wrong and missed."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when nothing is right."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def __str__(self) -> str:
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        return f"P {precision:.3f}  R {recall:.3f}  F1 {self.f1:.3f}"


def score(
    true: Sequence[Collection[Span]], found: Sequence[Collection[Span]], labels: Collection[str]
) -> Score:
    """Compare the names of each text that have one of `labels`."""
    right = wrong = missed = 0
    for names, answers in zip(true, found, strict=True):
        expected = {name for name in names if name[2] in labels}
        answered = {name for name in answers if name[2] in labels}
        right += len(expected & answered)
        wrong += len(answered - expected)
        missed += len(expected - answered)
    return Score(right, wrong, missed)


def marked_texts(path: Path) -> list[Text]:
    """Read texts with the names that people marked: JSON lines, or CoNLL, a sentence a text."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".conll":
        return list(_sentences(content))
    return [(row["text"], _counted(row["spans"])) for row in map(json.loads, content.splitlines())]


def _counted(names: Iterable[Span]) -> frozenset[Span]:
    return frozenset((start, end, _LABELS[kind]) for start, end, kind in names if kind in _LABELS)


def _sentences(content: str) -> Iterator[Text]:
    """Yield sentences of a word and its tag a line, words joined by blanks."""
    for lines in content.split("\n\n"):
        rows = [line.split() for line in lines.splitlines() if line.strip()]
        names: list[Span] = []
        position = 0
        for word, tag in rows:
            end = position + len(word)
            if tag.startswith("B-"):
                names.append((position, end, tag[2:]))
            elif tag.startswith("I-") and names:
                start, _, kind = names[-1]
                names[-1] = (start, end, kind)
            position = end + 1
        if rows:
            yield " ".join(word for word, _ in rows), _counted(names)
