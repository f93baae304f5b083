"""A dead letter keeps everything, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter

FIELDS = st.dictionaries(st.binary(max_size=20), st.binary(max_size=100), max_size=5)


def letter(original: dict[bytes, bytes], reason: str = "no reason") -> DeadLetter:
    return DeadLetter(
        reason=reason,
        cause="invalid",
        stage="enrich",
        stream="articles.raw",
        entry_id="1-1",
        deliveries=1,
        article_id=None,
        original=original,
        letter_id="1795470694568-0",
    )


@given(FIELDS)
def test_original_fields_are_kept_whatever_they_are_called(original: dict[bytes, bytes]) -> None:
    """Also a field `reason`, or one that looks like ours."""
    kept = letter({**original, b"reason": b"theirs", b"original.x": b"y"})

    again = deadletters.decode(kept.letter_id, deadletters.encode(kept))

    assert again == kept


def test_a_reason_that_utf8_cannot_write_is_kept_as_far_as_it_can() -> None:
    """A lone surrogate in an error's text stops no parking."""
    fields = deadletters.encode(letter({}, reason="bad \ud800 text"))

    assert fields[b"reason"] == b"bad ? text"


def test_the_article_is_shown_as_it_was_sent() -> None:
    """The field `data`, or flat fields a line each."""
    assert letter({b"data": b"{", b"id": b"7"}).data == b"{"
    assert letter({b"headline": b"H", b"x": b"y"}).data == b"headline: H\nx: y"
