"""What is typed to choose articles."""

import pytest

from services.cli.asking import BadPlace, circle, question
from services.cli.names import UnknownPlace, country, point
from services.store.questions import Circle


def test_a_point_is_typed_latitude_first() -> None:
    """As people write it; GeoJSON's order is the other."""
    assert circle(None, "34.53, 69.17", "100km") == Circle(69.17, 34.53, 100)


def test_a_place_is_the_one_that_most_people_mean() -> None:
    """Unless its land is typed, too."""
    assert circle("Paris", None, None) == Circle(*point("paris, france"), 50)
    assert point("Paris, Texas")[0] < -90


@pytest.mark.parametrize(("typed", "km"), [("50km", 50), ("800 m", 0.8), ("30mi", 48.28032)])
def test_a_distance_has_a_unit(typed: str, km: float) -> None:
    """Kilometres, miles, metres."""
    found = circle(None, "0,0", typed)

    assert found is not None
    assert found.km == pytest.approx(km)


@pytest.mark.parametrize(
    ("place", "near", "within", "said"),
    [
        (None, "91,0", None, "not a point: '91,0'; write latitude, then longitude"),
        (None, "Kabul", None, "not a point"),
        (None, "nan,0", None, "not a point"),
        (None, "1,2,3", None, "not a point"),
        (None, "0,0", "50", "not a distance: '50'; write 50km"),
        (None, "0,0", "0km", "not a distance"),
        (None, "0,0", "30000km", "at most 20000km"),
        (None, None, "50km", "--within needs a centre"),
        ("Kabul", "0,0", None, "give one of them"),
    ],
)
def test_a_wrong_place_says_how_to_write_one(
    place: str | None, near: str | None, within: str | None, said: str
) -> None:
    """One line, with an example."""
    with pytest.raises(BadPlace, match=said):
        circle(place, near, within)


def test_unknown_names_say_what_to_ask_instead() -> None:
    """A place, a country."""
    with pytest.raises(UnknownPlace, match="--near LATITUDE,LONGITUDE"):
        point("Qwertyville")
    with pytest.raises(UnknownPlace, match="ISO 3166-1"):
        country("Qwertyville")


@pytest.mark.parametrize("typed", ["af", "AF", "Afghanistan"])
def test_a_country_is_its_code_or_name(typed: str) -> None:
    """In any case."""
    assert question(country=typed).country == "AF"
