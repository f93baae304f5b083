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

from services.enrich.entities.atlas import Place
from services.enrich.entities.gazetteer import Gazetteer
from services.enrich.entities.tags import Named
from services.enrich.names import fold

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

_CITIES: Final = frozenset({"city", "capital"})
_QUALIFIER: Final = re.compile(r",\s([A-Z][\w.'-]{0,20}(?:\s[A-Z][\w.'-]{0,20}){0,2})")
_LIST_GOES_ON: Final = re.compile(r",?\sand\s|,\s[A-Z]")
_KIND: Final = re.compile(
    r"\s(?:(?P<part>province|state|region|governorate|oblast|prefecture)|(?P<city>city)"
    r"|(?P<smaller>airport|county|district|suburb|village))\b",
    re.IGNORECASE,
)
_PART_OF: Final = re.compile(
    r"\b(?:province|state|region|governorate|oblast|prefecture|department|wilaya) of (?:the )?$",
    re.IGNORECASE,
)
_PART_OF_LENGTH: Final = 20  # characters: `governorate of the `


class Places:
    """Tells what the names of places in one text mean, which depends on what else it names."""

    def __init__(self, text: str, mentions: Sequence[Named], gazetteer: Gazetteer) -> None:
        self._text = text
        self._gazetteer = gazetteer
        self._in = set(_countries(mentions, gazetteer))  # codes of what the text is about
        alike: dict[tuple[str, str], list[Named]] = defaultdict(list)
        for mention in mentions:
            if mention.tag.type == "place" and mention.folded not in gazetteer.organisations:
                alike[mention.folded, self._said_to_be(mention)].append(mention)
        self._meant = {key: self._meaning(*key, named) for key, named in alike.items()}
        self._in.update(self._told())
        for key, place in self._meant.items():
            if place is None:
                self._meant[key] = self._meaning(*key, alike[key])

    def meant_by(self, mention: Named) -> Place | None:
        """Return the place that `mention` means, None if that is unsure or it names no place."""
        if mention.tag.type != "place":
            return None
        return self._meant.get((mention.folded, self._said_to_be(mention)))

    def _told(self) -> Iterable[str]:
        for place in self._meant.values():
            if place:
                yield place.code
                yield place.code[:2]

    def _said_to_be(self, mention: Named) -> str:
        """Return the words beside a name that say what it is: `province`, `city`, `airport`."""
        start, end, _ = mention.tag
        after = _KIND.match(self._text, end)
        before = _PART_OF.search(self._text, max(0, start - _PART_OF_LENGTH), start)
        return (after.lastgroup if after else "part" if before else None) or ""

    def _meaning(self, name: str, said_to_be: str, mentions: Sequence[Named]) -> Place | None:
        is_country = name in self._gazetteer.countries
        inner, comma, outer = name.partition(", ")
        if comma:
            within, _ = self._within(self._gazetteer.atlas.named(inner), outer)
            return _most_people(within)
        candidates = self._candidates(name, said_to_be)
        for mention in mentions:
            within, is_elsewhere = self._qualified(mention, candidates)
            if is_country:
                within = [place for place in within if "-" in place.code]
            if within or (is_elsewhere and not is_country):
                return _most_people(within)
        if is_country and not self._gazetteer.countries[name].only_with:
            return None
        return self._likeliest(candidates, hinted=is_country)

    def _candidates(self, name: str, said_to_be: str) -> Sequence[Place]:
        """Return the places of that name that are what the words beside it say."""
        atlas = self._gazetteer.atlas
        if not (named := atlas.named(name)) and (kind := _KIND.search(name)):  # `Kano State`
            name, said_to_be = name[: kind.start()], kind.lastgroup or ""
        if said_to_be == "part":
            return [place for place in atlas.after_comma(name) if place.kind == "part"]
        if said_to_be == "smaller":
            return []
        named = named or atlas.named(name)
        return [one for one in named if one.kind in _CITIES] if said_to_be else _apart(named)

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
            if (place.code in codes and place.kind in _CITIES)
            or (place.country in codes and place.kind != "country")
        ]
        is_part = bool(named) and all(place.kind == "part" for place in named)
        return within, is_part

    def _likeliest(self, candidates: Sequence[Place], *, hinted: bool) -> Place | None:
        """Return the candidate that is clearly before the others; `hinted` if only in context."""
        weighed = sorted(((self._weight(one), one) for one in candidates), reverse=True)
        if not weighed:
            return None
        weight, first = weighed[0]
        lead = weight - weighed[1][0] if len(weighed) > 1 else math.inf
        if first.kind == "area" or self._is_near(first):
            return first if lead >= _CLEARLY else None
        is_known = first.kind in {"capital", "country"} or first.population >= _LARGE
        return first if is_known and lead >= _BY_FAR and not hinted else None

    def _is_near(self, place: Place) -> bool:
        """Say whether the text names what `place` lies in; the US say too little of a town."""
        is_town = place.kind == "city" and place.population < _LARGE
        return (place.code if is_town and place.country == "US" else place.country) in self._in

    def _weight(self, place: Place) -> float:
        if place.kind == "area":
            return _AREA
        people = place.population
        if place.kind == "part":
            people = min(people, _PART_AT_MOST) or _PART_UNKNOWN
        weight = math.log10(people + 1) + _CAPITAL * (place.kind == "capital")
        if place.country in self._in:
            weight += _IN_THE_US if place.country == "US" else _IN_NAMED_COUNTRY
        if place.kind in _CITIES and place.code in self._in:
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
    cities = {place.code: place for place in places if place.kind in _CITIES}
    dropped: set[int] = set()
    for code in parts.keys() & cities.keys():
        part, city = parts[code], cities[code]
        is_city = part.kind == "part" and (
            city.kind == "capital" or city.population * _OF_ITS_PART >= part.population
        )
        dropped.add(part.geonames if is_city else city.geonames)
    return [place for place in places if place.geonames not in dropped]
