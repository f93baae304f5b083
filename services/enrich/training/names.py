"""Names to vary texts with: what names.toml says, filled with names of persons and places. Pure."""

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from pydantic import BaseModel, ConfigDict

_BRACES: Final = re.compile(r"\{(\w+)\}")
_MIXED: Final = 0.2  # of the persons: first and last name of two origins
# Up to which number drawn a place is a country, a region, a city; above, a site.
_COUNTRY, _REGION, _CITY = 0.38, 0.5, 0.85
# Up to which an organisation is one that exists, a club; above, a body.
_EXISTING, _CLUB = 0.35, 0.42


class Table(BaseModel):
    """What names.toml holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    locales: tuple[str, ...]
    months: tuple[str, ...]
    regions: tuple[str, ...]
    organisations: tuple[str, ...]
    clubs: tuple[str, ...]
    bodies: tuple[str, ...]
    sites: tuple[str, ...]
    topics: tuple[str, ...]
    lines: tuple[str, ...]


class Names:
    """Draws names. What is drawn depends on the generator given, and on nothing else."""

    def __init__(
        self,
        table: Table,
        *,
        people: Sequence[tuple[str, str]],
        cities: Sequence[str],
        countries: Mapping[str, Sequence[str]],
        agencies: Sequence[str],
    ) -> None:
        """Take first and last names, cities, the names of peoples by country, and agencies."""
        self.table = table
        self._people = people
        self._agencies = agencies
        self._peoples = [people for names in countries.values() for people in names]
        self._countries = [*countries]
        self._words: dict[str, Sequence[str]] = {
            "city": cities,
            "country": self._countries,
            "adjective": self._peoples,
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
        drawn = random.random()
        if drawn < _EXISTING:
            return random.choice(self.table.organisations)
        kinds = self.table.clubs if drawn < _CLUB else self.table.bodies
        return self.fill(random.choice(kinds), random)

    def line(self, random: Random) -> str:
        """Return a line of a table or a list of results, names in brackets: `[ORG Kano] 2`."""
        return self.fill(random.choice(self.table.lines), random)

    def fill(self, template: str, random: Random) -> str:
        """Put something into the braces of `template`."""
        return _BRACES.sub(lambda brace: self._word(brace[1], random), template)

    def _word(self, what: str, random: Random) -> str:
        if what == "number":
            return str(random.randint(0, 120))
        if what in {"surname", "person"}:
            return self.person(random, in_full=what == "person")
        if what == "place":
            what = random.choice(("city", "country"))
        if what == "club":
            return self.fill(random.choice(self.table.clubs), random)
        return random.choice(self._words[what])
