import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrich.text.language import language_of
from tests.unit.enrich.stories import FRENCH, WIRE


@pytest.mark.parametrize(("text", "code"), [(WIRE, "en"), (FRENCH, "fr")])
def test_text_tells_its_language_whatever_the_publisher_says(text: str, code: str) -> None:
    """What is long enough is identified, the publisher may be wrong."""
    language = language_of(text, declared="de-AT")

    assert language.code == code
    assert language.tool is not None
    assert language.tool.name == "pycld2"


@pytest.mark.parametrize(
    ("text", "declared", "code"),
    [("Terremoto en Chile", "es-419", "es"), ("Kabul", "EN-gb", "en"), ("12:30", "ha", "ha")],
)
def test_publisher_is_believed_where_the_text_is_short(text: str, declared: str, code: str) -> None:
    """A few words pass for several languages; the publisher's primary subtag counts."""
    language = language_of(text, declared=declared)

    assert (language.code, language.tool) == (code, None)


@pytest.mark.parametrize(
    "flash",
    [
        "URGENT: Strong quake hits northern Chile",
        "Blast heard in central Kabul",
        "Brent rises above $90",
        "Taliban say deal near",
    ],
)
def test_english_flash_is_english(flash: str) -> None:
    """A headline alone is read, without a publisher's word for its language."""
    assert language_of(flash, declared=None).code == "en"


@pytest.mark.parametrize("declared", [None, "", "x-klingon", "english", "und1"])
def test_text_without_words_has_no_language(declared: str | None) -> None:
    """Digits tell nothing, and what is no language tag neither."""
    assert language_of("12:30 - 14:45", declared=declared) == (None, None)


def test_replaced_codes_are_given_as_today() -> None:
    """Hebrew is `he`, which was `iw`."""
    assert language_of("שלום עולם, זהו טקסט בעברית על מזג האוויר", declared=None).code == "he"


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    """Control characters and unassigned code points, which pycld2 refuses, are no error."""
    language_of(text, declared=None)
