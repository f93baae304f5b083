"""Who and what a story is about: the mentions of one thing brought together. Pure.

    country        by any of its names or its people's: `US`, `United States`, `American`
    organisation   by any name in data/organisations.toml, by its acronym, with or without `group`
    person         by the name in full that stands before, else after: `Okoro`
    all else       by its own name

A demonym is a mention of its country: who looks for Kenya wants the Kenyan elections.
Groups that are no country's people (`Kurds`, `Muslims`) stay groups.

Entities are ordered by salience: 0.40 for how often it is named (logarithmic, full at 8; a demonym
counts half), 0.30 for the headline, 0.20 for how early, 0.10 for the number of paragraphs (full at
4). An agency has 0.4 of that; what only the dateline names has 0.05.
"""

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeVar

from services.enrich.entities.gazetteer import Gazetteer
from services.enrich.entities.identities import Identities, Identity
from services.enrich.entities.tags import Named, Tag, named
from services.enrich.names import fold, proper_case
from services.enrich.text.cleaning import Parts
from shared.messages import Entity, EntityType, Mention, Point

_Item = TypeVar("_Item")
_Role = Literal["agency", "dateline"]
_OFTEN: Final = 8  # mentions
_WIDELY: Final = 4  # paragraphs
_AS_AGENCY: Final = 0.4
_DATELINE_ONLY: Final = 0.05


def entities_of(
    text: str, tags: Iterable[Tag], *, parts: Parts, gazetteer: Gazetteer
) -> tuple[Entity, ...]:
    """Bring `tags` together with what the dateline names; the most salient entity comes first.

    `tags` are those of the story, none within another (mentions.tidy).
    """
    mentions = [named(text, tag) for tag in sorted([*tags, *_dateline_tags(parts)])]
    identities = Identities(text, mentions, gazetteer)
    gathered: dict[str, tuple[Identity, list[Named]]] = {}
    for mention in mentions:
        identity = identities.of(mention)
        gathered.setdefault(identity.key, (identity, []))[1].append(mention)
    scales = _Scales(text, parts, gazetteer)
    weighed = []
    for identity, alike in gathered.values():
        weighed.append(_entity(identity, alike, _role(alike, parts), scales))
    weighed.sort(key=lambda entity: -entity.salience)  # stable: of two alike the first named
    return tuple(weighed)


def _dateline_tags(parts: Parts) -> Iterator[Tag]:
    if parts.opening:
        for place in parts.opening.places:
            yield Tag(place.start, place.end, "place")
        for agency in parts.opening.agencies:
            yield Tag(agency.start, agency.end, "organisation")


def _in_dateline(mention: Named, parts: Parts) -> bool:
    dateline = parts.opening.dateline if parts.opening else None
    return dateline is not None and dateline.start <= mention.tag.start < dateline.end


def _role(named: Sequence[Named], parts: Parts) -> _Role | None:
    if parts.opening is None:
        return None
    agencies = {agency.start for agency in parts.opening.agencies}
    if any(mention.tag.start in agencies for mention in named):
        return "agency"
    return "dateline" if all(_in_dateline(mention, parts) for mention in named) else None


def _entity(
    identity: Identity, named: Sequence[Named], role: _Role | None, scales: "_Scales"
) -> Entity:
    kind = "organisation" if role == "agency" else identity.type or _type(named)
    name = identity.name or _name(named, kind)
    place = identity.place if kind == "place" else None
    return Entity(
        id=f"geonames:{place.geonames}" if place else f"{kind}:{fold(name)}",
        name=name,
        type=kind,
        count=len(named),
        salience=round(scales.salience(named, role), 3),
        mentions=tuple(
            Mention(
                start=mention.tag.start,
                end=mention.tag.end,
                text=mention.text,
                field="headline" if scales.in_headline(mention) else "body",
            )
            for mention in named
        ),
        iso3166=place.iso3166 if place else None,
        country=place.country if place else None,
        location=Point(coordinates=place.point) if place and place.point else None,
        role=role,
    )


def _type(named: Sequence[Named]) -> EntityType:
    return _most([mention.tag.type for mention in named])


def _name(named: Sequence[Named], kind: EntityType) -> str:
    """Return the name that stands for all: a person's longest, else the most frequent.

    One in small letters is better than one in capitals, which may be a headline's.
    """
    texts = [" ".join(mention.text.split()) for mention in named]
    texts = [text for text in texts if not text.isupper()] or texts
    if kind == "person":
        longest = max(len(text.split()) for text in texts)
        texts = [text for text in texts if len(text.split()) == longest]
    name = _most(texts)
    is_acronym = kind != "place" and " " not in name
    return name if is_acronym else proper_case(name)


def _most(items: Sequence[_Item]) -> _Item:
    if len(items) == 1:
        return items[0]
    counts = Counter(items)
    return max(counts, key=counts.__getitem__)


class _Scales:
    """Weighs how much a story is about what it names, by the formula at the top of this file."""

    def __init__(self, text: str, parts: Parts, gazetteer: Gazetteer) -> None:
        self._parts = parts
        self._gazetteer = gazetteer
        self._end = parts.story[-1].end if parts.story else len(text)
        self._line_ends = [line_end.start() for line_end in re.finditer("\n", text)]

    def salience(self, named: Sequence[Named], role: _Role | None) -> float:
        """Return from 0 to 1 how much the story is about what the mentions `named` name."""
        told = named
        if self._parts.opening:
            told = [mention for mention in named if not _in_dateline(mention, self._parts)]
        if not told:
            return _DATELINE_ONLY
        first = told[0].tag.start
        weight = (
            0.40 * min(1, math.log1p(self._frequency(told)) / math.log1p(_OFTEN))
            + 0.30 * self.in_headline(told[0])
            + 0.20 * (1 - first / self._end)
            + 0.10 * min(1, self._paragraphs(told) / _WIDELY)
        )
        return weight * _AS_AGENCY if role == "agency" else weight

    def in_headline(self, mention: Named) -> bool:
        """Say whether a mention stands in the headline."""
        headline = self._parts.headline
        return headline is not None and mention.tag.start < headline.end

    def _frequency(self, told: Sequence[Named]) -> float:
        countries = self._gazetteer.countries
        known = [countries[name.folded] for name in told if name.folded in countries]
        return len(told) - sum(country.is_demonym for country in known) / 2

    def _paragraphs(self, told: Sequence[Named]) -> int:
        if len(told) == 1:
            return 1
        return len({bisect_right(self._line_ends, mention.tag.start) for mention in told})
