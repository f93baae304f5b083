"""Names to vary texts with: what names.toml says, filled with names of persons and places. Pure."""

import re
from collections.abc import Sequence
from random import Random
from typing import Final

from pydantic import BaseModel, ConfigDict

_BRACES: Final = re.compile(r"\{(\w+)\}")
_MIXED: Final = 0.2  # of the persons: first and last name of two origins
# Up to which number drawn a place is a country or capital, a region, a city; above, a site.
_COUNTRY, _REGION, _CITY = 0.42, 0.52, 0.86
_EXISTING: Final = 0.4  # of the organisations; the others are made


class Table(BaseModel):
    """What names.toml holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    locales: tuple[str, ...]
    months: tuple[str, ...]
    regions: tuple[str, ...]
    organisations: tuple[str, ...]
    bodies: tuple[str, ...]
    sites: tuple[str, ...]
    topics: tuple[str, ...]


class Names:
    """Draws names. What is drawn depends on the generator given, and on nothing else."""

    def __init__(
        self,
        table: Table,
        *,
        people: Sequence[tuple[str, str]],
        cities: Sequence[str],
        countries: Sequence[str],
        agencies: Sequence[str],
    ) -> None:
        """Take first and last names, cities, countries with their capitals, and agencies."""
        self.table = table
        self._people = people
        self._agencies = agencies
        self._countries = countries
        self._words: dict[str, Sequence[str]] = {
            "city": cities,
            "country": countries,
            "topic": table.topics,
        }

    def person(self, random: Random, *, in_full: bool) -> str:
        """Return a name of somebody, in full or the last name alone."""
        first, last = random.choice(self._people)
        if random.random() < _MIXED:
            first, _ = random.choice(self._people)
        return f"{first} {last}" if in_full else last

    def place(self, random: Random) -> str:
        """Return a country or region, a city, or a street, an airport, a district."""
        drawn = random.random()
        if drawn < _REGION:
            return random.choice(self._countries if drawn < _COUNTRY else self.table.regions)
        if drawn < _CITY:
            return self.city(random)
        return self.fill(random.choice(self.table.sites), random)

    def city(self, random: Random) -> str:
        """Return the name of a city."""
        return random.choice(self._words["city"])

    def date(self, random: Random) -> str:
        """Return a day as a dateline writes it."""
        return f"{random.choice(self.table.months)} {random.randint(1, 31)}"

    def agency(self, random: Random) -> str:
        """Return a news agency as a dateline names it."""
        return random.choice(self._agencies)

    def organisation(self, random: Random) -> str:
        """Return a body that exists, or one called like such bodies."""
        if random.random() < _EXISTING:
            return random.choice(self.table.organisations)
        return self.fill(random.choice(self.table.bodies), random)

    def fill(self, template: str, random: Random) -> str:
        """Put something into the braces of `template`."""
        return _BRACES.sub(lambda brace: self._word(brace[1], random), template)

    def _word(self, what: str, random: Random) -> str:
        if what == "surname":
            return self.person(random, in_full=False)
        if what == "place":
            what = random.choice(("city", "country"))
        return random.choice(self._words[what])
