"""Which of the places of one name a text means: Tripoli in Libya or in Lebanon. Pure.

    after it      `Paris, Texas` is in Texas; a `province` is no city, a `city` no province
    in the text   a place in a country, or in a part of one, that the text names is likelier
    in general    a place of many people, and a capital, is likelier

The logarithm (base 10) of the people who live there is a place's weight; a capital has 1 more, a
place in a country that is named 2.4, one in a named part of a country 1.4 more. The United States
are named nearly everywhere, so that says less: 1. What is not clearly first means nothing: a wrong
id is worse than none. One name means one place in a text.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from services.enrich.atlas import Place
from services.enrich.gazetteer import Gazetteer
from services.enrich.names import fold
from services.enrich.tags import Named

_CAPITAL: Final = 1.0
_IN_NAMED_COUNTRY: Final = 2.4
_IN_THE_US: Final = 1.0
_IN_NAMED_PART: Final = 1.4
_CLEARLY: Final = 0.5  # so much more weight than the next, when the text says where
_BY_FAR: Final = 0.7  # else
_LARGE: Final = 100_000  # people: a place that needs no hint in the text
_PART_AT_MOST: Final = 2_000_000  # people: a part of a country is no likelier for having more
_PART_UNKNOWN: Final = 500_000  # people: an English county
_OF_ITS_PART: Final = 4  # a city with a quarter of a part's people is meant by the name of both
_AREA: Final = 7.0  # the weight of a continent

_QUALIFIER: Final = re.compile(r",\s([A-Z][\w.'-]{0,20}(?:\s[A-Z][\w.'-]{0,20}){0,2})")
_LIST_GOES_ON: Final = re.compile(r",?\sand\s|,\s[A-Z]")
_PART: Final = re.compile(
    r"\s(?:province|state|region|governorate|oblast|prefecture)\b", re.IGNORECASE
)
_CITY: Final = re.compile(r"\scity\b", re.IGNORECASE)
_SMALLER: Final = re.compile(r"\s(?:airport|county|district|suburb|village)\b", re.IGNORECASE)


class Places:
    """Tells what the names of places in one text mean, which depends on what else it names."""

    def __init__(self, text: str, mentions: Sequence[Named], gazetteer: Gazetteer) -> None:
        self._text = text
        self._gazetteer = gazetteer
        self._named_in = frozenset(_countries(mentions, gazetteer))
        self._in: set[str] = set(self._named_in)
        names: dict[str, list[Named]] = defaultdict(list)
        for mention in mentions:
            if mention.tag.type == "place" and mention.folded not in gazetteer.organisations:
                names[mention.folded].append(mention)
        self._meant = {name: self._meaning(name, named) for name, named in names.items()}
        self._in.update(self._told())
        for name, place in self._meant.items():
            if place is None:
                self._meant[name] = self._meaning(name, names[name])

    def meant_by(self, mention: Named) -> Place | None:
        """Return the place that `mention` means, None if that is unsure or it names no place."""
        return self._meant.get(mention.folded) if mention.tag.type == "place" else None

    def _told(self) -> Iterable[str]:
        for place in self._meant.values():
            if place:
                yield place.code
                yield place.code[:2]

    def _meaning(self, name: str, mentions: Sequence[Named]) -> Place | None:
        is_country = name in self._gazetteer.countries
        inner, comma, outer = name.partition(", ")
        candidates = self._gazetteer.atlas.named(inner if comma else name)
        if comma:
            within, _ = self._within(candidates, outer)
            return _most_people(within)
        for mention in mentions:
            within, is_elsewhere = self._qualified(mention, candidates)
            if is_country:
                within = [place for place in within if "-" in place.code]
            if within or (is_elsewhere and not is_country):
                return _most_people(within)
        if is_country and self._is_a_country(name):
            return None
        return self._likeliest(self._of_kind(name, candidates, mentions), hinted=is_country)

    def _is_a_country(self, name: str) -> bool:
        country = self._gazetteer.countries[name]
        return not country.only_with

    def _qualified(self, mention: Named, candidates: Sequence[Place]) -> tuple[list[Place], bool]:
        """Return which candidates lie in what stands after a comma, and whether none can."""
        match = _QUALIFIER.match(self._text, mention.tag.end)
        if match is None:
            return [], False
        words = match[1].split()
        for count in range(len(words), 0, -1):
            outer = " ".join(words[:count])
            within, is_part = self._within(candidates, fold(outer))
            if within:
                return within, False
            if is_part:
                after = match.start(1) + len(outer)
                return [], _LIST_GOES_ON.match(self._text, after) is None
        return [], False

    def _within(self, candidates: Sequence[Place], outer: str) -> tuple[list[Place], bool]:
        """Return which candidates lie in `outer`, and whether that is a country's part only."""
        atlas, country = self._gazetteer.atlas, self._gazetteer.countries.get(outer)
        named = atlas.after_comma(outer)
        codes = {place.code for place in named if place.kind in {"country", "part"}}
        if country and not country.is_demonym:
            codes.add(country.code)
        within = [
            place
            for place in candidates
            if place.kind in {"city", "capital"}
            and not codes.isdisjoint({place.code, place.country})
        ]
        is_part = bool(named) and all(place.kind == "part" for place in named)
        return within, is_part

    def _of_kind(
        self, name: str, candidates: Sequence[Place], mentions: Sequence[Named]
    ) -> Sequence[Place]:
        """Return the candidates that what stands after the name allows."""
        atlas, ends = self._gazetteer.atlas, [mention.tag.end for mention in mentions]
        if suffix := _PART.search(name):
            return [one for one in atlas.after_comma(name[: suffix.start()]) if one.kind == "part"]
        if any(_PART.match(self._text, end) for end in ends):
            return [one for one in atlas.after_comma(name) if one.kind == "part"]
        if any(_SMALLER.match(self._text, end) for end in ends):
            return []
        if any(_CITY.match(self._text, end) for end in ends):
            return [one for one in candidates if one.kind in {"city", "capital"}]
        return _apart(candidates)

    def _likeliest(self, candidates: Sequence[Place], *, hinted: bool) -> Place | None:
        """Return the candidate that is clearly before the others; `hinted` if only in context."""
        weighed = sorted(((self._weight(one), one) for one in candidates), reverse=True)
        if not weighed:
            return None
        weight, first = weighed[0]
        lead = weight - weighed[1][0] if len(weighed) > 1 else math.inf
        if first.country in self._in or first.kind == "area":
            return first if lead >= _CLEARLY else None
        is_known = first.kind in {"capital", "country"} or first.population >= _LARGE
        return first if is_known and lead >= _BY_FAR and not hinted else None

    def _weight(self, place: Place) -> float:
        if place.kind == "area":
            return _AREA
        people = place.population
        if place.kind == "part":
            people = min(people, _PART_AT_MOST) or _PART_UNKNOWN
        weight = math.log10(people + 1) + _CAPITAL * (place.kind == "capital")
        if place.country in self._in:
            weight += _IN_THE_US if place.country == "US" else _IN_NAMED_COUNTRY
        if place.kind in {"city", "capital"} and place.code in self._in:
            weight += _IN_NAMED_PART
        return weight


def _countries(mentions: Iterable[Named], gazetteer: Gazetteer) -> Iterable[str]:
    for mention in mentions:
        country = gazetteer.countries.get(mention.folded)
        if country and not country.only_with:
            yield country.code
            yield country.code[:2]


def _most_people(places: Sequence[Place]) -> Place | None:
    return max(places, key=lambda place: place.population, default=None)


def _apart(places: Sequence[Place]) -> list[Place]:
    """Leave out the less likely of a city and the country, or part of one, named like it."""
    parts = {place.code: place for place in places if place.kind in {"country", "part"}}
    cities = {place.code: place for place in places if place.kind in {"city", "capital"}}
    dropped: set[int] = set()
    for code in parts.keys() & cities.keys():
        part, city = parts[code], cities[code]
        is_city = part.kind == "part" and city.population * _OF_ITS_PART >= part.population
        dropped.add(part.geonames if is_city else city.geonames)
    return [place for place in places if place.geonames not in dropped]
