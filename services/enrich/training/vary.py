"""Texts made from texts, so that the words around a name say what it is. Pure.

exchange   names make room for others of their kind
dateline   the text opens like a wire story: `KANO, March 3 (Reuters) -`
headline   its first sentence is written like a headline, in capitals or with capital letters
"""

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from services.enrich.training.names import Names
from services.enrich.training.samples import (
    Name,
    Sample,
    Span,
    Tokenize,
    Word,
    join,
    sample_of,
)

# Of all texts that are varied. Names of organisations are kept most often: the words within them
# say what they are, and templates know fewer than the texts.
_DATELINE: Final = 0.12
_HEADLINE: Final = 0.07
_EXCHANGED: Final = 0.75  # texts of which names are exchanged, and then
_SHARE: Final = {"PER": 0.5, "LOC": 0.5, "ORG": 0.3}  # of their names
_MADE: Final = 0.5  # of the names that come in; the others were seen in the texts
_CITY_IN_CAPITALS: Final = 0.6
_IN_CAPITALS: Final = 0.2  # of the headlines
_HEADLINE_WORDS: Final = 18
_SMALL_WORD: Final = 3  # letters: `in`, `for` stay small in a headline
_DASHES: Final = "--\N{EN DASH}\N{EM DASH}:"
_BRACKETS: Final = re.compile(r"\[(PER|LOC|ORG) ([^\]]*)\]")


class Variations:
    """Varies samples with names, cut into words by `tokenize`."""

    def __init__(self, names: Names, seen: Mapping[str, Sequence[str]], tokenize: Tokenize) -> None:
        """`seen` are the names of each label that the texts hold: they are drawn as well."""
        self._names = names
        self._seen = seen
        self._tokenize = tokenize

    def vary(self, sample: Sample, random: Random) -> Sample:
        """Return `sample` in one of the ways above, or in several."""
        drawn = random.random()
        if drawn < _DATELINE:
            return join([self.dateline(random), self.exchange(sample, random)])
        if drawn < _DATELINE + _HEADLINE:
            sample = headline(sample, capitals=random.random() < _IN_CAPITALS)
        return self.exchange(sample, random)

    def exchange(self, sample: Sample, random: Random) -> Sample:
        """Put other names in the place of some; a name in capitals stays in capitals."""
        if random.random() > _EXCHANGED:
            return sample
        words: list[Word] = []
        names: list[Name] = []
        done = 0
        for start, end, label in sample.names:
            words += sample.words[done:start]
            old = sample.words[start:end]
            new = self._instead(label, old, random)
            names.append(Name(len(words), len(words) + len(new or old), label))
            words += [*new[:-1], new[-1]._replace(blank=old[-1].blank)] if new else old
            done = end
        return Sample((*words, *sample.words[done:]), tuple(names))

    def dateline(self, random: Random) -> Sample:
        """Return the opening of a wire story."""
        city = self._names.city(random)
        city = city.upper() if random.random() < _CITY_IN_CAPITALS else city
        date = self._names.date(random)
        agency = f"([ORG {self._names.agency(random)}])"
        opening = random.choice(
            (
                f"[LOC {city}], {date} {agency}",
                f"[LOC {city}], {date} {agency}",
                f"[LOC {city}] {agency}",
                f"[LOC {city}] {agency}",
                f"[LOC {city}], [LOC {self._names.place(random)}] {agency}",
                f"[LOC {city}], {date}",
                f"[LOC {city}]",
            )
        )
        return bracketed(f"{opening} {random.choice(_DASHES)} ", self._tokenize)

    def _instead(self, label: str, old: Sequence[Word], random: Random) -> Sequence[Word]:
        """Return the words that take the place of `old`, none when it stays."""
        if random.random() >= _SHARE.get(label, 0):
            return ()
        return self._tokenize(self._other(label, old, random))

    def _other(self, label: str, old: Sequence[Word], random: Random) -> str:
        """Return a name to put in the place of `old`, made or seen."""
        if random.random() < _MADE:
            name = self._made(label, random, in_full=len(old) > 1)
        else:
            name = random.choice(self._seen[kind_of(label, old)])
        in_capitals = len(old) > 1 and all(word.text.isupper() for word in old)
        return name.upper() if in_capitals else name

    def _made(self, label: str, random: Random, *, in_full: bool) -> str:
        if label == "PER":
            return self._names.person(random, in_full=in_full)
        return (self._names.place if label == "LOC" else self._names.organisation)(random)


def kind_of(label: str, words: Sequence[Word]) -> str:
    """Return what a name may be exchanged for: its label, and whether it is more than a word."""
    return f"{label} {min(2, len(words))}"


def headline(sample: Sample, *, capitals: bool) -> Sample:
    """Write the first sentence in capitals, else with the capital letters of a headline."""
    last = next(
        (i for i, word in enumerate(sample.words) if word.text in {".", "!", "?"}), _HEADLINE_WORDS
    )
    end = min(last, _HEADLINE_WORDS)

    def written(text: str) -> str:
        if capitals:
            return text.upper()
        return (
            text[:1].upper() + text[1:] if len(text) > _SMALL_WORD and text[0].islower() else text
        )

    return sample._replace(
        words=(
            *(word._replace(text=written(word.text)) for word in sample.words[:end]),
            *sample.words[end:],
        )
    )


def bracketed(text: str, tokenize: Tokenize) -> Sample:
    """Read `text` with its names in brackets: `[LOC KANO] ([ORG AFP]) - `."""
    plain: list[str] = []
    spans: list[Span] = []
    at = done = 0
    for match in _BRACKETS.finditer(text):
        between = text[done : match.start()]
        start = at + len(between)
        at = start + len(match[2])
        plain += [between, match[2]]
        spans.append((start, at, match[1]))
        done = match.end()
    return sample_of("".join([*plain, text[done:]]), spans, tokenize)
