"""How names compare and how they are written. Pure."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

# Written small within a name: `Rio de Janeiro`, `Sydney and Kuala Lumpur`.
PARTICLE: Final = re.compile(
    "al|and|aux?|da|das|de|del|di|dos?|du|e|el|en|es|las?|les?|los|of|on|sur|the|upon|y"
)
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?", re.UNICODE)
_ABBREVIATIONS: Final = frozenset({"DC", "DR", "DRC", "NSW", "PNG", "UAE", "UK", "UN", "US", "USA"})
_WORD: Final = re.compile(r"[^\W\d_][^\s-]*", re.UNICODE)


@lru_cache(16_384)  # a text names the same things again, each step folds them
def fold(name: str) -> str:
    """Return what is the same for every way of writing `name`.

    Case, accents, full stops and the shape of apostrophes and blanks make no difference:
    `U.S.` is `us`, `Türkiye` is `turkiye`.
    """
    if not name.isascii():
        plain = unicodedata.normalize("NFKD", name.replace("\u2019", "'"))
        name = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(name.replace(".", "").lower().split())


def lower_in_place(text: str) -> str:
    """Return `text` in lower case with every character where it was: offsets hold in both."""
    lower = text.lower()
    if len(lower) != len(text):  # "İ" alone becomes two code points
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lower.replace("\u2019", "'")


def proper_case(name: str) -> str:
    """Return a name written in capitals as it is written in a sentence: `RIO DE JANEIRO`."""
    if not name.isupper():
        return name
    return _WORD.sub(_proper_word, name)


def _proper_word(match: re.Match[str]) -> str:
    word = match[0]
    if _INITIALS.fullmatch(word) or word in _ABBREVIATIONS:
        return word
    if match.start() and PARTICLE.fullmatch(word.lower()):
        return word.lower()
    return word.title()
