"""Where a text names something: what the tagger saw, put right. Pure.

trim     quotes, articles, possessives, titles, `all-` and `-led` are no part of a name
repair   an organisation that is known is tagged whole, wherever it stands
retype   what the text says elsewhere of a name (retyping.py)
vote     one name has one type in a text
spread   a name seen twice is a name wherever it stands (spreading.py)
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from services.enrich.entities.gazetteer import AroundNames, Gazetteer
from services.enrich.entities.retyping import retyped
from services.enrich.entities.spreading import spread
from services.enrich.entities.tags import Named, Tag, named
from services.enrich.names import fold
from services.enrich.phrases import is_letter
from shared.messages import EntityType, Span

__all__ = ["Tag", "tidy", "trim"]

_LONGEST: Final = 120  # characters; longer is no name but a tagger's slip in a strange text
_BEFORE_FULL_NAME: Final = re.compile(r"(\S+)\s+(?=\S+\s+\S)")  # not `Jordan` in `Jordan Lee`
_WORD: Final = re.compile(r"[^\W\d_]+")
_TRAILS: Final = "s'\u2019"  # what `Kenya's` and `workers'` end with
# What stands before a word that is capital by its place: the end of a sentence or of a dateline,
# or a word of the same name.
_BEFORE_CAPITAL: Final = re.compile(
    r"(?:[.!?][\"'\u201d\u2019]?|[-\u2013\u2014]|\b[A-Z]\w{1,30})\s[\"'\u201c\u2018]?$"
)
_STOP_STAYS: Final = re.compile(r"(?:\.\w+|\b(?:Inc|Corp|Ltd|Co|Jr|Sr|Bros))\.$")


def tidy(
    text: str, tags: Iterable[Tag], *, story: Sequence[Span], gazetteer: Gazetteer
) -> list[Tag]:
    """Return where the story of `text` names something, first to last, none within another.

    `tags` are the tagger's. Of two that overlap the longer stays, of two alike the known one.
    """
    trimmed = (trim(text, tag, gazetteer.around) for tag in tags)
    proper = _without_common(text, filter(None, trimmed))
    seen = [part for tag in proper for part in _parted(text, tag, gazetteer)]
    tags = _apart([*_known(text, story, gazetteer), *seen])
    names = _voted(retyped(text, [named(text, tag) for tag in tags], gazetteer))
    return _apart([*(name.tag for name in names), *spread(text, names, story=story)])


def trim(text: str, tag: Tag, around: AroundNames) -> Tag | None:
    """Return `tag` without what is not part of the name, or None when nothing is left."""
    start, end, kind = tag
    if end - start > _LONGEST:
        return None
    line_end = text.find("\n", start, end)
    if line_end > start:
        end = line_end
    if (match := around.before.match(text, start, end)) is not None:
        start = match.end()
    end = _end_of_name(text, start, end, around)
    if around.courtesy.match(text, start, end):
        kind = "person"
    if kind == "person" and (match := around.titles.match(text, start, end)):
        start = match.end()
    if kind == "person" and (match := around.joined.match(text, end)):
        end = match.end()
    name = text[start:end]
    is_name = len(name) > 1 and not name.islower() and any(map(str.isalpha, name))
    return Tag(start, end, kind) if is_name and not around.kind.fullmatch(name) else None


def _without_common(text: str, tags: Iterable[Tag]) -> Iterator[Tag]:
    """Yield `tags` but for words that only begin sentences, and are written small elsewhere.

    `Museum reopens` is no name where a museum is told of. Persons are left alone.
    """
    common: set[str] | None = None
    for tag in tags:
        word = text[tag.start : tag.end]
        if tag.type != "person" and word.istitle() and _is_capital_by_place(text, tag.start):
            if common is None:
                common = _common_words(text)
            if word in common:
                continue
        yield tag


def _common_words(text: str) -> set[str]:
    """Return the words that are capital by their place alone, and somewhere small, or in plural."""
    small: set[str] = set()
    capital: set[str] = set()
    names: set[str] = set()
    for found in _WORD.finditer(text):
        word = found[0]
        if word.islower():
            small.add(word.removesuffix("s"))
        elif word.istitle():
            (capital if _is_capital_by_place(text, found.start()) else names).add(word)
    return {word for word in capital - names if word.lower().removesuffix("s") in small}


def _is_capital_by_place(text: str, at: int) -> bool:
    """Say whether a line, a sentence or a story begins at `at`, or a name goes on there."""
    if at == 0 or text[at - 1] == "\n":
        return True
    return _BEFORE_CAPITAL.search(text, max(0, at - 34), at) is not None


def _parted(text: str, tag: Tag, gazetteer: Gazetteer) -> Iterator[Tag]:
    """Yield `tag`, but of `Kenya Amina Odhiambo` the country and the person."""
    start, end, kind = tag
    if kind == "person" and (match := _BEFORE_FULL_NAME.match(text, start, end)):
        country = gazetteer.countries.get(fold(match[1]))
        if country and not country.is_demonym:
            yield Tag(start, match.end(1), "place")
            start = match.end()
    yield Tag(start, end, kind)


def _end_of_name(text: str, start: int, end: int, around: AroundNames) -> int:
    """Return where the name in text[start:end] ends, without what trails it."""
    while end > start:
        last = text[end - 1]
        may_trail = last in _TRAILS or text.find("-", start, end) >= 0  # else no pattern is needed
        if may_trail and (match := around.after.search(text, start, end)):
            end = match.start()
        elif _belongs(last, text[start:end]):
            break
        else:
            end -= 1
    return end


def _belongs(last: str, name: str) -> bool:
    """Say whether the last character belongs to `name`: a letter, `D.C.`, `Acme (UK)`."""
    if last == ")":
        return "(" in name
    return is_letter(last) or (last == "." and _STOP_STAYS.search(name) is not None)


def _known(text: str, story: Iterable[Span], gazetteer: Gazetteer) -> Iterator[Tag]:
    for part in story:
        for match in gazetteer.anywhere.find(text[part.start : part.end]):
            yield Tag(
                part.start + match.start,
                part.start + match.end,
                gazetteer.anywhere_is[match.phrase].type,
            )


def _voted(names: Sequence[Named]) -> list[Named]:
    """Give each name one type: what it was seen as most often, else first."""
    votes: dict[str, Counter[EntityType]] = defaultdict(Counter)
    for name in names:
        votes[name.folded][name.tag.type] += 1
    elected = {name: max(counts, key=counts.__getitem__) for name, counts in votes.items()}
    return [name.of_type(elected[name.folded]) for name in names]


def _apart(tags: Iterable[Tag]) -> list[Tag]:
    """Return tags that do not overlap: the longer of two stays, of two alike the first."""
    apart: list[Tag] = []
    for tag in sorted(tags, key=lambda tag: (tag.start, -tag.end)):
        if not apart or tag.start >= apart[-1].end:
            apart.append(tag)
        elif tag.end - tag.start > apart[-1].end - apart[-1].start:
            apart[-1] = tag
    return apart
