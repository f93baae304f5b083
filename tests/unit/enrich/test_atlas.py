import pytest

from services.enrich.entities.atlas import Atlas
from services.enrich.tools import Tools

_LINES = """\
# a comment
part\tRuritania State|,RU\t1\tAA-RU\t900\t1.5\t-2.5
city\tStreslau|Strelsau\t2\tAA-RU\t700\t1.0\t2.0
part\tEmpty\t3\tAA-EM\t0\t\t
"""


def test_place_is_found_by_each_of_its_names() -> None:
    """Names are folded; the first is what it is called."""
    atlas = Atlas(_LINES)

    [city] = atlas.named("strelsau")
    assert (city.name, city.geonames, city.country, city.point) == ("Streslau", 2, "AA", (2.0, 1.0))
    assert atlas.named("zenda") == ()


def test_abbreviation_counts_after_a_comma_only() -> None:
    """`RU` by itself is no place."""
    atlas = Atlas(_LINES)

    assert atlas.named("ru") == ()
    assert [place.code for place in atlas.after_comma("ru")] == ["AA-RU"]


def test_code_that_is_named_elsewhere_has_no_name_here() -> None:
    """The countries' names are those of countries.toml."""
    atlas = Atlas(_LINES, known=["AA-RU"])

    assert atlas.named("ruritania state") == ()
    assert atlas.by_code["AA-RU"].geonames == 1


def test_place_without_a_point_has_none() -> None:
    """GeoNames' package does not say where every part of a country lies."""
    [empty] = Atlas(_LINES).named("empty")

    assert empty.point is None


def test_line_that_is_no_place_is_refused() -> None:
    """A broken table says so when the service starts."""
    with pytest.raises(ValueError, match="not seven columns"):
        Atlas("city\tStreslau\t2\tAA-RU\n")


def test_every_country_has_its_geonames_id(tools: Tools) -> None:
    """What countries.toml names, places.tsv locates."""
    codes = {country.code for country in tools.gazetteer.countries.values()}

    assert codes - tools.gazetteer.atlas.by_code.keys() == set()
    assert all(tools.gazetteer.atlas.by_code[code].point for code in codes)


def test_every_place_has_a_code_and_a_point_on_the_earth(tools: Tools) -> None:
    """ISO 3166 as the contract says, longitude before latitude."""
    atlas = tools.gazetteer.atlas

    for code, place in atlas.by_code.items():
        assert code[:2].isupper()
        assert place.iso3166 == code
        assert place.point is None or (abs(place.point[0]) <= 180 and abs(place.point[1]) <= 90)
