"""What a terminal would obey is shown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plain import plain, plain_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Häfen\tzu\nLärm 港 🚢", "Häfen\tzu\nLärm 港 🚢"),
        ("\x1b[2J", r"\u001b[2J"),
        ("\x9b2J\x7f\x00", r"\u009b2J\u007f\u0000"),
        ("done\rfailed", r"done\u000dfailed"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
    ],
)
def test_escapes_and_overrides_are_shown(text: str, shown: str) -> None:
    """All else stays as it is."""
    assert plain(text) == shown


@given(st.text())
def test_json_stays_what_it_was(text: str) -> None:
    """Its own notation is used."""
    assert json.loads(plain_line(json.dumps(text, ensure_ascii=False))) == text


@given(st.text())
def test_a_line_is_one_line_that_no_terminal_obeys(text: str) -> None:
    """Whatever stands in it."""
    line = plain_line(text)

    assert not any(ord(sign) < 32 and sign != "\t" for sign in line)
    assert "\x1b" not in line
