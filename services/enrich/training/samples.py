"""Words with the names among them: what is learned from. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

LABELS: Final = ("LOC", "MISC", "NORP", "ORG", "PER")


class Word(NamedTuple):
    """A word as spaCy cuts it, and whether a blank follows."""

    text: str
    blank: bool


class Name(NamedTuple):
    """Words from `start` up to, not including, `end`, and what they name: one of LABELS."""

    start: int
    end: int
    label: str


class Sample(NamedTuple):
    """A stretch of text; its names are in order and do not overlap."""

    words: tuple[Word, ...]
    names: tuple[Name, ...]


Span = tuple[int, int, str]  # start, end in characters; label
Tokenize = Callable[[str], tuple[Word, ...]]


def text_of(words: Iterable[Word]) -> str:
    """Return the text that `words` were cut from."""
    return "".join(word.text + " " * word.blank for word in words)


def sample_of(text: str, spans: Iterable[Span], tokenize: Tokenize) -> Sample:
    """Cut `text` into words, and find the words of each span: those within it, else that touch it.

    A span that overlaps one before it, or touches no word, is passed over.
    """
    words = tokenize(text)
    starts: list[int] = []
    position = 0
    for word in words:
        starts.append(position)
        position += len(word.text) + word.blank
    ends = [start + len(word.text) for start, word in zip(starts, words, strict=True)]
    names: list[Name] = []
    for start, end, label in sorted(spans):
        touched = [i for i in range(len(words)) if starts[i] < end and ends[i] > start]
        within = [i for i in touched if start <= starts[i] and ends[i] <= end] or touched
        if within and (not names or within[0] >= names[-1].end):
            names.append(Name(within[0], within[-1] + 1, label))
    return Sample(words, tuple(names))


def spans_of(sample: Sample) -> Iterator[Span]:
    """Return the names of `sample` as they stand in `text_of(sample.words)`."""
    starts = [0]
    for word in sample.words:
        starts.append(starts[-1] + len(word.text) + word.blank)
    for start, end, label in sample.names:
        yield starts[start], starts[end - 1] + len(sample.words[end - 1].text), label


def cut(sample: Sample, longest: int) -> Iterator[Sample]:
    """Cut `sample` into pieces of `longest` words, a little longer rather than through a name."""
    start = 0
    while start < len(sample.words):
        end = min(len(sample.words), start + longest)
        end = max([end, *(name.end for name in sample.names if name.start < end < name.end)])
        yield Sample(
            sample.words[start:end],
            tuple(
                Name(name.start - start, name.end - start, name.label)
                for name in sample.names
                if start <= name.start < end
            ),
        )
        start = end


def join(samples: Sequence[Sample]) -> Sample:
    """Put samples one after the other."""
    words: list[Word] = []
    names: list[Name] = []
    for sample in samples:
        offset = len(words)
        words += sample.words
        names += [Name(a + offset, b + offset, label) for a, b, label in sample.names]
    return Sample(tuple(words), tuple(names))
