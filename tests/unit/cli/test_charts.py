"""Bars of block characters."""

import pytest

from services.cli.charts import bar, line
from services.store.counting import Bucket
from tests.builders import NOON


@pytest.mark.parametrize(
    ("number", "drawn"), [(0, ""), (1, "▏"), (500, "█████"), (550, "█████▌"), (1000, "█" * 10)]
)
def test_a_bar_is_as_long_as_its_number(number: int, drawn: str) -> None:
    """To an eighth of a column, and some always shows."""
    assert bar(number, 1000, 10) == drawn


def test_a_line_is_as_high_as_its_numbers() -> None:
    """Nothing is a blank; one among many still shows."""
    assert line([Bucket(NOON, number) for number in (0, 1, 50, 100)]) == " ▁▄█"


def test_a_line_of_nothing_is_blank() -> None:
    """No division by it."""
    assert line([Bucket(NOON, 0)]) == " "
