"""An entry that was sent again tells of it, and its chain is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.letters.replays import REPLAYED, Replays, carried, once_more, replays


def test_a_letter_of_a_letter_keeps_the_chain() -> None:
    """How often, and from which letters."""
    fields = once_more(once_more({b"data": b"{}"}, "1-0"), "2-0")

    assert replays(fields) == Replays(2, ("1-0", "2-0"))
    assert fields == {REPLAYED: b'{"times":2,"letters":["1-0","2-0"]}'}
    assert carried({**fields, b"data": b"{}"}) == fields


def test_no_entry_grows_however_often_it_is_sent_again() -> None:
    """The last ten letters are named; all are counted."""
    fields: dict[bytes, bytes] = {}
    for number in range(25):
        fields = once_more(fields, f"{number}-0")

    told = replays(fields)
    assert told.times == 25
    assert told.letters == tuple(f"{number}-0" for number in range(15, 25))


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b'{"times": 1}',
        b'{"times": 1, "letters": 3}',
        b'{"times": 1, "letters": [3]}',
        b'{"times": 1, "letters": ["soon"]}',
        b'{"times": 1, "letters": []}',
        b'{"times": 1, "letters": ["1-0", "2-0"]}',
        b'{"times": true, "letters": ["1-0"]}',
        b'{"times": -1, "letters": ["1-0"]}',
    ],
)
def test_what_we_did_not_write_tells_nothing(value: bytes) -> None:
    """A producer that makes up the field harms nobody, and nothing of it travels on."""
    assert replays({REPLAYED: value}) == Replays()
    assert carried({REPLAYED: value}) == {}
    assert replays(once_more({REPLAYED: value}, "1-0")) == Replays(1, ("1-0",))


@given(st.binary(max_size=50))
def test_no_bytes_whatever_break_it(value: bytes) -> None:
    """It raises nothing."""
    assert isinstance(replays({REPLAYED: value}), Replays)
