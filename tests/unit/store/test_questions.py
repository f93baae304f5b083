"""Questions as MongoDB queries."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.store.questions import BadTime, Circle, Question, moment, query, windows
from tests.builders import NOON


def test_readers_see_what_is_for_readers() -> None:
    """Usable, and not under embargo now."""
    assert query(Question(), now=NOON).filter == {
        "pub_status": "usable",
        "embargoed_until": {"$not": {"$gt": NOON}},
    }


def test_everything_is_everything() -> None:
    """No condition that was not given."""
    assert query(Question(everything=True), now=NOON).filter == {}


def test_all_that_is_asked_has_to_hold() -> None:
    """Entity, topics, source and time in one query, newest first."""
    asked = Question(
        entity="Kabul",
        topics=("medtop:1", "medtop:2"),
        source="Wire",
        since=NOON,
        until=NOON + timedelta(days=1),
        everything=True,
    )

    built = query(asked, now=NOON)

    assert built.filter == {
        "entities.name": "Kabul",
        "topics.id": {"$in": ["medtop:1", "medtop:2"]},
        "source": "Wire",
        "version_created": {"$gte": NOON, "$lt": NOON + timedelta(days=1)},
    }
    assert built.sort == [("version_created", -1)]
    assert built.names


def test_places_speakers_and_folds_are_conditions() -> None:
    """A circle in radians of MongoDB's earth; a fold keeps the first run of each story."""
    asked = Question(
        entity_id="geonames:1138958",
        near=Circle(69.17, 34.53, 63.781),
        country="AF",
        speaker="Ada Okoro",
        language="en",
        cluster="c",
        fold=True,
        everything=True,
    )

    built = query(asked, now=NOON)

    around = built.filter.pop("entities.location")["$geoWithin"]["$centerSphere"]
    assert around == [[69.17, 34.53], pytest.approx(0.01)]
    assert built.filter == {
        "entities.id": "geonames:1138958",
        "entities.country": "AF",
        "quotes.speaker": "Ada Okoro",
        "language": "en",
        "cluster": "c",
        "$expr": {"$eq": ["$_id", "$cluster"]},
    }
    assert built.names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T18:30", datetime(2026, 11, 23, 18, 30, tzinfo=UTC)),
        ("2026-11-23T18:30+02:00", datetime(2026, 11, 23, 16, 30, tzinfo=UTC)),
        ("30m", NOON - timedelta(minutes=30)),
        ("2h", NOON - timedelta(hours=2)),
        ("7d", NOON - timedelta(days=7)),
        ("4w", NOON - timedelta(weeks=4)),
    ],
)
def test_a_time_is_iso_or_a_while_ago(text: str, expected: datetime) -> None:
    """Without an offset it is UTC."""
    assert moment(text, now=NOON) == expected


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "7y", "999999w"])
def test_anything_else_is_no_time(text: str) -> None:
    """The error shows how to write one."""
    with pytest.raises(BadTime, match="write 2026-11-23"):
        moment(text, now=NOON)


def test_a_place_alone_is_asked_of_its_own_index() -> None:
    """The planner may read every article in the order of time; with a name it knows better."""
    near = Circle(longitude=69.2, latitude=34.5, km=50)

    assert query(Question(near=near), now=NOON).hint == "place_time"
    assert query(Question(near=near, entity="Kabul"), now=NOON).hint is None
    assert query(Question(), now=NOON).hint is None


def test_words_are_looked_for_within_longer_and_longer_windows() -> None:
    """Of the time that the newest articles took; not beyond the time that was asked for."""
    older = NOON - timedelta(hours=1)

    assert windows(NOON, older, since=None) == [
        NOON - timedelta(hours=1),
        NOON - timedelta(hours=8),
        NOON - timedelta(hours=64),
    ]
    assert windows(NOON, older, since=NOON - timedelta(hours=5)) == [older]
    assert windows(NOON, NOON, since=None) == [NOON]  # an import without times


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_windows_stay_within_the_calendar(one: datetime, other: datetime) -> None:
    """An archive may go back as far as it likes."""
    newest, older = max(one, other), min(one, other)

    starts = windows(newest, older, since=None)

    assert all(start <= older for start in starts)
    assert len(set(starts)) == len(starts)
