"""Scores of small cases, counted by hand."""

from collections import Counter

import pytest

from tests.benchmarks.quality.scoring import (
    Answer,
    Bin,
    Name,
    Score,
    by_topic,
    calibration,
    of_names,
    of_sets,
    topic_confusion,
    type_confusion,
)


def answer(primary: str, *found: tuple[str, float], acceptable: str = "") -> Answer:
    return Answer(primary, frozenset(primary + acceptable), found)


def test_a_score_is_precision_recall_and_their_mean() -> None:
    """Three right of four answers, of six to find."""
    score = Score(right=3, wrong=1, missed=3)

    assert score.figures() == {"precision": 0.75, "recall": 0.5, "f1": 0.6, "marked": 6}


def test_nothing_found_and_nothing_marked_is_no_division_by_zero() -> None:
    """Zero, not an error."""
    assert Score().figures() == {"precision": 0, "recall": 0, "f1": 0, "marked": 0}


def test_a_name_counts_when_place_and_type_are_exact() -> None:
    """One character less or another type is wrong, and what was marked is missed."""
    marked = [{(0, 4, "place"), (5, 9, "person"), (10, 14, "person")}, {(0, 4, "place")}]
    found = [{(0, 4, "place"), (5, 8, "person"), (10, 14, "organisation")}, set[Name]()]

    assert of_names(marked, found, {"place"}) == Score(right=1, wrong=0, missed=1)
    assert of_names(marked, found, {"person"}) == Score(right=0, wrong=1, missed=2)
    assert of_names(marked, found, {"place", "person"}) == Score(right=1, wrong=1, missed=3)


def test_types_are_confused_where_names_overlap() -> None:
    """The one that overlaps most counts; touching is no overlap."""
    marked = [(0, 10, "organisation"), (20, 24, "place"), (30, 34, "person")]
    found = [(0, 2, "person"), (2, 12, "place"), (24, 26, "person"), (30, 34, "person")]

    assert type_confusion(marked, found) == Counter(
        {
            ("organisation", "place"): 1,
            ("place", "missed"): 1,
            ("person", "person"): 1,
            ("invented", "person"): 1,
        }
    )


def test_topics_are_scored_by_the_primary_one() -> None:
    """a: once right, once taken for b; b: never; no topic is a choice of its own."""
    answers = [
        answer("a", ("a", 0.9), ("b", 0.5)),
        answer("a", ("b", 0.6), acceptable="b"),
        answer("b"),
    ]

    assert by_topic(answers) == {"a": Score(1, 0, 1), "b": Score(0, 1, 1)}
    assert topic_confusion(answers) == Counter({("a", "b"): 1, ("b", "none"): 1})


def test_several_topics_are_compared_as_sets() -> None:
    """Micro: every topic of every text counts once."""
    assert of_sets([({"a", "b"}, {"a", "c"}), ({"d"}, {"d"})]) == Score(2, 1, 1)


def test_confidence_is_compared_with_what_is_acceptable() -> None:
    """Two of 0.8 of which one is acceptable, and one of 1.0 that is: in the last bin."""
    answers = [answer("a", ("a", 0.8), ("b", 0.8)), answer("a", ("a", 1.0))]

    told = calibration(answers)

    assert told.bins == (Bin(0.8, 2, 0.8, 0.5), Bin(0.9, 1, 1.0, 1.0))
    assert told.ece == pytest.approx(2 / 3 * 0.3)
    assert told.brier == pytest.approx((0.04 + 0.64 + 0) / 3)


def test_nothing_found_is_nothing_to_calibrate() -> None:
    """No bin, no error."""
    assert calibration([answer("a")]) == ((), 0, 0)
