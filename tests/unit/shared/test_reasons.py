"""Reasons that differ by the article only are one kind."""

import pytest

from shared.letters.reasons import commonest, kind_of


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        (
            "`headline`: should be a valid string, got 5; `body`: should be, got 'a; b'",
            "`headline`: should be a valid string; `body`: should be",
        ),
        (
            "not JSON: EOF while parsing an object at line 1 column 17",
            "not JSON: EOF while parsing an object at line N column N",
        ),
        (
            "too large: 8,388,609 bytes; the limit is 8388608 (NEWSFLOW_MAX_ARTICLE_BYTES)",
            "too large: N bytes; the limit is N (NEWSFLOW_MAX_ARTICLE_BYTES)",
        ),
        ("KeyError: 'Oslo' (at each of 5 deliveries)", "KeyError: '…' (at each of N deliveries)"),
        ("`body`: bad, got '; and 3 more", "`body`: bad; and N more"),
        ("", ""),
    ],
)
def test_what_differs_from_article_to_article_is_left_out(reason: str, kind: str) -> None:
    """What was given, numbers, quoted words; the names of fields stay."""
    assert kind_of(reason) == kind


def test_a_kind_is_short_and_found_in_linear_time() -> None:
    """Reasons may hold whatever somebody sent."""
    assert len(kind_of("a, got " * 100_000)) <= 300
    assert len(kind_of("'" * 1_000_000)) <= 300


def test_the_commonest_kind_is_told() -> None:
    """None when nothing is wrong."""
    assert commonest(["a 1", "b", "a 2"]) == "a N"
    assert commonest([]) is None
