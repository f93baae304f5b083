"""Counts as pipelines, and what comes back as rows."""

from datetime import UTC, datetime

from services.store.counting import Bucket, buckets, tops


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def test_periods_without_articles_are_there() -> None:
    """A gap is seen as one."""
    found = [{"_id": at(2026, 11, 16), "articles": 2}, {"_id": at(2026, 11, 18), "articles": 1}]

    assert buckets(found, "day") == [
        Bucket(at(2026, 11, 16), 2),
        Bucket(at(2026, 11, 17), 0),
        Bucket(at(2026, 11, 18), 1),
    ]


def test_months_go_over_the_end_of_a_year() -> None:
    """December, January, February: whatever their lengths."""
    found = [{"_id": at(2026, 12, 1), "articles": 1}, {"_id": at(2027, 2, 1), "articles": 1}]

    starts = [bucket.start for bucket in buckets(found, "month")]
    assert starts == [at(2026, 12, 1), at(2027, 1, 1), at(2027, 2, 1)]


def test_an_article_of_the_year_1_makes_no_million_days() -> None:
    """Where the gaps were too many, only what is held is returned."""
    found = [{"_id": at(1, 1, 1), "articles": 1}, {"_id": at(9999, 12, 31), "articles": 1}]

    assert len(buckets(found, "hour")) == 2


def test_every_row_has_the_same_periods() -> None:
    """So that they can be drawn below each other."""
    found = [
        {
            "_id": "a",
            "name": "A",
            "articles": 3,
            "over": [
                {"start": at(2026, 11, 18), "articles": 1},
                {"start": at(2026, 11, 16), "articles": 2},
            ],
        },
        {
            "_id": "b",
            "name": "B",
            "articles": 1,
            "over": [{"start": at(2026, 11, 17), "articles": 1}],
        },
    ]

    rows = tops(found, "day")

    assert [[bucket.articles for bucket in row.over] for row in rows] == [[2, 0, 1], [0, 1, 0]]


def test_nothing_makes_no_periods() -> None:
    """No row, no bucket."""
    assert (buckets([], "day"), tops([], "week")) == ([], [])
