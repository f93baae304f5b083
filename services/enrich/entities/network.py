"""Names in English text by the shipped weights, several times as fast as spaCy runs them.

The answers are those of spaCy's own `ner` (Lample et al. 2016, transition-based), worked out in
another order:

    tokenize    by spaCy, which keeps the words it has seen until there are too many
    embed       by spaCy, once a word: an embedding depends on nothing but the word and its norm
    encode      by onnxruntime: training/network.py wrote the graph from the same weights
    parse       what the parser does with no name open depends on the token alone, so it is asked
                for all tokens at once; what it does within a name depends on where that began,
                so all names are followed together, word by word. spaCy asks a token at a time

A graph of 8-bit integers differs in about 4 of 1,000 names, and pays where the processor has
instructions for it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import onnxruntime
import spacy
from numpy.typing import NDArray
from spacy.attrs import IDX, IS_SPACE, LENGTH, NORM, ORTH
from spacy.tokens import Doc
from thinc.api import Model

Arithmetic = Literal["float32", "int8"]
Numbers = NDArray[np.float32]
Places = NDArray[np.int64]

_CPU_INFO: Final = Path("/proc/cpuinfo")
_INTEGER_DOT_PRODUCT: Final = frozenset({"avx512_vnni", "avx_vnni", "i8mm"})
_MOST_WORDS: Final = 150_000  # kept by the tokenizer, about 60 MB; then it starts anew
_MOST_EMBEDDINGS: Final = 50_000  # kept, 384 bytes each
_WIDTH: Final = 96
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 over the golden ratio: mixes two hashes to one


class Name(NamedTuple):
    """A name as the weights see it: a range of the text, and their own word for its type."""

    start: int
    end: int
    label: str


def best_arithmetic() -> Arithmetic:
    """Return `int8` where the processor multiplies 8-bit integers faster than floats."""
    try:
        flags = _CPU_INFO.read_text(encoding="ascii", errors="replace")
    except OSError:
        return "float32"
    return "float32" if _INTEGER_DOT_PRODUCT.isdisjoint(flags.split()) else "int8"


class Network:
    """The weights of a folder: a spaCy pipeline with `ner` alone, and its graphs beside it."""

    def __init__(self, folder: Path, *, arithmetic: Arithmetic) -> None:
        self._folder = folder
        self._pipeline = spacy.load(folder)
        ner: Any = self._pipeline.get_pipe("ner")
        self._embeddings = _Embeddings(ner.model.get_ref("tok2vec"))
        moves = [ner.moves.get_class_name(number) for number in range(ner.moves.n_moves)]
        self._parser = _Parser(ner.model, moves)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1  # one process a core
        self._graph = onnxruntime.InferenceSession(
            folder / f"network.{arithmetic}.onnx", options, providers=["CPUExecutionProvider"]
        )

    def read(self, texts: Sequence[str]) -> list[list[Name]]:
        """Return the names in each text, first to last."""
        if len(self._pipeline.vocab) > _MOST_WORDS:
            self._pipeline = spacy.load(self._folder)  # 0.3 s, every some ten thousand articles
        return [self._names(self._pipeline.make_doc(text)) for text in texts]

    def _names(self, doc: Doc) -> list[Name]:
        if not len(doc):
            return []
        rows = self._embeddings.of(doc)
        words, scores = self._graph.run(None, {"rows": rows})
        tokens = doc.to_array([IDX, LENGTH, IS_SPACE]).astype(np.int64)
        starts, ends = tokens[:, 0], tokens[:, 0] + tokens[:, 1]
        return [
            Name(int(starts[first]), int(ends[last]), label)
            for first, last, label in self._parser.names(words, scores, tokens[:, 2] > 0)
        ]


class _Embeddings:
    """What spaCy's embedding layers make of each word, worked out once."""

    def __init__(self, tok2vec: Model[Any, Any]) -> None:
        self._features, _, self._hashes, self._mixer, _ = tok2vec.layers[0].layers[0].layers
        self._rows: dict[int, int] = {}
        self._table: Numbers = np.zeros((4096, _WIDTH), np.float32)

    def of(self, doc: Doc) -> Numbers:
        """Return the embeddings of the tokens of `doc`, one a row."""
        hashes = doc.to_array([ORTH, NORM])
        words: list[int] = (hashes[:, 0] * _ODD + hashes[:, 1]).tolist()
        if len(self._rows) + len(words) > _MOST_EMBEDDINGS:
            self._rows.clear()
        unknown = {word: at for at, word in enumerate(words) if word not in self._rows}
        if unknown:
            self._add(doc, unknown)
        return self._table[[self._rows[word] for word in words]]

    def _add(self, doc: Doc, unknown: dict[int, int]) -> None:
        """Keep the embedding of each unknown word, at one of its places in `doc`."""
        first = len(self._rows)
        last = first + len(unknown)
        if last > len(self._table):
            larger = np.zeros((2 * last, _WIDTH), np.float32)
            larger[:first] = self._table[:first]
            self._table = larger
        features = self._features.predict([doc])[0][list(unknown.values())]
        self._table[first:last] = self._mixer.predict(self._hashes.predict(features))
        self._rows.update(zip(unknown, range(first, last), strict=True))


