"""The lexicon of topics: phrases, and what they are evidence for. Pure."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from services.enrich.phrases import Phrases
from services.enrich.topics.sections import KnownIds, Problem, Section, read_sections

__all__ = ["Claim", "KnownIds", "Lexicon", "LexiconError", "Phrase", "Section", "read_lexicon"]

_SIBILANTS: Final = ("s", "sh", "ch", "x")
_VOWELS: Final = "aeiou"


class LexiconError(ValueError):
    """A lexicon that cannot be used; its text is every problem, a line each."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class Claim(NamedTuple):
    """A topic that a phrase is evidence for, and how much it says."""

    topic: Section
    weight: float


class Phrase(NamedTuple):
    """A phrase and what it is evidence for: nothing when it is to be ignored."""

    text: str
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases, and the forms (singular and plural, lower case) in which they are to be found."""

    version: str  # a short hash of the file
    topics: tuple[Section, ...]
    phrases: tuple[Phrase, ...]
    forms: Phrases
    phrase_of_form: tuple[int, ...]


def read_lexicon(toml: str, *, file: str, known: KnownIds) -> Lexicon:
    """Read a lexicon; `file` is its name for errors.

    Raise LexiconError when it is not TOML, holds no phrase, or when a section lacks an id or a
    name, has an id that is none, is unknown, retired or stands twice, a field that means nothing,
    a weight that is not positive, or a phrase that is empty, stands twice, or is to be ignored
    and evidence at once.
    """
    read = read_sections(toml, file=file, known=known)
    if read.problems:
        raise LexiconError(read.problems)
    phrases = tuple(
        Phrase(text, _with_upper_topics(weights)) for text, weights in read.weights.items()
    )
    forms = {phrase.text: number for number, phrase in enumerate(phrases)}
    for number, phrase in enumerate(phrases):
        forms.setdefault(_plural(phrase.text), number)
    return Lexicon(
        version=hashlib.sha256(toml.encode()).hexdigest()[:8],
        topics=read.topics,
        phrases=phrases,
        forms=Phrases(forms),
        phrase_of_form=tuple(forms.values()),
    )


def _with_upper_topics(weights: Mapping[Section, float]) -> tuple[Claim, ...]:
    """Return what a phrase is evidence for; it says of an upper topic what it says most of."""
    claims = dict(weights)
    for topic, weight in weights.items():
        if topic.above:
            claims[topic.above] = max(weight, claims.get(topic.above, 0.0))
    return tuple(Claim(*claim) for claim in claims.items())


def _plural(phrase: str) -> str:
    if phrase.endswith("y") and phrase[-2:-1] not in _VOWELS:
        return f"{phrase[:-1]}ies"
    return f"{phrase}es" if phrase.endswith(_SIBILANTS) else f"{phrase}s"
