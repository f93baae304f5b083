"""The figures as tables for people."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tests.benchmarks.quality.measuring import TOGETHER, Figures
from tests.benchmarks.quality.scoring import INVENTED, MISSED

_CELLS: Final = 10
_SHARES: Final = ("precision", "recall", "f1")


def machine(figures: Figures) -> RenderableType:
    """Return what the figures depend on, a line each."""
    flat = {**figures, **figures["tools"]}
    del flat["tools"]
    return _table("Machine and versions", ("", ""), flat.items())


def entities(file: str, figures: Figures) -> Iterable[RenderableType]:
    """Yield the scores of every finder, and what types are taken for."""
    scores: Mapping[str, Figures] = figures["scores"]
    kinds = list(next(iter(scores.values())))
    yield _table(
        f"Entities: {file}, {figures['texts']} texts, exact spans, precision recall F1; "
        f"{TOGETHER}: person, place, organisation",
        ("", "marked", *scores),
        (
            (
                kind,
                next(iter(scores.values()))[kind]["marked"],
                *(
                    " ".join(f"{score[kind][share]:.3f}" for share in _SHARES)
                    for score in scores.values()
                ),
            )
            for kind in kinds
        ),
    )
    cells = {(marked, found): count for marked, found, count in figures["confusion"]}
    types = [kind for kind in kinds if kind != TOGETHER]
    yield _table(
        "Marked (down) and found (across) after the rules, where names overlap",
        ("", *types, MISSED),
        (
            (marked, *(cells.get((marked, found), "") for found in (*types, MISSED)))
            for marked in (*types, INVENTED)
        ),
    )


def topics(file: str, figures: Figures) -> Iterable[RenderableType]:
    """Yield how good topics are together, each alone, what is taken for what, and calibration."""
    several = figures["several"]
    named = {topic: f"{topic} {score['name']}" for topic, score in figures["by_topic"].items()}
    told = {name: figures[name] for name in ("covered", "primary", "acceptable", "macro_f1")}
    told |= {f"all topics found, {share}": several[share] for share in _SHARES}
    told |= {"calibration, ECE": figures["ece"], "calibration, Brier": figures["brier"]}
    title = f"Topics of the first level: {file}, {figures['texts']} texts"
    yield _table(title, ("", ""), ((name, f"{value:.3f}") for name, value in told.items()))
    yield _table(
        "Each topic, the most confident against the primary one",
        ("", "marked", *_SHARES),
        (
            (
                f"{topic} {score['name']}",
                score["marked"],
                *(f"{score[share]:.3f}" for share in _SHARES),
            )
            for topic, score in figures["by_topic"].items()
        ),
    )
    yield _table(
        f"The {_CELLS} most frequent confusions",
        ("primary", "chosen", ""),
        (
            (named[marked], named.get(chosen, chosen), count)
            for marked, chosen, count in figures["confusion"][:_CELLS]
        ),
    )
    yield _table(
        "Confidence, and how often acceptable",
        ("from", "topics", "confidence", "acceptable"),
        (
            (one["low"], one["topics"], f"{one['confidence']:.2f}", f"{one['acceptable']:.2f}")
            for one in figures["bins"]
        ),
    )


def found(file: str, figures: Figures) -> RenderableType:
    """Return what is found, a line each."""
    return _table(f"Found by the whole chain: {file}", ("", ""), figures.items())


def speed(file: str, figures: Figures) -> RenderableType:
    """Return articles a CPU-second, and how many times that of plain spaCy it is."""
    return _table(
        f"Speed: {file}, {figures['rounds']} rounds of {figures['articles']} articles of "
        f"{figures['words']} words, medians, one thread",
        ("", "articles a CPU-second", "least", "most", "times plain spaCy"),
        ((title, *one.values()) for title, one in figures["contestants"].items()),
    )


def _shares(score: Mapping[str, float]) -> str:
    return " ".join(f"{score[share]:.3f}" for share in _SHARES)


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(str, row))
    return Group(Text(title, style="bold"), table, Text())
