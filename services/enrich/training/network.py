"""Writes the network of a trained pipeline for onnxruntime.

    python -m services.enrich.training.network services/enrich/models/ner-newswire

It reads the weights of the pipeline's `ner` and writes, beside them, `network.float32.onnx` and
`network.int8.onnx`, which services/enrich/entities/network.py runs. To be run again after each
training; tests/unit/enrich/test_network.py holds both to spaCy's own answers.

    rows    (tokens, 96)   embeddings of one text, made by spaCy
    four times: each row with its neighbours, maxout of 3, layer norm, added to the row
    words   (tokens, 64)   what the parser reads of each token
    scores  (tokens, moves)   of each move of the parser while no name is open
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import onnx
import spacy
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from thinc.api import Model

from services.enrich.entities.network import weights_of

Layer = Model[Any, Any]
Numbers = NDArray[Any]

_AROUND: Final = 4  # empty rows before and after a text, as thinc's `with_array(pad=4)`
_OPSET: Final = 18
_IR_VERSION: Final = 9  # read by every onnxruntime since 1.16
_NAMES: Final = ("network.float32.onnx", "network.int8.onnx")


def main() -> None:
    """Write both files into the folder that is named."""
    parser = argparse.ArgumentParser(prog="python -m services.enrich.training.network")
    parser.add_argument("folder", type=Path, help="a spaCy pipeline with a component `ner`")
    folder: Path = parser.parse_args().folder
    graph = _Graph()
    model = graph.of(spacy.load(folder).get_pipe("ner").model)  # type: ignore[attr-defined]
    exact, quick = (folder / name for name in _NAMES)
    onnx.save(model, exact)
    with TemporaryDirectory() as scratch:
        quantize_dynamic(
            exact,
            Path(scratch) / "network.onnx",
            weight_type=QuantType.QInt8,
            per_channel=True,
            # What chooses the moves stays exact: it is small, and its errors would be names.
            nodes_to_exclude=["to_hidden", "to_scores"],
        )
        quick.write_bytes((Path(scratch) / "network.onnx").read_bytes())


class _Graph:
    """An ONNX graph that is put together node by node."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []

    def of(self, network: Layer) -> onnx.ModelProto:
        """Return the network of a spaCy `ner`: Tok2Vec, then the parser's first move."""
        encoder = network.get_ref("tok2vec").layers[0].layers[1].layers[0]
        projection = network.get_ref("tok2vec").layers[2]
        at = self._pad("rows", _AROUND)
        for layer in encoder.layers:
            at = self._convolution(layer.layers[0], at)
        at = self._slice(at, _AROUND, -_AROUND)
        weights, bias = weights_of(projection, "W").T, weights_of(projection, "b")
        words = self._affine(at, weights, bias, name="to_words", out="words")
        self._first_move(words, network.get_ref("lower"), network.get_ref("upper"))
        graph = helper.make_graph(
            self._nodes,
            "network",
            [helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["tokens", 96])],
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["tokens", width])
                for name, width in (("words", 64), ("scores", "moves"))
            ],
            self._weights,
        )
        opsets = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model

    def _convolution(self, block: Layer, rows: str) -> str:
        """Add one residual layer: window of three rows, maxout, layer norm."""
        maxout, norm = block.layers[1].layers[0].layers
        outs, pieces, ins = weights_of(maxout, "W").shape
        padded = self._pad(rows, 1)
        window = self._add(
            "Concat",
            [self._slice(padded, 0, -2), rows, self._slice(padded, 2, None)],
            axis=1,
        )
        # One column a piece and output, all outputs of a piece together.
        weights = weights_of(maxout, "W").transpose(1, 0, 2).reshape(pieces * outs, ins).T
        mixed = self._affine(window, weights, weights_of(maxout, "b").T.reshape(-1))
        greatest = self._greatest(mixed, [-1, pieces, outs], axis=1)
        scale, shift = (self._weight(weights_of(norm, name)) for name in ("G", "b"))
        normal = self._add("LayerNormalization", [greatest, scale, shift], axis=-1, epsilon=1e-8)
        return self._add("Add", [rows, normal])

    def _first_move(self, words: str, lower: Layer, upper: Layer) -> None:
        """Add the scores of the parser's moves where no name is open.

        Two of its three inputs are then the same for every token.
        """
        weights, padding = weights_of(lower, "W"), weights_of(lower, "pad")[0]
        outs, pieces = weights.shape[1:3]
        bias = padding[1] + padding[2] + weights_of(lower, "b")
        mixed = self._affine(
            words, weights[0].reshape(outs * pieces, -1).T, bias.reshape(-1), name="to_hidden"
        )
        hidden = self._greatest(mixed, [-1, outs, pieces], axis=2)
        self._affine(
            hidden, weights_of(upper, "W").T, weights_of(upper, "b"), name="to_scores", out="scores"
        )

    def _affine(
        self,
        rows: str,
        weights: Numbers,
        bias: Numbers,
        *,
        name: str | None = None,
        out: str | None = None,
    ) -> str:
        product = self._add("MatMul", [rows, self._weight(weights)], name=name)
        return self._add("Add", [product, self._weight(bias)], out=out)

    def _greatest(self, rows: str, shape: Sequence[int], *, axis: int) -> str:
        parted = self._add("Reshape", [rows, self._weight(np.array(shape, np.int64))])
        axes = self._weight(np.array([axis], np.int64))
        return self._add("ReduceMax", [parted, axes], keepdims=0)

    def _pad(self, rows: str, count: int) -> str:
        return self._add("Pad", [rows, self._weight(np.array([count, 0, count, 0], np.int64))])

    def _slice(self, rows: str, start: int, end: int | None) -> str:
        to = np.iinfo(np.int64).max if end is None else end
        bounds = [self._weight(np.array([number], np.int64)) for number in (start, to, 0)]
        return self._add("Slice", [rows, *bounds])

    def _weight(self, values: Numbers) -> str:
        name = f"weight{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add(
        self,
        kind: str,
        inputs: Sequence[str],
        *,
        name: str | None = None,
        out: str | None = None,
        **attributes: float,
    ) -> str:
        out = out or f"value{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [out], name=name or out, **attributes))
        return out


if __name__ == "__main__":
    main()
