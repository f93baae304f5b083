import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrich.names import fold, lower_in_place, proper_case


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("U.S.", "us"),
        ("Türkiye", "TURKIYE"),
        ("Cote d'Ivoire", "Côte d’Ivoire"),
        ("José", "Jose\u0301"),
        ("New  York", "new\u00a0york"),
    ],
)
def test_ways_of_writing_a_name_are_one(one: str, other: str) -> None:
    """Case, accents, full stops, apostrophes and blanks make no difference."""
    assert fold(one) == fold(other)


@given(st.text())
def test_lower_case_keeps_every_character_in_its_place(text: str) -> None:
    """Offsets into the lower-case text are offsets into the text."""
    lower = lower_in_place(text)

    assert len(lower) == len(text)


def test_lower_case_holds_its_place_after_a_letter_that_grows() -> None:
    """`İ` in lower case is two code points; it stays one, and what follows is lower case."""
    assert lower_in_place("İSTANBUL War") == "İstanbul war"


@pytest.mark.parametrize(
    ("capitals", "proper"),
    [
        ("KABUL", "Kabul"),
        ("RIO DE JANEIRO", "Rio de Janeiro"),
        ("ST. LOUIS", "St. Louis"),
        ("WASHINGTON, D.C.", "Washington, D.C."),
        ("UAE", "UAE"),
        ("Port-au-Prince", "Port-au-Prince"),
        ("PORT-AU-PRINCE", "Port-au-Prince"),
    ],
)
def test_name_in_capitals_is_written_as_in_a_sentence(capitals: str, proper: str) -> None:
    """Small words stay small, abbreviations stay in capitals, other names as they are."""
    assert proper_case(capitals) == proper
