"""`python -m tests.benchmarks.duplicates`: how well re-runs of a story are brought together.

    python -m tests.benchmarks.duplicates [ARTICLES.jsonl]

The set was written for it: 26 invented events, six of which are follow-ups of the one before, and
15 routine reports of three templates (data/). Each story is run again in eleven ways, as papers
and portals do. Every article is signed as enrichment signs it and joined as the store joins it. A
pair is right when both articles tell the same story and stand in one cluster. With a file of other
articles (`text` each), it also prints the clusters found in it.
"""

import asyncio
import json
import random
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Final, NamedTuple

from services.enrich.signature import TOOL, signature_of
from services.enrich.text.cleaning import parts_of
from services.enrich.tools import Tools, load_tools
from services.store.clusters import Signature, Signed
from services.store.joining import gather
from shared.messages import Provenance, RawArticle
from tests.unit.store.shelf import MemoryShelf

_DATA: Final = Path(__file__).parent / "data"
_NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
_FOOTERS: Final = (
    "© 2026 Test Wire. All rights reserved.",
    "(Reporting by A. Reporter in Calder; Editing by B. Editor)",
    "Subscribe to our morning letter and read what matters before breakfast.",
)
_HEADLINES: Final = ("What we know so far", "Morning briefing: the main story", "In depth")
_ADDED: Final = (
    "The news agency Test Wire first reported the matter in a short dispatch that gave no details.",
    "Readers on the coast find ferry timetables, closed roads and numbers to call on our page.",
)


class Story(NamedTuple):
    """A headline and the paragraphs under it."""

    headline: str
    paragraphs: tuple[str, ...]


class Run(NamedTuple):
    """A story as somebody ran it; `kind` says how it was changed."""

    story: int
    kind: str
    article: RawArticle


class Score(NamedTuple):
    """Pairs of articles: in one cluster and the same story, and so on."""

    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


def main() -> None:
    """Print the figures of the set, and the clusters of the file that the command line names."""
    tools = load_tools()
    told = runs()
    clusters = asyncio.run(clustered([run.article for run in told], tools))
    score = scored(told, clusters)
    say(f"{len({run.story for run in told})} stories, {len(told)} articles")
    say(f"precision {score.precision:.4f}  recall {score.recall:.4f}  F1 {score.f1:.4f}")
    for kind, (found, all_) in by_kind(told, clusters).items():
        say(f"  {kind:24} {found}/{all_} in the cluster of their story")
    for name in sys.argv[1:]:
        say_clusters(Path(name), tools)


def stories() -> list[Story]:
    """Return the stories of data/: the events, then the routine reports."""
    text = (_DATA / "events.txt").read_text(encoding="utf-8").partition("\n\n")[2]
    events = [part.strip().split("\n") for part in text.split("\n==\n")]
    told = [Story(lines[0].removeprefix("+ "), tuple(lines[1:])) for lines in events]
    for template in tomllib.loads((_DATA / "routine.toml").read_text(encoding="utf-8")).values():
        for row in template["rows"]:
            paragraphs = template["body"].format(*row).strip().split("\n")
            told.append(Story(template["headline"].format(*row), tuple(paragraphs)))
    return told


