import re

import pytest

from services.enrich.tools import Tools
from shared.messages import EntityType
from tests.unit.enrich.stories import WIRE, entities, texts


def test_country_is_one_entity_by_all_its_names(tools: Tools) -> None:
    """Names, abbreviations and the people of a country are mentions of it, with its code."""
    text = "The US and the United States agree. Americans in the U.S. do not."
    names = ["US", "United States", "Americans", "U.S."]

    found = entities(tools, text, [(name, "place") for name in names])

    [country] = found.values()
    assert (country.name, country.type, country.country) == ("United States", "place", "US")
    assert (country.count, texts(country)) == (4, names)


def test_country_within_a_country_has_the_code_of_the_whole(tools: Tools) -> None:
    """Scotland is an entity of its own in GB."""
    found = entities(
        tools, "Scotland and the UK disagree.", [("Scotland", "place"), ("UK", "place")]
    )

    assert {name: entity.country for name, entity in found.items()} == {
        "Scotland": "GB",
        "United Kingdom": "GB",
    }


@pytest.mark.parametrize(("other", "code"), [("Tbilisi", "GE"), ("Atlanta", "US"), ("Rome", None)])
def test_name_that_a_country_shares_is_the_country_in_its_company_only(
    tools: Tools, other: str, code: str | None
) -> None:
    """Georgia is the country where Tbilisi is named too, the state where Atlanta is."""
    text = f"Georgia votes. Crowds met in {other}."

    found = entities(tools, text, [("Georgia", "place"), (other, "place")])

    assert found["Georgia"].country == code


def test_group_that_is_no_countrys_people_stays_a_group(tools: Tools) -> None:
    """`Kurds` lead to no country."""
    found = entities(tools, "Kurds and Iraqis met.", [("Kurds", "group"), ("Iraqis", "group")])

    assert {name: (entity.type, entity.country) for name, entity in found.items()} == {
        "Kurds": ("group", None),
        "Iraq": ("place", "IQ"),
    }


def test_surname_joins_the_person_named_in_full(tools: Tools) -> None:
    """A person is one entity under the longest name, before and after it."""
    text = "Okoro resigns\nAda B. Okoro resigned on Monday. Okoro said so. Ada Okoro was 60."
    names = ["Okoro", "Ada B. Okoro", "Okoro", "Ada Okoro"]

    found = entities(tools, text, [(name, "person") for name in names])

    [person] = found.values()
    assert (person.name, person.type, texts(person)) == ("Ada B. Okoro", "person", names)


def test_surname_taken_for_something_else_is_the_person(tools: Tools) -> None:
    """The tagger may see an organisation in a lone surname."""
    text = "Ada Okoro resigned. The Okoro plan remains."

    found = entities(tools, text, [("Ada Okoro", "person"), ("Okoro", "organisation")])

    assert found["Ada Okoro"].count == 2


def test_capital_is_nobodys_surname(tools: Tools) -> None:
    """Washington is the city, even where a Washington is named."""
    text = "Denzel Washington flew to Washington."

    found = entities(tools, text, [("Denzel Washington", "person"), ("Washington", "place")])

    assert {name: entity.type for name, entity in found.items()} == {
        "Denzel Washington": "person",
        "Washington": "place",
    }


@pytest.mark.parametrize(
    "text",
    [
        "The World Weather Watchers (WWW) met. The WWW agreed.",
        "The World Weather Watchers met. The WWW agreed.",
        "The Institute of Rain (WWW) met. The WWW agreed.",
    ],
)
def test_acronym_joins_what_it_stands_for(tools: Tools, text: str) -> None:
    """In brackets after a name, or its initials, it is that organisation."""
    name = "Institute of Rain" if "Institute" in text else "World Weather Watchers"
    names = [name] + ["WWW"] * text.count("WWW")

    found = entities(tools, text, [(name, "organisation") for name in names])

    assert list(found) == [name]
    assert found[name].count == len(names)


def test_organisation_is_known_by_its_other_names(tools: Tools) -> None:
    """The tagger's `EU` and `WHO` have the names of organisations.toml."""
    found = entities(tools, "The EU and the WHO met.", [("EU", "organisation"), ("WHO", "other")])

    assert {name: entity.type for name, entity in found.items()} == {
        "European Union": "organisation",
        "World Health Organization": "organisation",
    }


def test_name_with_its_kind_joins_the_name_without(tools: Tools) -> None:
    """`Lantern movement` is `Lantern` where that is named too, but no country's government."""
    text = "Lantern grew. The Lantern movement and Acme Inc. met the Kenya government of Kenya."
    names = ["Lantern", "Lantern movement", "Acme Inc.", "Kenya government", "Kenya"]

    found = entities(tools, text, [(name, "organisation") for name in names])

    assert {name: entity.count for name, entity in found.items()} == {
        "Lantern": 2,
        "Acme Inc.": 1,
        "Kenya government": 1,
        "Kenya": 1,
    }


def test_agencies_and_place_of_the_dateline_have_their_roles(tools: Tools) -> None:
    """Who sent the story is an agency, wherever named; where it was sent from is no subject."""
    found = entities(tools, WIRE, [("Kenya", "place"), ("Reuters.", "person")])

    assert {name: entity.role for name, entity in found.items() if entity.role} == {
        "Reuters": "agency",
        "KNA": "agency",
        "Nairobi": "dateline",
    }
    assert found["Reuters"].type == "organisation"
    assert [mention.start for mention in found["KNA"].mentions] == [WIRE.index("KNA")]


