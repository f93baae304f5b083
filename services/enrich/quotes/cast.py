"""Who is named in a text, and whom `he`, `she` or `the minister` means where that is plain. Pure.

They mean the one person whom the sentence and the one before it name, if as a subject or as
somebody who speaks. With two persons there it is nobody; nor is it who was once Mr and now is she.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from services.enrich.text.sentences import previous_start, sentence_start
from shared.messages import Entity

_CALLING: Final = 8  # words before a name that say what somebody is
_PARTS: Final = 2  # of a sentence: its subject may stand behind one comma
_SENTENCE: Final = 240  # characters of it before its subject
_WINDOW: Final = 600  # characters of the sentence before
_ROUND: Final = 60  # characters around a name in which `minister` may stand
_RECENT: Final = 3  # quotations
_HE: Final = re.compile(r"(?:(?:and|but|so|then|yet|as) )?(s?he)", re.IGNORECASE)
_THE_ONE: Final = re.compile(r"the (?:[\w-]+ ){0,3}([\w-]+)", re.IGNORECASE)
_COMMA_APART: Final = re.compile("[^,]+")
_COURTESY: Final = re.compile(r"\b(?:(Mr|Sir)|(?:Mrs|Ms|Miss|Dame))\.?\s+$")
ARTICLES: Final = frozenset({"the", "a", "an", "one"})
_LEADS_IN: Final = frozenset({"and", "but", "as", "when", "while", "because", "after", "before"})


class Named(NamedTuple):
    """Where a text names a person or an organisation."""

    start: int
    end: int
    entity: Entity


class Cast:
    """The persons and organisations of one text; to be asked from its beginning to its end."""

    def __init__(
        self,
        text: str,
        entities: Iterable[Entity],
        *,
        callings: frozenset[str],
        no_calling: frozenset[str],
    ) -> None:
        """Take small words that say what somebody is, and words that say that it is not so."""
        self._text = text
        self._callings = callings
        self._no_calling = no_calling
        named = [
            Named(mention.start, mention.end, entity)
            for entity in entities
            if entity.type in {"person", "organisation"} and entity.id
            for mention in entity.mentions
        ]
        self._named = sorted(named, key=_start)
        self._ending = {one.end: one for one in self._named}
        self._spoke: list[Named] = []
        self._is_he: dict[str | None, bool] = {}  # by id
        for one in self._named:
            if courtesy := _COURTESY.search(text, max(one.start - 8, 0), one.start):
                self._is_he.setdefault(one.entity.id, bool(courtesy[1]))

    def speaks(self, entity: Entity, at: int) -> None:
        """Take note that `entity` says something at `at`."""
        self._spoke.append(Named(at, at, entity))

    def within(self, begin: int, end: int) -> Sequence[Named]:
        """Return what is named from `begin` on, before `end`."""
        first = bisect_left(self._named, begin, key=_start)
        return self._named[first : bisect_left(self._named, end, first, key=_start)]

    def at(self, begin: int, end: int) -> Named | None:
        """Return what is named at the end of `begin` to `end`."""
        named = self._ending.get(end)
        return named if named and named.start >= begin else None

    def is_called(self, begin: int, named: Named) -> bool:
        """Say whether all from `begin` to a name says what is named there: `The group's leader`."""
        words = self._text[begin : named.start].split()
        if words and words[0].lower() in _LEADS_IN:
            words = words[1:]
        if len(words) > _CALLING or not self._no_calling.isdisjoint(map(str.lower, words)):
            return False
        while words and words[-1].lower() in ARTICLES:
            words.pop()
        if not words:
            return True
        last = words[-1].rpartition("-")[2]
        return last[:1].isupper() or last == "old" or last in self._callings

    def meant(self, begin: int, end: int, opened: int) -> Entity | None:
        """Return whom the pronoun from `begin` to `end` means in the sentence begun at `opened`."""
        said = " ".join(self._text[begin:end].split())
        pronoun, calling = _HE.fullmatch(said), _THE_ONE.fullmatch(said)
        if not pronoun and not (calling and calling[1].lower() in self._callings):
            return None
        if (entity := self._only_person(opened, begin)) is None:
            return None
        if calling:
            return entity if self._is_ever(entity, calling[1].lower(), begin) else None
        is_he = pronoun is not None and pronoun[1].lower() == "he"
        return entity if self._is_he.setdefault(entity.id, is_he) == is_he else None

    def _only_person(self, opened: int, end: int) -> Entity | None:
        begin = previous_start(self._text, max(opened - _WINDOW, 0), opened)
        persons = [one for one in self.within(begin, end) if one.entity.type == "person"]
        spoke = [one for one in self._spoke[-_RECENT:] if begin <= one.start < end]
        entities = {one.entity.id: one.entity for one in (*persons, *spoke)}
        if len(entities) != 1 or not (spoke or any(map(self._is_subject, persons))):
            return None
        return next(iter(entities.values()))

    def _is_subject(self, named: Named) -> bool:
        lowest = max(named.start - _SENTENCE, 0)
        begin = sentence_start(self._text, lowest, named.start)
        if begin is None and lowest:
            return False
        parts = list(parts_of_clause(self._text, begin or lowest, named.start))
        begin = parts[-1][0] if parts else named.start
        return len(parts) <= _PARTS and self.is_called(begin, named)

    def _is_ever(self, entity: Entity, calling: str, end: int) -> bool:
        """Say whether one of the names before `end` is called so: `Minister Ada Okoro`."""
        for named in entity.mentions:
            if named.start >= end:
                break
            before = self._text[max(named.start - _ROUND, 0) : named.start].split()
            after = self._text[named.end : min(named.end + _ROUND, end)].split(",", 2)
            beside = [*before[-1:], *(after[1].split() if after[1:] and not after[0] else ())]
            if calling in map(str.lower, beside):
                return True
        return False


def parts_of_clause(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where what stands between commas begins and ends, without the blanks around it."""
    for part in _COMMA_APART.finditer(text, begin, end):
        first, last = stripped(text, part.start(), part.end())
        if first < last:
            yield first, last


def stripped(text: str, begin: int, end: int) -> tuple[int, int]:
    """Return where text[begin:end] begins and ends without the blanks around it."""
    inner = text[begin:end]
    return end - len(inner.lstrip()), begin + len(inner.rstrip())


def _start(named: Named) -> int:
    return named.start
