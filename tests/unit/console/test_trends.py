"""Counts, bars, trends and places of a list of articles."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.console.trends import Bar, Count, counts, over_time, spots, trends

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KABUL = {
    "id": "geonames:1138958",
    "name": "Kabul",
    "type": "place",
    "country": "AF",
    "location": {"type": "Point", "coordinates": [69.17, 34.53]},
}


def article(minutes: float = 0, **fields: Any) -> dict[str, Any]:
    return {"version_created": NOW - timedelta(minutes=minutes), **fields}


def topic(name: str) -> dict[str, Any]:
    return article(topics=[{"id": f"medtop:{name}", "name": name}])


def test_an_article_counts_once_however_often_it_names_something() -> None:
    """And what most articles hold comes first."""
    articles = [article(entities=[KABUL, KABUL], source="UNI"), article(entities=[KABUL])]

    assert counts(articles, "entities", most=5) == [Count("geonames:1138958", "Kabul", 2)]
    assert counts(articles, "countries", most=5) == [Count("AF", "AF", 2)]
    assert counts(articles, "sources", most=5) == [Count("UNI", "UNI", 1)]


def test_bars_follow_each_other_without_a_gap() -> None:
    """Also where no article was."""
    bars = over_time([article(0), article(1), article(7)])

    assert [bar.articles for bar in bars] == [1, 0, 0, 0, 0, 0, 1, 1]
    assert all(a.end == b.start for a, b in pairwise(bars))


@pytest.mark.parametrize("days", [0, 1, 30, 365, 40_000, 700_000])
def test_there_are_sixty_bars_at_most(days: int) -> None:
    """Whatever time they span: a feed may say that an article is of the year 100."""
    first = article(days * 24 * 60)
    bars = over_time([article(), first])

    assert len(bars) <= 60
    assert sum(bar.articles for bar in bars) == 2
    assert bars[0].start <= first["version_created"] < bars[0].end


def test_no_articles_have_no_bars() -> None:
    """An empty plot is for the page to explain."""
    no_bars: list[Bar] = []

    assert over_time([]) == no_bars


def test_what_rises_comes_first_and_what_falls_last() -> None:
    """By how sure it is: 20 of 100 after 5 of 100, and not 2 after 1."""
    now = [topic("flood")] * 20 + [topic("football")] * 2 + [topic("votes")] * 78
    before = [topic("flood")] * 5 + [topic("football")] + [topic("votes")] * 94

    found = trends(now, before, "topics")

    assert [one.name for one in found] == ["flood", "football", "votes"]
    assert found[0].weight > 3.8
    assert found[-1].weight < -3.8
    assert (found[0].articles, found[0].before) == (20, 5)


def test_the_weight_is_dunnings() -> None:
    """2 * sum(observed * ln(observed / expected)) of 10 in 100 beside 20 in 100."""
    [one] = [
        t
        for t in trends(
            [topic("a")] * 10 + [topic("b")] * 90, [topic("a")] * 20 + [topic("b")] * 80, "topics"
        )
        if t.name == "a"
    ]

    assert one.weight == pytest.approx(-3.99, abs=0.01)


def test_places_are_counted_where_they_lie() -> None:
    """Those without a point are on no map."""
    articles = [article(entities=[KABUL, {"id": "geonames:1", "name": "Nowhere"}])] * 3

    [spot] = spots(articles, most=10)

    assert (spot.name, spot.longitude, spot.latitude, spot.articles) == ("Kabul", 69.17, 34.53, 3)
