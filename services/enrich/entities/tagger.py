"""Names in English text, found by the shipped weights or by any spaCy pipeline.

`OMP_NUM_THREADS` and `OPENBLAS_NUM_THREADS` must be 1 before numpy is first imported (the service's
`__main__` sets them): one process a core is faster than threads that wait for each other.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any, Final, Protocol

import spacy
from spacy.language import Language
from thinc.api import Model, NumpyOps

from services.enrich.entities.mentions import Tag
from services.enrich.entities.network import Arithmetic, Name, Network, best_arithmetic
from shared.messages import EntityType, Span, Tool

# The words of our weights, then those of spaCy's own English pipelines. Labels that are not here
# (dates, amounts, languages) are no entities.
_TYPES: Final[dict[str, EntityType]] = {
    "PER": "person",
    "ORG": "organisation",
    "LOC": "place",
    "NORP": "group",
    "MISC": "other",
    "PERSON": "person",
    "GPE": "place",
    "FAC": "place",
    "EVENT": "other",
    "LAW": "other",
    "PRODUCT": "other",
    "WORK_OF_ART": "other",
}
_NAMING: Final = frozenset(
    {"ner", "entity_ruler"}
)  # components that find names; others only cost time
_WEIGHTS: Final = Path(__file__).parent.parent / "models" / "ner-newswire"
_Piece = tuple[str, tuple[int, int]]  # what is tagged; the number of its story and its offset there

_BATCH: Final = 16  # pieces
_BATCH_SIZE: Final = 50_000  # characters: bounds the memory of a batch of long pieces
_LONGEST_PIECE: Final = 10_000  # characters
# spaCy's tokenizer takes quadratic time for what has no blank: 300,000 brackets took five minutes.
_NO_WORD: Final = re.compile(r"(?<!\S)\S{256,}")
_OPENBLAS: Final = NumpyOps(use_blis=False)


class Reader(Protocol):
    """What finds names in texts: services/enrich/entities/network.py, or any spaCy pipeline."""

    def read(self, texts: Sequence[str]) -> list[list[Name]]:
        """Return the names in each text, first to last; what one holds depends on it alone."""


class Tagger:
    """Finds the names in stories, of any length.

    Long texts are read in pieces of 10,000 characters, cut where a paragraph ends if one does,
    else between words. spaCy's limit of 1,000,000 characters is never met, memory does not grow
    with the length of an article, and the interpreter is let go often enough for an event loop
    in another thread.
    """

    def __init__(self, reader: Reader, tool: Tool) -> None:
        self.tool = tool
        self._reader = reader
        self._one_at_a_time = Lock()  # readers keep words that they have seen

    def tag(self, stories: Sequence[tuple[str, Sequence[Span]]]) -> list[list[Tag]]:
        """Return the names in each story: a text, and the ranges of it that are to be read.

        Offsets count in the text.
        """
        found: list[list[Tag]] = [[] for _ in stories]
        pieces = (
            (_NO_WORD.sub(_blank, text[start:end]), (number, start))
            for number, (text, ranges) in enumerate(stories)
            for span in ranges
            for start, end in _pieces(text, span.start, span.end)
        )
        with self._one_at_a_time:
            for batch in _batches(pieces):
                names = self._reader.read([text for text, _ in batch])
                for (_, (number, offset)), named in zip(batch, names, strict=True):
                    found[number].extend(
                        Tag(offset + name.start, offset + name.end, kind)
                        for name in named
                        if (kind := _TYPES.get(name.label))
                    )
        return found


class _Pipeline:
    """A spaCy pipeline, reduced to what finds names and set to the fastest arithmetic."""

    def __init__(self, pipeline: Language) -> None:
        for name, component in pipeline.pipeline:
            feeds = getattr(component, "listening_components", ())
            if name not in _NAMING and _NAMING.isdisjoint(feeds):
                pipeline.remove_pipe(name)
            elif isinstance(network := getattr(component, "model", None), Model):
                _hurry(network)
        self._pipeline = pipeline

    def read(self, texts: Sequence[str]) -> list[list[Name]]:
        # Without a zone, spaCy keeps every new word it reads for as long as it lives.
        with self._pipeline.memory_zone():
            return [
                [Name(name.start_char, name.end_char, name.label_) for name in doc.ents]
                for doc in self._pipeline.pipe(texts, batch_size=_BATCH)
            ]


def load_tagger(model: str | None = None, *, arithmetic: Arithmetic | None = None) -> Tagger:
    """Read the shipped weights, or a spaCy pipeline: a folder, or the name of an installed package.

    `arithmetic` is that of the shipped weights; without one, what this processor is faster at.
    Raise OSError when there is no such pipeline, ValueError when it finds no names.
    """
    if model is None:
        arithmetic = arithmetic or best_arithmetic()
        meta = json.loads((_WEIGHTS / "meta.json").read_text(encoding="utf-8"))
        tool = Tool(name=meta["name"], version=f"{meta['version']}.{arithmetic}")
        return Tagger(Network(_WEIGHTS, arithmetic=arithmetic), tool)
    pipeline = spacy.load(model)
    if _NAMING.isdisjoint(pipeline.pipe_names):
        msg = f"the spaCy pipeline finds no names, it has no `ner`: {model}"
        raise ValueError(msg)
    tool = Tool(name=pipeline.meta["name"], version=pipeline.meta["version"])
    return Tagger(_Pipeline(pipeline), tool)


def _hurry(model: Model[Any, Any]) -> None:
    """Multiply matrices by OpenBLAS: 1.5 times as fast as spaCy's default, same entities."""
    for node in model.walk():
        if isinstance(node.ops, NumpyOps):
            node.ops = _OPENBLAS


def _batches(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    batch: list[_Piece] = []
    size = 0
    for piece in pieces:
        if len(batch) == _BATCH or size + len(piece[0]) > _BATCH_SIZE:
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += len(piece[0])
    if batch:
        yield batch


def _blank(run: re.Match[str]) -> str:
    return " " * len(run[0])


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while end - start > _LONGEST_PIECE:
        limit = start + _LONGEST_PIECE
        cut = text.rfind("\n", start + 1, limit)
        if cut < 0:
            cut = text.rfind(" ", start + 1, limit)
        if cut < 0:
            cut = limit
        yield start, cut
        start = cut
    yield start, end
