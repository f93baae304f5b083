"""The publisher's own words at the end of an article, told from the story's. Pure.

    known     a paragraph that opens like one of data/wire.toml: the footer, from there to the end
    learned   a paragraph that the same source has put under three different articles

What is learned only cuts where nothing of the story would go with it: every paragraph from there
to the end, or to a known one, is learned, too, or a line that is no sentence. It has to stand in
the second half of the text, and a short sentence (`The trial continues.`) never counts.

Articles differ when id, lead and a sampled paragraph all do (`Ending.signs`): a story that is sent
again, in a new version or under another id, does not turn its own words into a footer.
"""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final, NamedTuple

from shared.messages import RawArticle, Span

_PARAGRAPH: Final = re.compile(r"\S[^\n]*")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_SENTENCE: Final = re.compile(
    r"[.!?\u2026\u3002\uff01\uff1f\u0964\u061f]['\"\u2019\u201d\u00bb)\]]*$"
)
_LATE: Final = 0.75  # of the text: from here a line that may also part a story closes it
_SECOND_HALF: Final = 0.5
_MOST: Final = 30  # paragraphs from either end of an article that are looked at
_LONGEST: Final = 2_000  # characters of a paragraph that is learned: a disclaimer has some hundred
_LINE: Final = 12  # letters that a line without a full stop has at least, to be learned
_TOLD: Final = 40  # letters of a sentence, so that `He did not elaborate.` stays the story's
_SHORT: Final = 100  # characters of a line that may stand within a footer, a related headline
_SIGN_BYTES: Final = 4  # two alike only delay what is learned
_HASH_BYTES: Final = 6  # of 2,000 paragraphs two are alike in one source of 140 million


class Line(NamedTuple):
    """A paragraph without the blanks around it. A Span would take ten times the memory."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Footers:
    """How a publisher's footer opens, see data/wire.toml."""

    anywhere: re.Pattern[str]
    late: re.Pattern[str]


class Ending(NamedTuple):
    """What of an article is remembered for its source, as hashes."""

    source: str
    signs: bytes  # four bytes each: article id, lead, the least hash among the first paragraphs
    paragraphs: tuple[bytes, ...]  # six bytes each: those of the second half


def footers_of(*, anywhere: Iterable[str], late: Iterable[str]) -> Footers:
    """Return how to know a footer by its first words; a `*` stands for up to 40 characters."""
    return Footers(_opening_with(anywhere), _opening_with(late))


def paragraphs_of(text: str) -> list[Line]:
    """Return the paragraphs of a text: its lines that are not blank."""
    return [
        Line(line.start(), line.start() + len(line[0].rstrip()))
        for line in _PARAGRAPH.finditer(text)
    ]


def ending_of(article: RawArticle) -> Ending | None:
    """Return what to remember of an article, or None when nothing is: it has no source, say."""
    text = article.text
    lines = paragraphs_of(text)
    half = len(text) * _SECOND_HALF
    first = [line for line in lines[:_MOST] if line.start < half]
    second = [line for line in lines[1:] if line.start >= half][-_MOST:]
    hashes = dict.fromkeys(_hash(text, line) for line in second)
    hashes.pop(None, None)
    if not article.source or not hashes:
        return None
    told = [sign for line in first if (sign := _hash(text, line, fewest=_TOLD))]
    article_id = _digest(article.article_id)
    signs = (article_id, told[0], min(told)) if told else (article_id,) * 3
    paragraphs = tuple(hash_ for hash_ in hashes if hash_)
    return Ending(article.source, b"".join(sign[:_SIGN_BYTES] for sign in signs), paragraphs)


def footer_of(
    text: str, paragraphs: Sequence[Line], closings: Footers, learned: AbstractSet[bytes]
) -> Span | None:
    """Return the footer among the `paragraphs` of a story, the first of which is never in it.

    `learned` are the hashes of what the article's source has put under other articles.
    """
    known = _known(text, paragraphs, closings)
    first = known
    half = len(text) * _SECOND_HALF
    for at in range(known - 1, 0, -1):
        line = paragraphs[at]
        if not learned or line.start < half:
            break
        if _hash(text, line) in learned:
            first = at
        elif not _is_line(text, line):
            break
    if first == len(paragraphs):
        return None
    return Span(start=paragraphs[first].start, end=paragraphs[-1].end)


def _opening_with(phrases: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(_opening_pattern, phrases)), re.IGNORECASE)


def _opening_pattern(phrase: str) -> str:
    pattern = r".{1,40}?".join(map(re.escape, phrase.split("*")))
    return rf"{pattern}\b" if phrase[-1].isalpha() else pattern  # `© 20` opens `© 2021`


def _known(text: str, paragraphs: Sequence[Line], closings: Footers) -> int:
    """Return which of the paragraphs opens like a footer, or how many there are."""
    late = len(text) * _LATE
    for at, (start, end) in enumerate(paragraphs):
        if at and (
            closings.anywhere.match(text, start, end)
            or (start >= late and closings.late.match(text, start, end))
        ):
            return at
    return len(paragraphs)


def _hash(text: str, line: Line, fewest: int = _LINE) -> bytes | None:
    """Return what a paragraph has in common with others that say the same, None if it is short.

    Case, digits, blanks and punctuation make no difference.
    """
    if line.end - line.start > _LONGEST:
        return None
    words = _LETTERS.findall(text, line.start, line.end)
    if not _is_line(text, line, longest=_LONGEST):
        fewest = _TOLD
    if sum(map(len, words)) < fewest:
        return None
    return _digest(" ".join(words).lower())


def _is_line(text: str, line: Line, longest: int = _SHORT) -> bool:
    """Say whether a paragraph is no sentence: a headline, a name, a link."""
    return line.end - line.start <= longest and not _SENTENCE.search(
        text, max(line.start, line.end - 8), line.end
    )


def _digest(words: str) -> bytes:
    return blake2b(words.encode(errors="replace"), digest_size=_HASH_BYTES).digest()
