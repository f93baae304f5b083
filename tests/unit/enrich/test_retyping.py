import pytest

from services.enrich.entities.mentions import tidy
from services.enrich.tools import Tools
from shared.messages import EntityType, Span
from tests.unit.enrich.stories import tagged

_LONE: tuple[str, EntityType] = ("Odhiambo", "person")


def _types(tools: Tools, text: str, *names: tuple[str, EntityType]) -> dict[str, EntityType]:
    story = [Span(start=0, end=len(text))]
    tags = tidy(text, tagged(text, names), story=story, gazetteer=tools.gazetteer)
    return {text[tag.start : tag.end]: tag.type for tag in tags}


@pytest.mark.parametrize("name", ["Okapi Company", "Zuri Ltd", "Mbali University", "Bo Party"])
def test_name_that_ends_like_an_organisation_is_no_person(tools: Tools, name: str) -> None:
    """Nobody's last name is Company."""
    assert _types(tools, f"{name} grew.", (name, "person")) == {name: "organisation"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [("Okapi Corp", "organisation"), ("Okapi Holdings", "organisation"), ("Okapi SA", "place")],
)
def test_company_is_no_place(tools: Tools, name: str, kind: EntityType) -> None:
    """Its form says so, but two letters are a state's, too."""
    assert _types(tools, f"{name} grew.", (name, "place")) == {name: kind}


def test_beginning_of_an_organisations_name_is_that_organisation(tools: Tools) -> None:
    """Who reads of Okapi Trading Company knows what Okapi is."""
    found = _types(
        tools,
        "Okapi grew. The Okapi Trading Company said so.",
        ("Okapi", "person"),
        ("Okapi Trading Company", "organisation"),
    )

    assert found["Okapi"] == "organisation"


@pytest.mark.parametrize("kind", ["organisation", "other", "place"])
def test_name_in_full_of_a_person_is_a_person(tools: Tools, kind: EntityType) -> None:
    """A lone surname that is a person's says what the name in full is."""
    text = "Amina Odhiambo left. Odhiambo smiled. Odhiambo slept."

    found = _types(tools, text, ("Amina Odhiambo", kind), *[_LONE] * 2)

    assert set(found.values()) == {"person"}


@pytest.mark.parametrize("name", ["Nairobi Odhiambo", "BBC Odhiambo", "Kenya Odhiambo"])
def test_place_or_acronym_begins_no_persons_name(tools: Tools, name: str) -> None:
    """Nairobi Odhiambo is rather a club."""
    text = f"{name} left. Odhiambo smiled. Odhiambo slept."

    assert _types(tools, text, (name, "organisation"), *[_LONE] * 2)[name] == "organisation"


def test_group_is_no_person_for_its_last_word(tools: Tools) -> None:
    """A people keeps its type."""
    found = _types(
        tools,
        "Upper Odhiambo danced. Odhiambo smiled. Odhiambo slept.",
        ("Upper Odhiambo", "group"),
        *[_LONE] * 2,
    )

    assert found["Upper Odhiambo"] == "group"


def test_city_of_a_country_that_the_text_names_is_no_person(tools: Tools) -> None:
    """Hamilton lies in New Zealand."""
    text = "It rained in New Zealand. Auckland and Hamilton were dry."

    found = _types(tools, text, ("New Zealand", "place"), ("Hamilton", "person"))

    assert found["Hamilton"] == "place"


@pytest.mark.parametrize(
    "text",
    [
        "It rained. Hamilton was dry.",
        "New Zealand beat Lewis Hamilton. Hamilton was dry.",
        "The United States paid Jackson. Hamilton was dry.",
        "New Zealand rests. Hamilton, 38, said so.",
        'New Zealand rests. "So do I," said Hamilton.',
    ],
    ids=["no country", "a surname", "the United States", "an age", "a speaker"],
)
def test_person_that_is_called_like_a_city_stays_one(tools: Tools, text: str) -> None:
    """Without its country, where a person bears the name, and for most cities of the US."""
    names: list[tuple[str, EntityType]] = [("Hamilton", "person")]
    if "Lewis" in text:
        names = [("Lewis Hamilton", "person"), *names]
    if "New Zealand" in text:
        names = [("New Zealand", "place"), *names]
    if "United States" in text:
        names = [("United States", "place"), ("Jackson", "person"), *names]

    assert _types(tools, text, *names)["Hamilton"] == "person"
