"""What a mention means: the thing that all mentions of one key name. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from services.enrich.entities.atlas import Place
from services.enrich.entities.gazetteer import Gazetteer
from services.enrich.entities.people import People
from services.enrich.entities.places import Places
from services.enrich.entities.tags import Named
from services.enrich.names import fold
from shared.messages import EntityType

_BRACKETED: Final = re.compile(r"\s?\(([A-Z][\w&.-]{1,9})\)")  # `World Food Programme (WFP)`
_ACRONYM: Final = re.compile(r"[A-Z][A-Z&.-]{1,8}")
_CAPITALS: Final = re.compile(r"\b[A-Z]")
_SHORTEST_INITIALS: Final = 3  # two letters are the initials of too much


class Identity(NamedTuple):
    """What mentions of one thing have in common; what is None is told by the mentions."""

    key: str
    name: str | None = None
    type: EntityType | None = None
    place: Place | None = None


class Identities:
    """Tells what the mentions of one text mean, which depends on what else it names."""

    def __init__(self, text: str, mentions: Sequence[Named], gazetteer: Gazetteer) -> None:
        self._gazetteer = gazetteer
        self._named = {mention.folded for mention in mentions}
        self._people = People(
            (mention.tag.start, mention.folded)
            for mention in mentions
            if mention.tag.type == "person"
        )
        self._places = Places(text, mentions, gazetteer)
        self._spelt_out = _acronyms(text, mentions)

    def of(self, mention: Named) -> Identity:
        """Return what `mention` means."""
        if mention.tag.type == "person":
            return self._person(mention)
        if place := self._places.meant_by(mention):
            return self._surname(mention) or _of_place(place)
        if known := self._known(mention.folded):
            return known
        if mention.folded in self._spelt_out and _ACRONYM.fullmatch(mention.text):
            return self._of_name(self._spelt_out[mention.folded])
        return self._surname(mention) or self._of_name(self._shorter(mention))

    def _person(self, mention: Named) -> Identity:
        if " " in mention.folded:
            return Identity(self._people.whole(mention.folded), type="person")
        if meant := self._people.meant_by(mention.folded, mention.tag.start):
            return Identity(meant, type="person")
        return self._of_name(mention.folded)

    def _known(self, folded: str) -> Identity | None:
        if organisation := self._gazetteer.organisations.get(folded):
            return Identity(fold(organisation.name), organisation.name, organisation.type)
        country = self._gazetteer.countries.get(folded)
        if country and (not country.only_with or country.only_with & self._named):
            place = self._gazetteer.atlas.by_code.get(country.code)
            key = f"geonames:{place.geonames}" if place else country.code
            return Identity(key, country.name, "place", place)
        return None

    def _of_name(self, folded: str) -> Identity:
        return self._known(folded) or Identity(folded)

    def _surname(self, mention: Named) -> Identity | None:
        """Return whom a lone surname means that was not taken for a person's name."""
        is_capital = mention.folded in self._gazetteer.capitals  # not Denzel, but the city
        if " " in mention.folded or mention.tag.type == "group" or is_capital:
            return None
        meant = self._people.with_surname(mention.folded, mention.tag.start)
        return Identity(meant, type="person") if meant else None

    def _shorter(self, mention: Named) -> str:
        """Return the name without `movement` or `Inc`, if the text names that by itself."""
        around = self._gazetteer.around
        for ending in (around.kind, around.company_form):
            shorter = fold(ending.sub("", mention.text))
            if shorter in self._named and shorter not in self._gazetteer.countries:
                return shorter
        return mention.folded


def _of_place(place: Place) -> Identity:
    return Identity(f"geonames:{place.geonames}", place.name, "place", place)


def _acronyms(text: str, mentions: Iterable[Named]) -> dict[str, str]:
    """Return for each acronym what it stands for: in brackets after a name, or its initials."""
    spelt_out: dict[str, str] = {}
    for mention in mentions:
        if mention.tag.type != "organisation" or " " not in mention.folded:
            continue
        if bracketed := _BRACKETED.match(text, mention.tag.end):
            spelt_out.setdefault(fold(bracketed[1]), mention.folded)
        initials = "".join(_CAPITALS.findall(mention.text))
        if len(initials) >= _SHORTEST_INITIALS:
            spelt_out.setdefault(fold(initials), mention.folded)
    return spelt_out