def test_place_of_the_dateline_that_the_story_names_has_no_role(tools: Tools) -> None:
    """A city that the story is about is a place like others."""
    text = "NAIROBI (AFP) - It rained in Nairobi on Monday."

    found = entities(tools, text, [("Nairobi", "place")])

    assert (found["Nairobi"].role, found["Nairobi"].count) == (None, 2)


def test_name_is_not_shouted_when_the_story_says_it_softly(tools: Tools) -> None:
    """A headline's or dateline's capitals give way; an acronym keeps them."""
    text = "MOMBASA PORT SHUT BY KPA\nThe Mombasa Port was shut by KPA."
    names = ["MOMBASA PORT", "KPA", "Mombasa Port", "KPA"]

    found = entities(tools, text, [(name, "organisation") for name in names])

    assert set(found) == {"Mombasa Port", "KPA"}


def test_agency_is_an_organisation_whatever_the_tagger_saw(tools: Tools) -> None:
    """Who sends a story is known from the dateline."""
    text = "NAIROBI, May 2 (Okapi) - Okapi was told so. Okapi asked again."

    found = entities(tools, text, [("Okapi", "person")] * 2, start=text.index(" - "))

    assert found["Okapi"].type == "organisation"


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("Acme, Bo and Acme met. Bo left Acme.", ["Acme", "Bo"]),
        ("Acme grows\nIt met Bo in May. Bo left. Bo slept.", ["Acme", "Bo"]),
        ("Acme met Bo.", ["Acme", "Bo"]),
        ("Acme met Bo. Acme left Bo.\nBo.\nBo.", ["Bo", "Acme"]),
        (f"Kenyans met Bo. Kenyans left Bo. {'It rained. ' * 9}", ["Bo", "Kenya"]),
        ("ROME (Acme) - Acme told Bo that Acme saw Bo.", ["Bo", "Acme", "Rome"]),
    ],
    ids=["often", "headline", "early", "spread", "demonym", "agency"],
)
def test_most_salient_entity_comes_first(tools: Tools, text: str, order: list[str]) -> None:
    """Often, in the headline, early and widely counts; demonyms, agencies and datelines less."""
    story = text.find(" - ") + 1
    names: list[tuple[str, EntityType]] = [
        (match[0], "person" if match[0] == "Bo" else "organisation")
        for match in re.finditer("Acme|Bo|Kenyans", text[story:])
    ]

    assert list(entities(tools, text, names, start=story)) == order


def test_what_a_story_is_all_about_has_a_salience_of_one(tools: Tools) -> None:
    """Named first, in the headline, eight times, in four paragraphs: the formula sums to 1."""
    text = "Acme grows\n" + "Acme grew. Acme shrank.\n" * 3 + "Acme stayed."

    [acme] = entities(tools, text, [("Acme", "organisation")] * 8).values()

    assert acme.salience == 1


def test_agency_and_dateline_have_little_salience(tools: Tools) -> None:
    """Reuters, told at the end of one paragraph of four: 0.4 of a common entity's share."""
    found = entities(tools, WIRE, [("Reuters.", "organisation")])

    assert found["Nairobi"].salience == 0.05
    assert 0.05 < found["Reuters"].salience < 0.4


@pytest.mark.parametrize("count", [1, 2, 20, 200])
def test_salience_lies_between_nothing_and_one(tools: Tools, count: int) -> None:
    """However often a thing is named, and however late."""
    text = "It rained. " * 50 + "Acme grew. " * count

    [acme] = entities(tools, text, [("Acme", "organisation")] * count).values()

    assert 0 < acme.salience < 1


def test_id_of_what_is_no_known_place_is_its_type_and_name(tools: Tools) -> None:
    """The same for every way of writing the name."""
    texts_of = ["José Ñandú left.", "JOSE NANDU LEFT.", "Jose Nandu left."]

    ids = {
        entity.id
        for text in texts_of
        for entity in entities(tools, text, [(text[:10], "person")]).values()
    }

    assert ids == {"person:jose nandu"}


def test_text_without_names_has_no_entities(tools: Tools) -> None:
    """Nothing is made of nothing."""
    assert entities(tools, "it rained.", []) == {}


def test_thousands_of_names_take_no_longer_each(tools: Tools) -> None:
    """Every step is linear in the number of names, alike or not."""
    words = [f"Name{number % 3_000} Okoro" for number in range(8_000)]
    text = " Okoro ".join(words)
    names: list[tuple[str, EntityType]] = []
    for word in words:
        names += [(word, "person"), ("Okoro", "person")]

    found = entities(tools, text, names[:-1])

    assert len(found) == 3_000
    assert sum(entity.count for entity in found.values()) == 15_999


def test_place_of_the_dateline_is_one_in_the_story(tools: Tools) -> None:
    """One thing has one type in a document, whatever the tagger saw in the story."""
    text = "CANNES, France (AP) - The Cannes film festival ended."

    found = entities(tools, text, [("Cannes", "other")], start=text.index("The"))

    assert (found["Cannes"].type, texts(found["Cannes"])) == ("place", ["CANNES", "Cannes"])
