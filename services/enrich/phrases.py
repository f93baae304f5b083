"""Many phrases found in one pass over a text. Pure."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick


class Match(NamedTuple):
    """Where a phrase stands in a text; `phrase` is its place in the list that was searched for."""

    start: int
    end: int
    phrase: int


class Phrases:
    """Phrases to look for (Aho-Corasick: the time does not depend on how many there are)."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._automaton = AhoCorasick(phrases)

    def find(self, text: str) -> Iterator[Match]:
        """Yield where phrases stand as whole words, first to last, none within another.

        Of two that overlap the earlier counts, of two that begin together the longer.
        """
        found = self._automaton.find_matches_as_indexes(text, overlapping=True)
        size = len(text)
        whole = [  # is_whole written out: most that is found is part of a word; a tenth faster
            Match(start, end, phrase)
            for phrase, start, end in found
            if not (
                (end < size and is_letter(text[end])) or (start > 0 and is_letter(text[start - 1]))
            )
        ]
        whole.sort(key=lambda match: (match.start, -match.end))
        free = 0
        for match in whole:
            if match.start >= free:
                free = match.end
                yield match


def is_whole(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] is not a part of a longer word."""
    return not (
        (start > 0 and is_letter(text[start - 1])) or (end < len(text) and is_letter(text[end]))
    )


def is_letter(char: str) -> bool:
    """Say whether `char` is a letter, a digit or an accent that stands by itself."""
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")
