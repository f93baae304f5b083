"""Whose words a quotation is, where the wording makes it plain. Pure.

    "...," Okoro said       "...," said Foreign Minister Ada Okoro, who     "...," he said
    Okoro, 45, said: "..."  Okoro told AFP on Monday that "..."  A Shell spokesman said: "..."

A name speaks when nothing but what somebody is (`opposition leader`) stands before it in its
clause; so neither `a friend of Okoro said` nor `the man who met Okoro said` is Okoro. Two names
joined by `and` are nobody. A spokesman without a name speaks for the organisation. Who `he` is,
cast.py tells.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from pydantic import BaseModel, ConfigDict

from services.enrich.entities.gazetteer import Words
from services.enrich.quotes.cast import ARTICLES, Cast, Named, parts_of_clause, stripped
from services.enrich.text.sentences import sentence_end, sentence_start
from shared.messages import Entity

_CLAUSE: Final = 240  # characters on one side of a quotation that may say whose it is
_PARTS: Final = 2  # of a clause: its subject may stand behind one comma
_TAIL: Final = 14  # words between the verb and the quotation
_CLOSES: Final = ",?!.\u2026-\u2013\u2014"  # what a quotation ends with that goes on behind it
_LEADING: Final = " \t,\u2013\u2014-"
_PART: Final = re.compile(r"[,;:(\u2013\u2014]")
_BRACKETS: Final = re.compile(r"\s*\([^()]{1,40}\)$")
_JOINED: Final = re.compile(r"\s+(?:and|or|&)\b|['\u2019]|-")


class QuoteWords(BaseModel):
    """The words by which a quotation is somebody's: quotes.toml."""

    model_config = ConfigDict(extra="forbid")

    saying: Words
    telling: Words
    between: Words
    callings: Words
    behind: Words
    voices: Words
    no_calling: Words
    says_more: Words


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of data/quotes.toml, and how they stand around a quotation."""

    verb: re.Pattern[str]  # of saying, or of telling: the group `telling` is set
    inverted: re.Pattern[str]  # a verb of saying that is the first word
    between: frozenset[str]
    callings: frozenset[str]
    behind: frozenset[str]
    voices: frozenset[str]
    no_calling: frozenset[str]
    says_more: frozenset[str]


class Said(NamedTuple):
    """Whose words a quotation is, and where the clause that says so ends."""

    entity: Entity
    end: int


def wording_of(words: QuoteWords) -> Wording:
    """Return how a quotation is said to be somebody's."""
    says, tells = _any_of(words.saying), _any_of(words.telling)
    return Wording(
        verb=re.compile(rf"\b(?:(?P<telling>{tells})|{says})\b"),
        inverted=re.compile(rf"[{_LEADING}]{{0,4}}(?:{says}|according to)\b"),
        between=frozenset(words.between),
        callings=frozenset(words.callings),
        behind=frozenset(words.behind),
        voices=frozenset(words.voices),
        no_calling=frozenset(words.no_calling),
        says_more=frozenset(words.says_more),
    )


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in words)


