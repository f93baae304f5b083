"""Train the tagger's weights from marked texts, and measure them.

    python -m services.enrich.training.ner train DATA_DIR OUT --start WEIGHTS
    python -m services.enrich.training.ner measure OUT FILE...

The weights that were shipped before learn on, twice from the same place. The mean of the three is
better than each (Wortsman et al. 2022, "Model soups") and is shipped. docs/training.md says how
long it takes, and what else was tried.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer

from services.enrich.training import network
from services.enrich.training.corpora import Source, read
from services.enrich.training.measure import COUNTED, marked_texts, score
from services.enrich.training.samples import Sample, spans_of, text_of
from services.enrich.training.stock import known_places, load_names
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
_EXACT: Final = frozenset({"uner"})  # calls no country an organisation, as others do
_TWEETS: Final = frozenset({"wnut17", "btc"})  # their names are not used elsewhere
_LONGEST: Final = 200  # words a sample
_VARIED: Final = 0.5  # of all samples
_RATE: Final = 3e-4
_DROPOUT: Final = 0.2

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
def train(
    data: Annotated[Path, typer.Argument(help="folder of marked texts, one *.jsonl a source")],
    out: Annotated[Path, typer.Argument(help="folder to write")],
    start: Annotated[Path, typer.Option(help="weights to go on from")],
    words: Annotated[int, typer.Option(help="a run learns from, repeats counted")] = 5_400_000,
    runs: Annotated[int, typer.Option(help="beside the weights to go on from")] = 2,
) -> None:
    """Let weights learn on, in runs that differ in order and names; write the mean of all."""
    samples = _read(data)
    variations = _variations(samples)
    pipelines = [network.load(start)]
    for seed in range(1, runs + 1):
        pipeline = network.load(start)
        network.learn(
            pipeline,
            _rounds(samples, variations, Random(seed)),
            words=words,
            rate=_RATE,
            dropout=_DROPOUT,
            seed=seed,
        )
        pipelines.append(pipeline)
        typer.echo(f"run {seed} of {runs} done", err=True)
    network.save(network.average(pipelines), out, version=_VERSION)


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


def _read(folder: Path) -> dict[str, list[Sample]]:
    places = known_places()
    return {
        source.name: read(
            folder / f"{source.name}.jsonl",
            at_once=source.at_once,
            longest=_LONGEST,
            tokenize=network.words_of,
            places=() if source.name in _EXACT else places,
        )
        for source in _SOURCES
    }


def _variations(samples: Mapping[str, Sequence[Sample]]) -> Variations:
    """Return the variations whose names are made, and taken from the texts themselves."""
    seen: dict[str, list[str]] = defaultdict(list)
    for source, rows in samples.items():
        for sample in rows if source not in _TWEETS else ():
            for start, end, label in sample.names:
                words = sample.words[start:end]
                seen[kind_of(label, words)].append(text_of(words).strip())
    return Variations(load_names(), seen, network.words_of)


def _rounds(
    samples: Mapping[str, Sequence[Sample]], variations: Variations, random: Random
) -> Iterator[Sample]:
    """Yield samples without end, each source by its share a round, some of them varied."""
    while True:
        drawn: list[Sample] = []
        for source in _SOURCES:
            rows = samples[source.name]
            whole, rest = divmod(source.share, 1)
            drawn += [*rows] * int(whole) + random.sample(rows, int(rest * len(rows)))
        random.shuffle(drawn)
        for sample in drawn:
            yield variations.vary(sample, random) if random.random() < _VARIED else sample


if __name__ == "__main__":
    app()