def runs(seed: int = 1) -> list[Run]:
    """Return every story, and its re-runs; the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    told = stories()
    words = [word for story in told for line in story.paragraphs for word in line.split()]
    return [
        Run(number, kind, _article(f"{number}:{kind}", changed))
        for number, story in enumerate(told)
        for kind, changed in _reruns(story, chance, words)
    ]


def _reruns(
    story: Story, chance: random.Random, words: Sequence[str]
) -> Iterator[tuple[str, Story]]:
    """Yield `story` as it is, and changed in each way."""
    edit: Callable[[float], Story] = lambda share: _edited(story, share, chance, words)  # noqa: E731 (one line, used twice)
    yield "as it is", story
    yield "dateline added", _with_dateline(story, "CALDER, Nov. 23 (Test Wire) - ")
    yield "dateline changed", _with_dateline(story, "Port Lisle (AFP) - ")
    yield "footer added", _with_footer(story, chance)
    yield "headline changed", story._replace(headline=chance.choice(_HEADLINES))
    yield "5 % of words changed", edit(0.05)
    yield "15 % of words changed", edit(0.15)
    yield "a quarter cut", _cut(story)
    yield "paragraph added", _with_paragraph(story, chance)
    yield "figure corrected", _corrected(story)
    yield "paragraphs reordered", _reordered(story, chance)
    most = _cut(_with_dateline(_corrected(story), "CALDER, Nov. 24 (Reuters) - "))
    yield "most of it at once", _with_footer(most._replace(headline=_HEADLINES[0]), chance)


def _article(uri: str, story: Story) -> RawArticle:
    return RawArticle(
        uri=uri,
        headline=story.headline,
        body="\n".join(story.paragraphs),
        received_at=_NOON,
        provenance=Provenance(),
    )


def _with_dateline(story: Story, dateline: str) -> Story:
    first, *others = story.paragraphs
    return story._replace(paragraphs=(dateline + first, *others))


def _with_footer(story: Story, chance: random.Random) -> Story:
    return story._replace(paragraphs=(*story.paragraphs, chance.choice(_FOOTERS)))


def _with_paragraph(story: Story, chance: random.Random) -> Story:
    first, *others = story.paragraphs
    return story._replace(paragraphs=(first, chance.choice(_ADDED), *others))


def _reordered(story: Story, chance: random.Random) -> Story:
    first, *others = story.paragraphs
    return story._replace(paragraphs=(first, *chance.sample(others, len(others))))


def _edited(story: Story, share: float, chance: random.Random, words: Sequence[str]) -> Story:
    """Return the story with a share of its words replaced, left out or doubled by another."""

    def edited(word: str) -> str:
        if chance.random() >= share:
            return word
        other = chance.choice(words)
        return chance.choice((other, other, "", f"{word} {other}"))

    return story._replace(
        paragraphs=tuple(
            " ".join(filter(None, map(edited, line.split()))) for line in story.paragraphs
        )
    )


def _cut(story: Story) -> Story:
    """Return the story without its last quarter, at a full word."""
    words = [line.split() for line in story.paragraphs]
    left = sum(map(len, words)) * 3 // 4
    kept = []
    for line in words:
        kept.append(" ".join(line[:left]))
        left = max(0, left - len(line))
    return story._replace(paragraphs=tuple(filter(None, kept)))


def _corrected(story: Story) -> Story:
    """Return the story with its first number another one."""
    for at, line in enumerate(story.paragraphs):
        for word in line.split():
            if word.strip(".,%-").replace(",", "").isdigit():
                lines = list(story.paragraphs)
                lines[at] = line.replace(word, f"1{word}", 1)
                return story._replace(paragraphs=tuple(lines))
    return story


async def clustered(articles: Sequence[RawArticle], tools: Tools) -> list[str]:
    """Return the cluster of each article, signed as by enrich and joined as by store."""
    shelf = MemoryShelf()
    for at in range(0, len(articles), 100):
        batch = [
            (article, signature)
            for article in articles[at : at + 100]
            if (signature := signed(article, tools))
        ]
        for number, (article, one) in enumerate(batch):
            await shelf.put(one, article.received_at + timedelta(seconds=at + number))
        await gather([one for _, one in batch], (), shelf=shelf)
    clusters = shelf.clusters()
    return [clusters.get(article.article_id) or article.article_id for article in articles]


def signed(article: RawArticle, tools: Tools) -> Signed | None:
    """Return the article with its signature, if it gets one."""
    parts = parts_of(article, bureaus=tools.bureaus, closings=tools.closings)
    value = signature_of(article.text, parts)
    if value is None:
        return None
    signature = Signature(value, f"{TOOL.name} {TOOL.version}")
    return Signed(article.article_id, article.article_id, signature)


def scored(told: Sequence[Run], clusters: Sequence[str]) -> Score:
    """Return the pairs that are right, wrong and missed."""
    counts = Counter(
        (one.story == other.story, ours == theirs)
        for (one, ours), (other, theirs) in combinations(zip(told, clusters, strict=True), 2)
    )
    return Score(counts[True, True], counts[False, True], counts[True, False])


def by_kind(told: Sequence[Run], clusters: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return how many re-runs of a kind stand with the story as it is, and how many there are."""
    first = {
        run.story: cluster
        for run, cluster in zip(told, clusters, strict=True)
        if run.kind == told[0].kind
    }
    found: dict[str, list[bool]] = defaultdict(list)
    for run, cluster in zip(told, clusters, strict=True):
        found[run.kind].append(cluster == first[run.story])
    return {kind: (sum(hits), len(hits)) for kind, hits in found.items()}


def say_clusters(file: Path, tools: Tools) -> None:
    """Print the clusters of more than one article."""
    with file.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    articles = [
        RawArticle(uri=str(at), body=text, received_at=_NOON, provenance=Provenance())
        for at, text in enumerate(texts)
    ]
    together = defaultdict(list)
    for text, cluster in zip(texts, asyncio.run(clustered(articles, tools)), strict=True):
        together[cluster].append(text[:90].replace("\n", " "))
    say(f"{file.name}: {len(texts)} articles, {len(together)} clusters")
    for openings in together.values():
        if len(openings) > 1:
            say("  " + "\n  = ".join(openings))


def say(line: str) -> None:
    """Print."""
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    main()
