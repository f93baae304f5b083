"""Reads labelled files; the shape is told from the file.

names      JSON lines `text, spans [[start, end, type]]`, types of any scheme below; or CoNLL,
a token and its BIO tag a line, an empty line after each sentence
topics     JSON lines `text, primary, acceptable` with ids of Media Topics of the first level,
or `text, label` with a label below
articles   JSON lines with `text`
"""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from tests.benchmarks.quality.scoring import Name

_TYPES: Final = {
    "person": ("person", "per", "politician"),
    "place": ("location", "loc", "gpe", "facility", "fac", "country"),
    # `group` is WNUT17's: bands, clubs, companies.
    "organisation": (
        *("organisation", "organization", "org"),
        *("politicalparty", "corporation", "group"),
    ),
    "group": ("norp",),
    "other": ("misc", "product", "event", "election", "creative-work", "law", "work_of_art"),
}
_TYPE_OF: Final = {label: kind for kind, labels in _TYPES.items() for label in labels}
_LABELS: Final = {
    "business": "medtop:04000000",
    "entertainment": "medtop:01000000",
    "health": "medtop:07000000",
    "politics": "medtop:11000000",
    "sports": "medtop:15000000",
    "technology": "medtop:13000000",
}
_TOGETHER: Final = 10  # sentences that CoNLL files, which name no articles, are read in at once


_Text = TypeVar("_Text")
_Row = tuple[int, dict[str, Any]]  # number of the line, and what it holds


class UnreadableFile(ValueError):  # noqa: N818 (reads as the state it names)
    """A file of none of the shapes; the text says which, where and why."""


class NamedText(NamedTuple):
    """A text and the names that people marked in it, types as Newsflow's."""

    text: str
    names: frozenset[Name]


class TopicText(NamedTuple):
    """A text and the topics that people chose, `among` some or all of the first level."""

    text: str
    primary: str
    acceptable: frozenset[str]
    among: frozenset[str] | None


def type_of(label: str) -> str | None:
    """Return Newsflow's type for a label of any scheme; None for dates and amounts."""
    return _TYPE_OF.get(label.lower())


def named_texts(file: Path, *, limit: int | None = None) -> list[NamedText]:
    """Read names; raise UnreadableFile."""
    read = _marked_lines if _is_json(_lines(file)) else _tagged_sentences
    return _some(file, read(file), limit)


def topic_texts(file: Path, *, limit: int | None = None) -> list[TopicText]:
    """Read topics; raise UnreadableFile."""
    return _some(file, _topics(file), limit)


def texts(file: Path, *, limit: int | None = None, least: int = 1) -> list[str]:
    """Read articles, at least `least`; raise UnreadableFile."""
    some = _some(file, (row["text"].strip() for _, row in _rows(file)), limit)
    return some if len(some) >= least else _refuse(file, f"{len(some)} texts, at least {least}")


def _some(file: Path, read: Iterable[_Text], limit: int | None) -> list[_Text]:
    return list(islice(read, limit)) or _refuse(file, "it is empty")


def _lines(file: Path) -> list[str]:
    try:
        # Not splitlines(): a text may hold U+2028 and its like.
        return file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError:
        _refuse(file, "not UTF-8")
    except OSError as error:
        _refuse(file, error.strerror or str(error))


def _is_json(lines: Iterable[str]) -> bool:
    return next((line.lstrip().startswith("{") for line in lines if line.strip()), False)


def _rows(file: Path) -> Iterator[_Row]:
    for number, line in enumerate(_lines(file), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            _refuse(file, f"line {number}: not JSON: {error.msg}")
        if not isinstance(row, dict) or not isinstance(row.get("text"), str):
            _refuse(file, f"line {number}: no JSON object with a `text`")
        yield number, row


def _marked_lines(file: Path) -> Iterator[NamedText]:
    for number, row in _rows(file):
        # As RawArticle keeps a text, so that offsets count alike: no blanks around it, no CR.
        text = row["text"].replace("\r\n", " \n").replace("\r", "\n")
        before = len(text) - len(text.lstrip())
        try:
            spans = [(int(start), int(end), type_of(label)) for start, end, label in row["spans"]]
        except (KeyError, TypeError, ValueError, AttributeError):
            _refuse(file, f"line {number}: no `spans` of [start, end, type]")
        if not all(0 <= start < end <= len(text) for start, end, _ in spans):
            _refuse(file, f"line {number}: a span that is not in the text")
        names = ((start - before, end - before, kind) for start, end, kind in spans if kind)
        yield NamedText(text.strip(), frozenset(names))


def _tagged_sentences(file: Path) -> Iterator[NamedText]:
    """Yield texts of ten sentences, a paragraph each, their tokens joined by blanks."""
    sentences = _sentences(file)
    while together := list(islice(sentences, _TOGETHER)):
        text, names = "", set[Name]()
        for tokens in together:
            sentence = _joined(tokens, start=len(text))
            text += f"{sentence.text}\n"
            names |= sentence.names
        yield NamedText(text.rstrip("\n"), frozenset(names))


def _sentences(file: Path) -> Iterator[list[tuple[str, str]]]:
    sentence: list[tuple[str, str]] = []
    for number, line in enumerate([*_lines(file), ""], start=1):
        match line.split():
            case []:
                if sentence:
                    yield sentence
                sentence = []
            case [token, *_, tag] if tag == "O" or tag.startswith(("B-", "I-")):
                sentence.append((token, tag))
            case _:
                _refuse(file, f"line {number}: neither JSON nor a token and its BIO tag")


def _joined(tokens: Iterable[tuple[str, str]], *, start: int) -> NamedText:
    """Return the sentence that begins at `start` of a text; an `I-` of another type begins."""
    words: list[str] = []
    names: list[tuple[int, int, str]] = []
    here, open_label = start, ""
    for word, tag in tokens:
        begins, label = tag.startswith("B-") or tag[2:] != open_label, tag[2:]
        if label and not begins:
            names[-1] = (names[-1][0], here + len(word), label)
        elif label:
            names.append((here, here + len(word), label))
        open_label = label
        words.append(word)
        here += len(word) + 1
    marked = ((first, end, type_of(label)) for first, end, label in names)
    return NamedText(
        " ".join(words), frozenset((first, end, kind) for first, end, kind in marked if kind)
    )


def _topics(file: Path) -> Iterator[TopicText]:
    for number, row in _rows(file):
        text = row["text"]
        match row:
            case {"primary": str(primary), "acceptable": list(acceptable)}:
                yield TopicText(text, primary, frozenset([primary, *acceptable]), among=None)
            case {"label": str(label)} if label in _LABELS:
                topic = _LABELS[label]
                yield TopicText(text, topic, frozenset([topic]), frozenset(_LABELS.values()))
            case _:
                labels = ", ".join(sorted(_LABELS))
                _refuse(
                    file, f"line {number}: neither `primary`, `acceptable` nor `label`: {labels}"
                )


def _refuse(file: Path, why: str) -> NoReturn:
    msg = f"could not read {file}: {why}"
    raise UnreadableFile(msg)
