"""The plots of docs/benchmarks.md, as SVG: the same figures give the same bytes.

They have no background and neutral ink, so they are read on a dark page and on a light one. Text
stays text, so it is found, and read aloud.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK: Final = "#7d8590"  # 3.4 to 1 on white and 4.6 to 1 on #0d1117: large enough texts at 11 points
OURS: Final = "#2f81f7"
OTHER: Final = "#9aa4ae"
GOAL: Final = "#d97a2b"
_STYLE: Final[dict[Any, Any]] = {
    "svg.hashsalt": "newsflow",
    "svg.fonttype": "none",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK
    ),
    "legend.frameon": False,
}

Figures = Mapping[str, Any]


def ratios(rows: Sequence[tuple[str, Figures, float]]) -> str:
    """Return bars of ratios to the raw limit: name, spread, goal; whiskers from least to most."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.5 * len(rows) + 1)
        for at, (_, one, goal) in enumerate(reversed(rows)):
            low, high = one["median"] - one["min"], one["max"] - one["median"]
            axes.barh(at, one["median"], color=OURS, height=0.5)
            axes.errorbar(one["median"], at, xerr=[[low], [high]], color=INK, capsize=3)
            axes.plot([goal, goal], [at - 0.35, at + 0.35], color=GOAL, linewidth=2.5)
        _names(axes, [name for name, _, _ in reversed(rows)])
        axes.axvline(1, color=INK, linewidth=0.8, linestyle=":")
        axes.set_xlabel("rate, times the raw limit's; orange is the goal")
        return _svg(figure)


def bars(rows: Sequence[tuple[str, float, bool]], label: str) -> str:
    """Return bars with their numbers: name, value, and whether it is ours."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.45 * len(rows) + 1)
        for at, (_, value, ours) in enumerate(reversed(rows)):
            axes.barh(at, value, color=OURS if ours else OTHER, height=0.55)
            axes.text(value, at, f" {value:,.0f}" if value >= 20 else f" {value:.1f}", va="center")
        _names(axes, [name for name, _, _ in reversed(rows)])
        axes.margins(x=0.12)
        axes.set_xlabel(label)
        return _svg(figure)


def percentiles(rows: Sequence[tuple[str, Figures, float | None]]) -> str:
    """Return p50 to p99 of each row, in milliseconds, with the goal of its p99, if it has one."""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(0.5 * len(rows) + 1)
        for at, (_, one, goal) in enumerate(reversed(rows)):
            axes.plot([one["p50"], one["p99"]], [at, at], color=OURS, linewidth=6, alpha=0.35)
            for name, mark in (("p50", "o"), ("p95", "|"), ("p99", "D")):
                axes.plot(one[name], at, mark, color=OURS, markersize=8)
            if goal:
                axes.plot([goal, goal], [at - 0.35, at + 0.35], color=GOAL, linewidth=2.5)
        _names(axes, [name for name, _, _ in reversed(rows)])
        axes.set_xlim(left=0)
        axes.set_xlabel(
            "milliseconds: p50 (dot), p95 (stroke), p99 (diamond); orange is p99's goal"
        )
        return _svg(figure)


def growth(points: Sequence[Figures]) -> str:
    """Return rate and memory by the number of articles stored."""
    sizes = [point["articles"] for point in points]
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(8, 5))
        rate, memory = figure.subplots(2, 1, sharex=True)
        rate.plot(sizes, [point["per_s"] for point in points], color=OURS, marker="o")
        rate.set_ylim(bottom=0)
        rate.set_ylabel("articles a second")
        names = ("mongo", "redis itself", "enrich", "ingest", "store")
        for name, style in zip(names, ("-", "--", "-.", ":", (0, (5, 1))), strict=True):
            values = [point["memory_mb"][name] for point in points]
            color = OTHER if name in {"mongo", "redis itself"} else OURS
            memory.plot(sizes, values, color=color, linestyle=style, label=name)
        memory.set_xscale("log")
        memory.set_yscale("log")
        memory.set_ylabel("memory, MiB")
        memory.set_xlabel("articles stored")
        memory.legend(ncols=5, loc="upper left", bbox_to_anchor=(0, 1.2))
        return _svg(figure)


def _figure(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(8, height))
    return figure, figure.subplots()


def _names(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0)


def _svg(figure: Figure) -> str:
    figure.tight_layout()
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"
