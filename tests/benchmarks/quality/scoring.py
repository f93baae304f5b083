"""The arithmetic: answers against what people marked. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

Name = tuple[int, int, str]  # start, end, type
Confusion = Counter[tuple[str, str]]  # by what people marked, and what was found

MISSED: Final = "missed"
INVENTED: Final = "invented"
NO_TOPIC: Final = "none"
_BINS: Final = 10


class Score(NamedTuple):
    """Right, wrong and missed answers."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of the answers that are right; 0 when there are none."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Share of what was marked that was found; 0 when nothing was marked."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 when nothing is right."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def figures(self) -> dict[str, float]:
        """Return all as figures to keep; `marked` is how many answers there are to find."""
        shares = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {name: round(share, 3) for name, share in shares.items()} | {
            "marked": self.right + self.missed
        }


def of_sets(pairs: Iterable[tuple[AbstractSet[object], AbstractSet[object]]]) -> Score:
    """Compare what was marked with what was found, pair by pair."""
    right = wrong = missed = 0
    for marked, found in pairs:
        right += len(marked & found)
        wrong += len(found - marked)
        missed += len(marked - found)
    return Score(right, wrong, missed)


def of_names(
    marked: Sequence[Collection[Name]], found: Sequence[Collection[Name]], types: Collection[str]
) -> Score:
    """Compare names of `types` that stand at exactly the same place with the same type."""
    return of_sets(
        ({name for name in these if name[2] in types}, {name for name in those if name[2] in types})
        for these, those in zip(marked, found, strict=True)
    )


def type_confusion(marked: Collection[Name], found: Collection[Name]) -> Confusion:
    """Count what each marked name was found as: the type of the name that overlaps it most.

    MISSED is the answer where none overlaps; INVENTED is marked where a found name overlaps none.
    """
    counts: Confusion = Counter()
    for name in marked:
        best = max(found, key=lambda other: _overlap(name, other), default=None)
        is_seen = best is not None and _overlap(name, best) > 0
        counts[name[2], best[2] if best and is_seen else MISSED] += 1
    for other in found:
        if not any(_overlap(name, other) > 0 for name in marked):
            counts[INVENTED, other[2]] += 1
    return counts


def _overlap(one: Name, other: Name) -> int:
    return min(one[1], other[1]) - max(one[0], other[0])


class Answer(NamedTuple):
    """The topics of one text: what people chose, what was found with its confidence."""

    primary: str
    acceptable: frozenset[str]
    found: tuple[tuple[str, float], ...]  # most confident first
    of_few: str | None = None  # the likeliest of the few that people chose among, assigned or not

    @property
    def chosen(self) -> str:
        """The likeliest of few, else the most confident topic, or NO_TOPIC."""
        return self.of_few or (self.found[0][0] if self.found else NO_TOPIC)


def by_topic(answers: Iterable[Answer]) -> dict[str, Score]:
    """Return a score for every topic that is primary somewhere: chosen against primary."""
    answers = list(answers)
    marked = Counter(answer.primary for answer in answers)
    chosen = Counter(answer.chosen for answer in answers)
    right = Counter(answer.primary for answer in answers if answer.chosen == answer.primary)
    return {
        topic: Score(right[topic], chosen[topic] - right[topic], count - right[topic])
        for topic, count in sorted(marked.items())
    }


def topic_confusion(answers: Iterable[Answer]) -> Confusion:
    """Count wrong choices, by the primary topic and the chosen one."""
    return Counter(
        (answer.primary, answer.chosen) for answer in answers if answer.chosen != answer.primary
    )


class Bin(NamedTuple):
    """Topics found with a confidence from `low` up to the next bin's: how often acceptable."""

    low: float
    topics: int
    confidence: float  # mean of the bin
    acceptable: float  # share of the bin


class Calibration(NamedTuple):
    """How well a confidence says how often a topic is acceptable."""

    bins: tuple[Bin, ...]  # ten, without the empty ones
    ece: float  # expected calibration error: mean distance of a bin, weighed by its topics
    brier: float  # mean squared distance of a confidence from what is true, 1 or 0


def calibration(answers: Iterable[Answer]) -> Calibration:
    """Compare the confidence of every topic found, chosen or not, with whether it is acceptable."""
    told = [
        (confidence, topic in answer.acceptable)
        for answer in answers
        for topic, confidence in answer.found
    ]
    bins = []
    for number in range(_BINS):
        inside = [pair for pair in told if min(_BINS - 1, int(pair[0] * _BINS)) == number]
        if inside:
            confidence = sum(pair[0] for pair in inside) / len(inside)
            true = sum(pair[1] for pair in inside) / len(inside)
            bins.append(Bin(number / _BINS, len(inside), confidence, true))
    return Calibration(
        bins=tuple(bins),
        ece=sum(one.topics * abs(one.confidence - one.acceptable) for one in bins)
        / max(1, len(told)),
        brier=sum((confidence - true) ** 2 for confidence, true in told) / max(1, len(told)),
    )
