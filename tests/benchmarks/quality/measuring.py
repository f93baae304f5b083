"""Figures of quality and speed, as plain values to keep."""

import gc
import os
import platform
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from services.enrich.handler import Tools
from tests.benchmarks.quality.contestants import (
    CHAIN,
    PLAIN,
    SPACY_SMALL,
    Finder,
    finders,
    likeliest,
    read,
)
from tests.benchmarks.quality.labelled import NamedText, TopicText
from tests.benchmarks.quality.scoring import (
    Answer,
    Confusion,
    by_topic,
    calibration,
    of_names,
    of_sets,
    topic_confusion,
    type_confusion,
)

TOGETHER: Final = "together"
WHOLE: Final = "whole chain"
Figures = dict[str, Any]

_TYPES: Final = ("person", "place", "organisation", "group", "other")
_MAIN: Final = _TYPES[:3]  # what every set marks
_FIRST_LEVEL: Final = re.compile(r"medtop:\d\d000000")
_SLICE: Final = 128  # articles a round
_ENGLISH: Final = (
    "The harbour of the town was closed on Monday after a storm had damaged two of its piers, "
    "officials said. Ferries to the island will sail again when the repairs are done."
)


def machine(tools: Tools) -> Figures:
    """Return what the figures depend on beside the texts."""
    [article] = read([_ENGLISH], tools)
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("spacy", "numpy", "onnxruntime")},
        SPACY_SMALL: version(SPACY_SMALL),
        "tools": {made: f"{tool.name} {tool.version}" for made, tool in article.tools.items()},
    }


def _processor() -> str:
    try:
        information = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        information = ""
    named = re.search(r"model name\s*: (.*)", information)
    return named[1] if named else platform.processor() or platform.machine()


def entities(texts: Sequence[NamedText], tools: Tools) -> Figures:
    """Return exact scores by type for every finder, and what the chain takes each type for."""
    marked = [text.names for text in texts]
    types = [kind for kind in _TYPES if any(name[2] == kind for names in marked for name in names)]
    found = {title: find([text.text for text in texts]) for title, find in finders(tools).items()}
    scores = {
        title: {
            kind: of_names(marked, names, kinds).figures()
            for kind, kinds in (*((kind, (kind,)) for kind in types), (TOGETHER, _MAIN))
        }
        for title, names in found.items()
    }
    confusion: Confusion = Counter()
    for these, those in zip(marked, found[CHAIN], strict=True):
        confusion += type_confusion(these, [name for name in those if name[2] in types])
    return {"texts": len(texts), "scores": scores, "confusion": _cells(confusion)}


def topics(texts: Sequence[TopicText], tools: Tools) -> Figures:
    """Return how often topics of the first level are right, each alone, and their confidence.

    Where people chose among few, the answer is the likeliest of those, whether assigned or not;
    all else is of the topics that are assigned.
    """
    articles = read([text.text for text in texts], tools)
    answers = [
        Answer(
            text.primary,
            text.acceptable,
            tuple(
                (topic.id, topic.confidence)
                for topic in article.topics
                if _FIRST_LEVEL.fullmatch(topic.id) and (not text.among or topic.id in text.among)
            ),
            likeliest(article.article, text.among, tools) if text.among else None,
        )
        for text, article in zip(texts, articles, strict=True)
    ]
    scores = by_topic(answers)
    names = {topic.id: topic.name for article in articles for topic in article.topics}
    told = calibration(answers)
    several = of_sets(
        (answer.acceptable, frozenset(topic for topic, _ in answer.found)) for answer in answers
    )
    return {
        "texts": len(answers),
        "covered": _share(bool(answer.found) for answer in answers),
        "primary": _share(answer.chosen == answer.primary for answer in answers),
        "acceptable": _share(answer.chosen in answer.acceptable for answer in answers),
        "macro_f1": round(statistics.mean(score.f1 for score in scores.values()), 3),
        "several": several.figures(),
        "by_topic": {
            topic: {"name": names.get(topic, ""), **score.figures()}
            for topic, score in scores.items()
        },
        "confusion": _cells(topic_confusion(answers)),
        "ece": round(told.ece, 3),
        "brier": round(told.brier, 3),
        "bins": [
            {name: round(value, 3) for name, value in one._asdict().items()} for one in told.bins
        ],
    }


def _share(answers: Iterable[bool]) -> float:
    return round(statistics.mean(map(float, answers)), 3)


def _cells(confusion: Confusion) -> list[tuple[str, str, int]]:
    """Return the cells of a confusion matrix, the largest first."""
    return [(marked, found, count) for (marked, found), count in confusion.most_common()]


def found(texts: Sequence[str], tools: Tools) -> Figures:
    """Return what the whole chain finds, and how many mentions are the text at their offsets."""
    articles = read(texts, tools)
    mentions = [
        article.article.text[mention.start : mention.end] == mention.text
        for article in articles
        for entity in article.entities
        for mention in entity.mentions
    ]
    return {
        "articles": len(articles),
        "mentions": len(mentions),
        "mentions that hold": sum(mentions),
        **{
            f"with {what}": sum(bool(getattr(article, what)) for article in articles)
            for what in ("headline", "dateline", "footer", "entities", "topics", "quotes")
        },
        "in English": sum(article.language == "en" for article in articles),
    }


def speed(texts: Sequence[str], tools: Tools, *, rounds: int) -> Figures:
    """Return articles a CPU-second of every contestant, in rounds of other articles each.

    A first round warms up. In a round all read the same articles, in turns, another one first each
    time; no article is read twice, so that no cache knows it. Figures are medians of the rounds.
    `texts` are more than `rounds`.
    """
    contestants: dict[str, Finder | Callable[[Sequence[str]], Any]] = dict(finders(tools))
    contestants[WHOLE] = lambda some: read(some, tools)
    del contestants[CHAIN]
    size = min(_SLICE, len(texts) // (rounds + 1))
    rates: dict[str, list[float]] = {title: [] for title in contestants}
    order = list(contestants)
    for number in range(rounds + 1):
        some = texts[number * size : (number + 1) * size]
        for title in order:
            seconds = _cpu_seconds(contestants[title], some)
            if number:
                rates[title].append(size / seconds)
        order = [*order[1:], order[0]]
    return {
        "articles": size,
        "rounds": rounds,
        "words": round(statistics.mean(len(text.split()) for text in texts)),
        "contestants": _medians(rates),
    }


def _medians(rates: Mapping[str, Sequence[float]]) -> Figures:
    plain = rates[PLAIN]
    return {
        title: {
            "per_cpu_s": round(statistics.median(these), 1),
            "least": round(min(these), 1),
            "most": round(max(these), 1),
            "ratio": round(
                statistics.median(one / other for one, other in zip(these, plain, strict=True)), 2
            ),
        }
        for title, these in rates.items()
    }


def _cpu_seconds(work: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    gc.collect()
    began = time.process_time()
    work(texts)
    return time.process_time() - began
