"""Two versions side by side."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

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

    assert changed(rows[0]) == (["reopens"], ["closes"])


def test_a_paragraph_of_many_words_differs_as_a_whole() -> None:
    """Comparing 100,000 words with each other would take minutes."""
    [_, row] = differences(revision("a " * 100_000), revision("b " * 100_000))

    assert [len(row.before), len(row.after)] == [1, 1]
    assert row.differs


@given(st.lists(st.text(max_size=20), max_size=8), st.lists(st.text(max_size=20), max_size=8))
def test_each_side_is_its_version_word_by_word(before: list[str], after: list[str]) -> None:
    """Nothing is left out or added, but paragraphs without words."""
    was, now = revision("\n".join(before)), revision("\n".join(after))

    rows = differences(was, now)[1:]

    for side, sent in (("before", was), ("after", now)):
        shown = ["".join(p.text for p in getattr(row, side)) for row in rows]
        lines = [line for line in sent["body"].split("\n") if line.strip()]
        assert [one for one in shown if one] == lines