class _Parser:
    """What spaCy's parser decides, for all tokens of a text at once."""

    def __init__(self, model: Model[Any, Any], moves: Sequence[str]) -> None:
        """Take the weights of a `ner`, and its moves by their names: `O`, `B-LOC`, ..."""
        lower, upper = model.get_ref("lower"), model.get_ref("upper")
        self._inputs: Numbers = weights_of(lower, "W")
        self._bias: Numbers = weights_of(lower, "b")
        self._outputs: Numbers = weights_of(upper, "W")
        self._output_bias: Numbers = weights_of(upper, "b")
        self._labels = [name[2:] for name in moves]
        # Of moves of one score spaCy takes the first, so their order stays.
        free = [name != "U-" and name[0] in "BUO" for name in moves]
        self._free = np.flatnonzero(free)
        self._out = moves.index("O")
        self._begins = np.array([name[0] == "B" for name in moves])
        self._inside = np.array([_index(moves, f"I-{label}") for label in self._labels])
        self._last = np.array([_index(moves, f"L-{label}") for label in self._labels])

    def names(
        self, words: Numbers, scores: Numbers, is_space: NDArray[np.bool_]
    ) -> list[tuple[int, int, str]]:
        """Return first token, last token and label of each name, first to last."""
        free = scores[:, self._free]
        free[-1, self._begins[self._free]] = -np.inf  # no name begins at the end
        moves = self._free[free.argmax(1)]
        moves[is_space] = self._out
        firsts = np.flatnonzero(moves != self._out)
        lasts = firsts.copy()
        begun = np.flatnonzero(self._begins[moves[firsts]])
        lasts[begun] = self._lasts(words, firsts[begun], moves[firsts[begun]])
        names, after = [], 0
        for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True):
            if first >= after:
                names.append((first, last, self._labels[moves[first]]))
                after = last + 1
        return names

    def _lasts(self, words: Numbers, firsts: Places, moves: Places) -> Places:
        """Return where the names end that begin at `firsts` by `moves`."""
        lasts = np.full_like(firsts, len(words) - 1)
        begun = self._part(words[firsts], 1)
        open_ = np.arange(len(firsts))
        at = firsts + 1
        while (open_ := open_[at[open_] < len(words) - 1]).size:
            here = at[open_]
            mixed = self._part(words[here], 0) + begun[open_] + self._part(words[here - 1], 2)
            hidden = (mixed + self._bias).max(2)
            inside = self._score(hidden, self._inside[moves[open_]])
            goes_on = inside >= self._score(hidden, self._last[moves[open_]])
            lasts[open_[~goes_on]] = here[~goes_on]
            open_ = open_[goes_on]
            at[open_] += 1
        return lasts

    def _part(self, words: Numbers, number: int) -> Numbers:
        """Return what one of the parser's three inputs adds to its hidden layer."""
        _, outs, pieces, width = self._inputs.shape
        weights = self._inputs[number].reshape(outs * pieces, width)
        part: Numbers = (words @ weights.T).reshape(-1, outs, pieces)
        return part

    def _score(self, hidden: Numbers, moves: Places) -> Numbers:
        scores: Numbers = (hidden * self._outputs[moves]).sum(1) + self._output_bias[moves]
        return scores


def weights_of(model: Model[Any, Any], name: str) -> Numbers:
    """Return one of a layer's arrays."""
    weights: Numbers = np.asarray(model.get_param(name), np.float32)
    return weights


def _index(moves: Sequence[str], name: str) -> int:
    """Return the number of a move; that of no move for a label without it."""
    return moves.index(name) if name in moves else -1
