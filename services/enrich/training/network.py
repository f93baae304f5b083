"""The tagger's network: how it starts, learns, tags, and is written down.

Of the training it is the only file that imports spaCy. The network is the `ner` of spaCy's English
pipelines, of the same size: what runs the weights is written for just this one.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam, NumpyOps, fix_random_seed

from services.enrich.training.samples import Name, Sample, Word

_OPENBLAS: Final = NumpyOps(use_blis=False)
_SMALLEST: Final = 400  # words a step, growing to
_LARGEST: Final = 2500
_GROWTH: Final = 1.003
_LAST_RATE: Final = 0.6  # of the first, by a straight line; the average does what is left to do


def load(folder: str | Path) -> Language:
    """Read a network that learned before."""
    return hurried(spacy.load(folder))


def learn(
    pipeline: Language,
    samples: Iterator[Sample],
    *,
    words: int,
    rate: float,
    dropout: float,
    seed: int,
) -> None:
    """Let the network learn from `words` words of `samples`, then keep the average it went through.

    `rate` is Adam's, at the start.
    """
    fix_random_seed(seed)
    adam = Adam(rate, L2=0.01, grad_clip=1.0, use_averages=True, L2_is_weight_decay=True)
    done, size = 0, float(_SMALLEST)
    while done < words:
        batch: list[Example] = []
        taken = 0
        while taken < size:
            sample = next(samples)
            batch.append(_example(pipeline, sample))
            taken += len(sample.words)
        pipeline.update(batch, sgd=adam, drop=dropout)
        done += taken
        size = min(size * _GROWTH, _LARGEST)
        adam.learn_rate = rate * (1 - (1 - _LAST_RATE) * done / words)
    _set(pipeline, adam.averages)


def average(pipelines: Sequence[Language]) -> Language:
    """Return the first of `pipelines` with the mean of their weights; they have one origin."""
    nodes = [list(_model(pipeline).walk()) for pipeline in pipelines]
    for alike in zip(*nodes, strict=True):
        for parameter in alike[0].param_names:
            if alike[0].has_param(parameter):
                values = [node.get_param(parameter) for node in alike]
                alike[0].set_param(parameter, sum(values) / len(values))
    return pipelines[0]


def tag(pipeline: Language, samples: Sequence[Sample]) -> Iterator[Sample]:
    """Yield the samples with the names that the network finds in them."""
    docs = (_doc(pipeline, sample.words) for sample in samples)
    for sample, doc in zip(samples, pipeline.pipe(docs, batch_size=64), strict=True):
        names = tuple(Name(name.start, name.end, name.label_) for name in doc.ents)
        yield sample._replace(names=names)


def save(pipeline: Language, folder: Path, *, version: str) -> None:
    """Write the pipeline without its vocabulary, which holds every word that was read."""
    pipeline.meta.update(
        name="ner-newswire",
        version=version,
        description="Names in English newswire: PER, ORG, LOC, NORP, MISC. "
        "Trained for Newsflow; see MODEL_CARD.md.",
        author="Newsflow",
        license="MIT; sources in ATTRIBUTION.md",
    )
    pipeline.to_disk(folder, exclude=["vocab"])
    meta = folder / "meta.json"
    kept = json.loads(meta.read_text(encoding="utf-8"))
    for empty in ("email", "url", "spacy_git_version", "vectors", "performance"):
        kept.pop(empty, None)
    meta.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def words_of(text: str) -> tuple[Word, ...]:
    """Cut `text` into words as the network's own pipeline does."""
    return tuple(Word(token.text, bool(token.whitespace_)) for token in _TOKENIZER(text))


def hurried(pipeline: Language) -> Language:
    """Set the pipeline to the fastest arithmetic."""
    for node in _model(pipeline).walk():
        node.ops = _OPENBLAS
    return pipeline


_TOKENIZER: Final = spacy.blank("en").tokenizer


def _model(pipeline: Language) -> Any:  # noqa: ANN401 (thinc's models are untyped)
    component: Any = pipeline.get_pipe("ner")
    return component.model


def _set(pipeline: Language, averages: dict[tuple[int, str], Any]) -> None:
    for node in _model(pipeline).walk():
        for parameter in node.param_names:
            if (node.id, parameter) in averages:
                node.set_param(parameter, averages[node.id, parameter])


def _doc(pipeline: Language, words: Iterable[Word]) -> Doc:
    words = list(words)
    return Doc(
        pipeline.vocab,
        words=[word.text for word in words],
        spaces=[word.blank for word in words],
    )


def _example(pipeline: Language, sample: Sample) -> Example:
    reference = _doc(pipeline, sample.words)
    reference.ents = tuple(Span(reference, *name) for name in sample.names)
    return Example(_doc(pipeline, sample.words), reference)
