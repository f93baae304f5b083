"""How good and how fast the enrichment is, measured on labelled articles.

    python -m tests.benchmarks.quality DIR

DIR holds, and what is missing is not measured:

    ner/worldwide-dev.jsonl       text, spans [[start, end, type]]: names that people marked
    topics/mediatopics-dev.jsonl  text, primary, acceptable: Media Topics of the first level
    articles.jsonl                text: whole articles

It prints, for names, precision, recall and F1 of exact spans of persons, places and organisations,
from the tagger alone and after the rules; for topics, how often the most confident one of the first
level is the primary one, and an acceptable one, and the macro-F1 over all 17; for articles, how
many a CPU second `enrich` reads from end to end, what it finds, and that mentions hold.
"""

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # before numpy is imported

from services.enrich.handler import Tools, enrich, load_tools  # noqa: E402 (the threads first)
from services.enrich.names import fold  # noqa: E402 (the threads first)
from shared.messages import EnrichedArticle, RawArticle, Span  # noqa: E402 (the threads first)

_NOW: Final = datetime(2022, 8, 1, tzinfo=UTC)
_BATCH: Final = 32  # articles a call
_MEASURED: Final = ("person", "place", "organisation")
_MARKED_AS: Final = {
    "Person": "person",
    "Location": "place",
    "Facility": "place",
    "Organization": "organisation",
}

Name = tuple[int, int, str]  # start, end, type


class Score(NamedTuple):
    """Right, wrong and missed answers."""

    right: int
    wrong: int
    missed: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when nothing is right."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def __str__(self) -> str:
        precision = self.right / max(1, self.right + self.wrong)
        recall = self.right / max(1, self.right + self.missed)
        return f"P {precision:.3f}  R {recall:.3f}  F1 {self.f1:.3f}"


def main() -> None:
    """Measure what the folder given on the command line holds."""
    folder = Path(sys.argv[1])
    tools = load_tools()
    for name, measure in (
        ("ner/worldwide-dev.jsonl", names),
        ("topics/mediatopics-dev.jsonl", topics),
        ("articles.jsonl", articles),
    ):
        if (folder / name).exists():
            say(f"\n{name}")
            with (folder / name).open(encoding="utf-8") as lines:
                rows = [json.loads(line) for line in lines]
            measure(rows, tools)


def names(rows: Sequence[dict[str, Any]], tools: Tools) -> None:
    """Print how well names are found, by type and together."""
    marked = [
        {(start, end, _MARKED_AS[kind]) for start, end, kind in row["spans"] if kind in _MARKED_AS}
        for row in rows
    ]
    tagged = tools.tagger.tag(
        [(row["text"], [Span(start=0, end=len(row["text"]))]) for row in rows]
    )
    enriched = read(rows, tools)
    for title, found in (
        ("tagger alone", [{(*tag,) for tag in tags} for tags in tagged]),
        ("after the rules", [mentions(article, tools) for article in enriched]),
    ):
        say(f"  {title}")
        for kinds in (*((kind,) for kind in _MEASURED), _MEASURED):
            say(f"    {kinds[0] if len(kinds) == 1 else 'all':13} {score(marked, found, kinds)}")


def mentions(article: EnrichedArticle, tools: Tools) -> set[Name]:
    """Return the mentions of all entities; the name of a people marks no place."""
    countries = tools.gazetteer.countries
    return {
        (mention.start, mention.end, entity.type)
        for entity in article.entities
        for mention in entity.mentions
        if not ((known := countries.get(fold(mention.text))) and known.is_demonym)
    }


def score(
    marked: Sequence[AbstractSet[Name]],
    found: Sequence[AbstractSet[Name]],
    kinds: Sequence[str],
) -> Score:
    """Compare names that stand at the same place with the same type."""
    right = wrong = missed = 0
    for truth, answer in zip(marked, found, strict=True):
        true = {name for name in truth if name[2] in kinds}
        answered = {name for name in answer if name[2] in kinds}
        right += len(true & answered)
        wrong += len(answered - true)
        missed += len(true - answered)
    return Score(right, wrong, missed)


def topics(rows: Sequence[dict[str, Any]], tools: Tools) -> None:
    """Print how well the most confident topic of the first level is the one people chose."""
    answers = [
        next((topic.id for topic in article.topics if topic.id.endswith("000000")), "none")
        for article in read(rows, tools)
    ]
    primary = [row["primary"] for row in rows]
    acceptable = sum(answer in row["acceptable"] for answer, row in zip(answers, rows, strict=True))
    right = Counter(answer for answer, true in zip(answers, primary, strict=True) if answer == true)
    chosen, labelled = Counter(answers), Counter(primary)
    scores = [
        Score(right[topic], chosen[topic] - right[topic], labelled[topic] - right[topic]).f1
        for topic in labelled
    ]
    say(f"  primary    {right.total() / len(rows):.3f}")
    say(f"  acceptable {acceptable / len(rows):.3f}")
    say(f"  macro-F1   {sum(scores) / len(scores):.3f} over {len(scores)}")


def articles(rows: Sequence[dict[str, Any]], tools: Tools) -> None:
    """Print how fast articles are read, and what is found."""
    started = time.process_time()
    enriched = read(rows, tools)
    seconds = time.process_time() - started
    named = [
        (article.article.text, mention)
        for article in enriched
        for entity in article.entities
        for mention in entity.mentions
    ]
    held = sum(text[mention.start : mention.end] == mention.text for text, mention in named)
    words = sum(len(row["text"].split()) for row in rows)
    say(f"  {len(rows) / seconds:.1f} articles and {words / seconds:.0f} words a CPU second")
    say(f"  {held} of {len(named)} mentions stand where they say")
    for what in ("headline", "dateline", "footer", "entities", "topics"):
        say(f"  {sum(bool(getattr(article, what)) for article in enriched)} with {what}")
    say(f"  languages: {dict(Counter(article.language for article in enriched))}")


def read(rows: Sequence[dict[str, Any]], tools: Tools) -> list[EnrichedArticle]:
    """Return the rows' texts as `enrich` reads them when the publisher names no language."""
    received = [RawArticle(body=row["text"], received_at=_NOW) for row in rows]
    return [
        article
        for start in range(0, len(received), _BATCH)
        for article in enrich(received[start : start + _BATCH], tools=tools, now=_NOW)
        if isinstance(article, EnrichedArticle)
    ]


def say(line: str) -> None:
    """Print `line`."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
