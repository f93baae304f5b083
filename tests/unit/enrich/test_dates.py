from datetime import date

import pytest

from services.enrich.text.dates import is_date, resolve_date


@pytest.mark.parametrize(
    ("words", "near", "day"),
    [
        ("July 20", date(2019, 7, 22), date(2019, 7, 20)),
        ("Dec. 31", date(2021, 1, 2), date(2020, 12, 31)),
        ("1 January", date(2020, 12, 30), date(2021, 1, 1)),
        ("Sept 3rd, 2001", date(2021, 1, 2), date(2001, 9, 3)),
        ("Friday, July 5", date(2019, 7, 6), date(2019, 7, 5)),
        ("2019-07-20", date(2021, 1, 2), date(2019, 7, 20)),
        ("7/12", date(2019, 7, 13), date(2019, 7, 12)),
        ("7/12", date(2019, 12, 5), date(2019, 12, 7)),
        ("20/7/19", date(2021, 1, 2), date(2019, 7, 20)),
        ("Feb 29", date(2020, 3, 1), date(2020, 2, 29)),
        ("January 1", date(1, 1, 1), date(1, 1, 1)),
        ("December 31", date(9999, 12, 31), date(9999, 12, 31)),
    ],
)
def test_date_is_the_one_nearest_to_the_article(words: str, near: date, day: date) -> None:
    """What a date leaves open, the year or which number is the month, the article decides."""
    assert resolve_date(words, near=near) == day


@pytest.mark.parametrize("words", ["Feb 30", "31 April 2020", "Feb 29, 2021", "2020-13-01", "soon"])
def test_day_that_does_not_exist_is_none(words: str) -> None:
    """An impossible date is no date and no error."""
    assert resolve_date(words, near=date(2021, 3, 4)) is None


@pytest.mark.parametrize("words", ["May", "May 2 or 3", "", "2021", "Friday"])
def test_words_that_are_more_or_less_than_a_day_are_no_date(words: str) -> None:
    """A date is a day and a month, and nothing else."""
    assert not is_date(words)
