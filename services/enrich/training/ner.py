"""Train the tagger's weights from marked texts, in two steps, and measure them.

    python -m services.enrich.training.ner teacher DATA_DIR TEACHER --start PACKAGE
    python -m services.enrich.training.ner student DATA_DIR OUT --start WEIGHTS --teacher TEACHER
    python -m services.enrich.training.ner measure OUT FILE...

The teacher also reads word vectors, which are too large to ship. It learns first; where it and the
weights shipped before agree, they mark the texts that nobody marked, and what was left out of
others. The student goes on from the weights shipped before and learns from all of them; then some
more from one place in several orders: the mean of these is shipped. docs/training.md says how long
it takes and what came of it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer

from services.enrich import tables
from services.enrich.training import network
from services.enrich.training.corpora import Source, held_out, read
from services.enrich.training.measure import COUNTED, marked_texts, score
from services.enrich.training.samples import Sample, agreed, completed, spans_of, text_of
from services.enrich.training.stock import load_names
from services.enrich.training.vary import Variations, kind_of

_VERSION: Final = "1.1.0"
_SOURCES: Final = (
    Source("fewnerd", 1, at_once=3),
    Source("redocred", 2),
    Source("gum", 2),
    Source("uner", 2),
    Source("wikigold", 2),
    Source("crossner", 1, at_once=3),
    Source("wnut17", 0.5, at_once=3),  # tweets: names of our days in sentences unlike newswire
    Source("btc", 0.3, at_once=3),
    Source("voa_self", 0.8),
)
_TWEETS: Final = frozenset({"wnut17", "btc"})  # their names are not used elsewhere
_UNMARKED: Final = "voa_self"  # marked by networks only: a better one marks it anew
_UNMARKED_SHARE: Final = 2.0  # once it is: it is newswire, the others are not
_GAPS: Final = "fewnerd"  # some kinds of names were taken out before it was published
_LONGEST: Final = 200  # words a sample
_BRANCHES: Final = (11, 12, 13)  # their seeds
_FIRST: Final = 80  # samples of each source show a new network its labels

Samples = Mapping[str, Sequence[Sample]]  # by source

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Data = Annotated[Path, typer.Argument(help="folder of the marked texts, one *.jsonl a source")]
Out = Annotated[Path, typer.Argument(help="folder to write")]
Measured = Annotated[
    list[Path] | None, typer.Option("--held-out", help="CoNLL file to measure with, not to learn")
]


@app.command("teacher")
def train_teacher(
    data: Data,
    out: Out,
    start: Annotated[str, typer.Option(help="spaCy package with vectors: en_core_web_md")],
    measured: Measured = None,
    words: Annotated[int, typer.Option(help="to learn from, repeats counted")] = 10_000_000,
    seed: int = 1,
) -> None:
    """Train the network that marks texts for the student."""
    samples = _read(data, measured or [])
    pipeline = network.start(
        start, [sample for rows in samples.values() for sample in rows[:_FIRST]], seed=seed
    )
    rounds = _rounds(samples, _shares(), _variations(samples), 0.4, Random(seed))
    network.learn(pipeline, rounds, words=words, rate=7e-4, dropout=0.2, seed=seed)
    pipeline.to_disk(out)


@app.command("student")
def train_student(
    data: Data,
    out: Out,
    start: Annotated[Path, typer.Option(help="weights to go on from")],
    teacher: Annotated[Path, typer.Option(help="what the first step wrote")],
    measured: Measured = None,
    words: Annotated[int, typer.Option(help="to learn from, repeats counted")] = 4_500_000,
) -> None:
    """Train the network that is shipped."""
    pipeline = network.load(start)
    samples = _marked(_read(data, measured or []), [pipeline, network.load(teacher)])
    shares = _shares() | {_UNMARKED: _UNMARKED_SHARE}
    variations = _variations(samples)
    rounds = _rounds(samples, shares, variations, 0.5, Random(1))
    network.learn(pipeline, rounds, words=words, rate=4e-4, dropout=0.2, seed=1)
    network.save(pipeline, out, version=_VERSION)
    branches = []
    for seed in _BRANCHES:
        branch = network.load(out)
        rounds = _rounds(samples, shares, variations, 0.5, Random(seed))
        network.learn(branch, rounds, words=words // 3, rate=2e-4, dropout=0.2, seed=seed)
        branches.append(branch)
    network.save(network.average(branches), out, version=_VERSION)


@app.command("measure")
def measure_weights(
    weights: Annotated[str, typer.Argument(help="folder of a pipeline, or a package")],
    files: Annotated[list[Path], typer.Argument(help="texts with marked names: *.jsonl, *.conll")],
) -> None:
    """Print precision, recall and F1 of exact spans of persons, organisations and places."""
    pipeline = network.load(weights)
    for file in files:
        texts = marked_texts(file)
        samples = [Sample(network.words_of(text), ()) for text, _ in texts]
        found = [set(spans_of(sample)) for sample in network.tag(pipeline, samples)]
        typer.echo(file.name)
        for title, labels in (*((label, {label}) for label in COUNTED), ("all", {*COUNTED})):
            typer.echo(f"  {title:4} {score([names for _, names in texts], found, labels)}")


def _read(folder: Path, measured: Sequence[Path]) -> dict[str, list[Sample]]:
    """Return the samples of every source, without those that are to be measured with."""
    places = {name for row in tables.countries().values() for name in (row.name, *row.aliases)}
    apart = frozenset[str]().union(*map(held_out, measured))
    return {
        source.name: read(
            folder / f"{source.name}.jsonl",
            at_once=source.at_once,
            longest=_LONGEST,
            tokenize=network.words_of,
            places=places,
            held_out=apart,
        )
        for source in _SOURCES
    }


def _marked(
    samples: dict[str, list[Sample]], networks: Sequence[network.Network]
) -> dict[str, list[Sample]]:
    """Mark anew what nobody marked, and fill the gaps of what people marked in part.

    Two of three decide: the networks and what a network marked before; in a gap, the two agree.
    """
    unmarked = _tagged(networks, samples[_UNMARKED])
    gaps = map(agreed, _tagged(networks, samples[_GAPS]))
    return samples | {
        _UNMARKED: [
            agreed([before, *now]) for before, now in zip(samples[_UNMARKED], unmarked, strict=True)
        ],
        _GAPS: [completed(*pair) for pair in zip(samples[_GAPS], gaps, strict=True)],
    }


def _tagged(
    networks: Sequence[network.Network], samples: Sequence[Sample]
) -> Iterator[tuple[Sample, ...]]:
    return zip(*(network.tag(pipeline, samples) for pipeline in networks), strict=True)


def _shares() -> dict[str, float]:
    return {source.name: source.share for source in _SOURCES}


def _variations(samples: Samples) -> Variations:
    """Return the variations whose names are made, and taken from the texts themselves."""
    seen: dict[str, list[str]] = defaultdict(list)
    for source, rows in samples.items():
        for sample in rows if source not in _TWEETS else ():
            for start, end, label in sample.names:
                words = sample.words[start:end]
                seen[kind_of(label, words)].append(text_of(words).strip())
    return Variations(load_names(), seen, network.words_of)


def _rounds(
    samples: Samples,
    shares: Mapping[str, float],
    variations: Variations,
    varied: float,
    random: Random,
) -> Iterator[Sample]:
    """Yield samples without end, each source by its share a round, `varied` of them varied.

    It says after each round how many words were read.
    """
    words = 0
    while True:
        drawn: list[Sample] = []
        for source, rows in samples.items():
            whole, rest = divmod(shares[source], 1)
            drawn += [*rows] * int(whole) + random.sample(rows, int(rest * len(rows)))
        random.shuffle(drawn)
        for sample in drawn:
            words += len(sample.words)
            yield variations.vary(sample, random) if random.random() < varied else sample
        typer.echo(f"{words:,} words", err=True)


if __name__ == "__main__":
    app()
