"""What kind of thing a name names, where the tagger's guess and the rest of the text differ. Pure.

    an organisation   whose last word says so (`Okapi Company`); what the tagger took for a person,
                      but a longer organisation of the text begins with it (`Okapi`)
    a person          whose last name is a person's elsewhere in the text
    a place           that the tagger took for a person: a larger city or a part of a country that
                      the text names; it says nothing there and is no part of a person's name

A wrong step would cost more than it mends: each was measured on newswire and on political articles.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate
from typing import Final

from services.enrich.entities.gazetteer import Gazetteer
from services.enrich.entities.tags import Named
from shared.messages import EntityType

_LARGE: Final = 50_000  # people
_LARGE_IN_THE_US: Final = 500_000  # people: its cities are named like persons, Davis and Duncan
_OFTEN_ENOUGH: Final = 2  # mentions of a person by one word
_FULL_NAME: Final = (2, 3)  # words
_SAYS: Final = re.compile(r",?\s(?:said|says|told|added|adds|explained|who|whose|\d\d)\b")
_SAID: Final = re.compile(r"\b(?:said|says|added|adds|explained)\s$")
_BEFORE: Final = 10  # characters: `explained `


def retyped(text: str, names: Sequence[Named], gazetteer: Gazetteer) -> list[Named]:
    """Return the `names` of `text` with better types, in the same order."""
    types = _types(text, names, gazetteer)
    return [name.of_type(kind) for name, kind in zip(names, types, strict=True)]


def _types(text: str, names: Sequence[Named], gazetteer: Gazetteer) -> Iterator[EntityType]:
    seen = Counter(name.folded for name in names if name.tag.type == "person")
    people = {person for person, count in seen.items() if " " in person or count >= _OFTEN_ENOUGH}
    begun = set(_beginnings(names, gazetteer))
    in_full = {word for person in people if " " in person for word in person.split()}
    named = {
        country.code[:2] for name in names if (country := gazetteer.countries.get(name.folded))
    }
    for name in names:
        kind, folded = name.tag.type, name.folded
        if folded in gazetteer.organisations or folded in gazetteer.countries:
            yield kind
        elif kind == "person":
            is_place = folded not in in_full and _is_in(folded, named, gazetteer)
            if is_place and not _speaks(text, name):
                yield "place"
            elif folded in begun or _is_one(name, gazetteer):
                yield "organisation"
            else:
                yield kind
        elif kind != "organisation" and _is_one(name, gazetteer):
            yield "organisation"
        else:
            yield "person" if _is_full_name(name, people, gazetteer) else kind


def _beginnings(names: Sequence[Named], gazetteer: Gazetteer) -> Iterator[str]:
    """Yield what the names of organisations begin with, in whole words."""
    for name in names:
        is_organisation = name.tag.type == "organisation" or _is_one(name, gazetteer)
        if is_organisation and " " in name.folded:
            yield from accumulate(name.folded.split()[:-1], "{} {}".format)


def _is_one(name: Named, gazetteer: Gazetteer) -> bool:
    """Say whether its last word makes a name an organisation's that was seen as another thing."""
    if name.tag.type == "group":
        return False
    words = gazetteer.bodies if name.tag.type == "person" else gazetteer.companies
    first, _, last = name.folded.rpartition(" ")
    return bool(first) and last in words


def _is_in(folded: str, countries: set[str], gazetteer: Gazetteer) -> bool:
    return any(
        place.country in countries
        and (place.population >= (_LARGE_IN_THE_US if place.country == "US" else _LARGE))
        for place in gazetteer.atlas.named(folded)
    )


def _speaks(text: str, name: Named) -> bool:
    start, end, _ = name.tag
    return bool(_SAYS.match(text, end) or _SAID.search(text, max(0, start - _BEFORE), start))


def _is_full_name(name: Named, people: AbstractSet[str], gazetteer: Gazetteer) -> bool:
    """Say whether it ends like a person's name, and no word in it is a place or an acronym."""
    first, _, last = name.folded.rpartition(" ")
    return (
        last in people
        and name.tag.type != "group"
        and len(words := name.text.split()) in _FULL_NAME
        and all(word[0].isupper() and not word.isupper() for word in words)
        and not any(map(gazetteer.atlas.named, (name.folded, first, last)))
        and first not in gazetteer.countries
    )
