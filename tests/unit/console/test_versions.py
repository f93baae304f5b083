"""Two versions side by side."""

import difflib
import sys
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.console import versions
from services.console.versions import Row, differences


def revision(body: str, headline: str = "Harbour reopens") -> dict[str, Any]:
    return {"headline": headline, "body": body}


def changed(row: Row) -> tuple[list[str], list[str]]:
    return (
        [piece.text for piece in row.before if piece.differs],
        [piece.text for piece in row.after if piece.differs],
    )


def test_words_that_changed_are_marked_within_their_paragraph() -> None:
    """The paragraphs around them are the same, and stand beside each other."""
    rows = differences(
        revision("One.\nThree ships sailed.\nEnd."), revision("One.\nFour ships sailed.\nEnd.")
    )

    assert [row.differs for row in rows] == [False, False, True, False]
    assert changed(rows[2]) == (["Three"], ["Four"])


def test_a_paragraph_that_was_added_has_nothing_beside_it() -> None:
    """And what follows stays beside itself."""
    rows = differences(revision("One.\nTwo."), revision("One.\nNew.\nTwo."))

    assert [(len(row.before), len(row.after)) for row in rows[1:]] == [(1, 1), (0, 1), (1, 1)]


def test_a_headline_that_changed_comes_first() -> None:
    """What is told of a version is compared like its body."""
    rows = differences(revision("One."), revision("One.", "Harbour closes"))

    assert changed(rows[0]) == ([" reopens"], [" closes"])


def test_a_paragraph_of_many_words_differs_as_a_whole() -> None:
    """Comparing 100,000 words with each other would take minutes."""
    [_, row] = differences(revision("a " * 100_000), revision("b " * 100_000))

    assert [len(row.before), len(row.after)] == [1, 1]
    assert row.differs


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b " * 500, "b a a " * 330),
        ("a\nb\n" * 500, "b\na\na\n" * 330),
        ("a, b c.\n" * 30, "c, a a b.\n" * 30),
        (" " * 900 + "a", "b" + "\u3000\t" * 900),
    ],
    ids=["one paragraph", "paragraphs", "words of many paragraphs", "blanks"],
)
def test_what_is_said_again_and_again_is_compared_as_far_as_it_is_cheap(
    monkeypatch: pytest.MonkeyPatch, before: str, after: str
) -> None:
    """A page costs so many steps at most, whatever two versions hold."""
    monkeypatch.setattr(versions, "_MOST_STEPS", 5_000)
    lines = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != difflib.__file__:
            return None
        lines += event == "line"
        assert lines < 100_000
        return trace

    tracing = sys.gettrace()
    sys.settrace(trace)
    try:
        rows = differences(revision(before), revision(after))
    finally:
        sys.settrace(tracing)

    assert any(row.differs for row in rows)


def test_a_long_article_is_compared_word_by_word() -> None:
    """Prose does not reach the bound: 1,800 words, each eighteenth of them the same."""
    words = [f"word{number % 300}" + " of" * (number % 9 == 0) for number in range(1_620)]
    later = [f"{word} new" if at % 81 == 80 else word for at, word in enumerate(words)]

    [_, row] = differences(revision(" ".join(words)), revision(" ".join(later)))

    assert changed(row) == ([], [" new"] * 20)


@given(st.lists(st.text(max_size=20), max_size=8), st.lists(st.text(max_size=20), max_size=8))
def test_each_side_is_its_version_word_by_word(before: list[str], after: list[str]) -> None:
    """Nothing is left out or added, but paragraphs without words."""
    was, now = revision("\n".join(before)), revision("\n".join(after))

    rows = differences(was, now)[1:]

    for side, sent in (("before", was), ("after", now)):
        shown = ["".join(p.text for p in getattr(row, side)) for row in rows]
        lines = [line for line in sent["body"].split("\n") if line.strip()]
        assert [one for one in shown if one] == lines