class Speakers:
    """Tells of one text whose its quotations are; to be asked from first to last."""

    def __init__(self, text: str, entities: Iterable[Entity], wording: Wording) -> None:
        self._text = text
        self._wording = wording
        self._cast = Cast(text, entities, callings=wording.callings, no_calling=wording.no_calling)

    def behind(self, start: int, stop: int, *, opened: int) -> Said | None:
        """Return who is said to speak from `start` on, behind a quotation begun at `opened`."""
        text = self._text
        stop = sentence_end(text, start, min(stop, start + _CLAUSE))
        if verb := self._wording.inverted.match(text, start, stop):
            return self._said(self._object(verb.end(), stop, opened), start, stop)
        begin = stop - len(text[start:stop].lstrip(_LEADING))
        closing, is_new = text[start - 2], text[begin : begin + 1].isupper()
        goes_on = closing in _CLOSES or text.startswith(",", start)
        verb = self._wording.verb.search(text, begin, stop)
        if not goes_on or (closing == "." and is_new) or not verb:
            return None
        return self._said(self._subject(begin, verb.start(), opened), start, stop)

    def before(self, start: int, stop: int, *, is_sentence: bool) -> Said | None:
        """Return who is said to speak from `start` on, before a quotation that opens at `stop`.

        `is_sentence` says whether the quotation begins like one.
        """
        begin = sentence_start(self._text, max(start, stop - _CLAUSE), stop)
        if begin is None and stop - start > _CLAUSE:
            return None
        begin = begin or start
        verbs = list(self._wording.verb.finditer(self._text, begin, stop))
        if not verbs or not self._leads_to_words(verbs[-1], stop, is_sentence=is_sentence):
            return None
        return self._said(self._subject(begin, verbs[-1].start(), begin), begin, stop)

    def again(self, entity: Entity, at: int) -> Said:
        """Take note that `entity` speaks at `at`, too."""
        self._cast.speaks(entity, at)
        return Said(entity, at)

    def _said(self, entity: Entity | None, start: int, end: int) -> Said | None:
        if entity is None:
            return None
        self._cast.speaks(entity, start)
        return Said(entity, end)

    def _leads_to_words(self, verb: re.Match[str], stop: int, *, is_sentence: bool) -> bool:
        """Say whether nothing but listener, place and time stand between verb and quotation."""
        tail = self._text[verb.end() : stop].strip()
        words = tail.rstrip(":,").split()
        if words and words[-1] == "that":
            words.pop()
        elif tail and not tail.endswith(":") and not (tail.endswith(",") and is_sentence):
            return False
        is_apart = not words or bool(verb["telling"]) or words[0] in self._wording.behind
        return is_apart and len(words) <= _TAIL and self._wording.says_more.isdisjoint(words)

    def _subject(self, start: int, end: int, opened: int) -> Entity | None:
        """Return whom the clause from `start` to its verb at `end` is about."""
        clause = self._text[start:end].rstrip()
        while (words := clause.rpartition(" "))[2] in self._wording.between:
            clause = words[0].rstrip()
        parts = list(parts_of_clause(self._text, start, start + len(clause)))
        if parts and not clause.endswith(","):
            begin, stop = parts[-1]
            return self._by_name(begin, stop) or self._cast.meant(begin, stop, opened)
        for begin, stop in parts[:_PARTS]:
            if entity := self._by_name(begin, stop):
                return entity if not self._cast.within(start, begin) else None
        return None

    def _object(self, start: int, end: int, opened: int) -> Entity | None:
        """Return whom the clause behind a verb that ends at `start` names as the speaker."""
        part = _PART.search(self._text, start, end)
        stop = part.start() if part else end
        begin, stop = stripped(self._text, start, stop)
        for named in self._cast.within(begin, stop):
            rest = self._text[named.end : stop].split()
            goes_on = bool(rest) and rest[0] not in self._wording.behind
            if (
                not goes_on
                and self._cast.is_called(begin, named)
                and not self._is_joined(named, end)
            ):
                return named.entity
        if entity := self._by_voice(begin, stop) or self._cast.meant(begin, stop, opened):
            return entity
        return self._apposition(begin, stop, end)

    def _apposition(self, begin: int, stop: int, end: int) -> Entity | None:
        """Return who `the group's leader, Ada Okoro` is."""
        words = self._text[begin:stop].split()
        next_part = _PART.search(self._text, stop + 1, end)
        name = stripped(self._text, stop + 1, next_part.start() if next_part else end)
        named = self._cast.at(*name)
        if not named or named.start != name[0] or self._is_joined(named, end):
            return None
        return None if self._wording.callings.isdisjoint(words) else named.entity

    def _by_name(self, begin: int, end: int) -> Entity | None:
        """Return whom a part of a clause ends with, if all else of it says what they are."""
        if brackets := _BRACKETS.search(self._text, begin, end):
            end = brackets.start()
        named = self._cast.at(begin, end)
        if named and self._cast.is_called(begin, named):
            return named.entity
        return self._by_voice(begin, end)

    def _by_voice(self, begin: int, end: int) -> Entity | None:
        """Return the organisation that an unnamed spokesman speaks for."""
        words = self._text[begin:end].split()
        if self._wording.voices.isdisjoint(words):
            return None
        if words[-1] in self._wording.voices:
            end = begin + len(self._text[begin:end].removesuffix(words[-1]).rstrip())
            end -= 2 * self._text.endswith(("'s", "\u2019s"), begin, end)
        named = self._cast.at(begin, end)
        if not named or named.entity.type != "organisation":
            return None
        before = self._text[begin : named.start].lower().split()
        plain = ARTICLES | self._wording.voices | {"for", "of"}
        return named.entity if plain.issuperset(before) else None

    def _is_joined(self, named: Named, end: int) -> bool:
        return _JOINED.match(self._text, named.end, end) is not None
