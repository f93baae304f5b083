from itertools import pairwise

import pytest
from pydantic import ValidationError

from services.enrich import tables
from services.enrich.topics.calibration import read_calibration

_NUMBERS = """
assigned = 0.4
most = 3
places = {read = 1000, lead = 100, in_headline = 2, in_lead = 1.5, several_words = 1}
first = {doubt = 1, slope = 2, offset = -1}
second = {doubt = 1, slope = 2, offset = -1}
"""


@pytest.mark.parametrize("level", ["first", "second"])
def test_more_evidence_is_more_confidence_within_0_and_1(level: str) -> None:
    """The shipped curves rise with the evidence for a topic, and fall with that for others."""
    curve = getattr(tables.topic_rules().calibration, level)
    amounts = [0.0, 0.1, 1.0, 3.0, 10.0, 100.0, 10_000.0]

    alone = [curve.probability(amount, of=amount) for amount in amounts]
    beside = [curve.probability(3.0, of=3.0 + amount) for amount in amounts]

    assert all(less < more for less, more in pairwise(alone))
    assert all(more > less for more, less in pairwise(beside))
    assert all(0 < confidence < 1 for confidence in alone + beside)


def test_version_changes_with_every_number() -> None:
    """Documents name the numbers that made their confidence."""
    one, other = (read_calibration(text).version for text in (_NUMBERS, f"{_NUMBERS}\n#"))

    assert one != other


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("assigned = 0.4", "assigned = 1.4"),
        ("most = 3", "most = 0"),
        ("slope = 2", "slope = -2"),
        ("doubt = 1", "doubt = 0"),
        ("in_lead = 1.5", "in_lead = 0.5"),
        ("offset = -1", "offset = nan"),
        ("offset = -1", "shift = -1"),
    ],
)
def test_number_that_makes_no_sense_is_refused(right: str, wrong: str) -> None:
    """A curve that falls, or a threshold that nothing reaches, is a mistake."""
    with pytest.raises(ValidationError):
        read_calibration(_NUMBERS.replace(right, wrong))
