"""Waiting before another attempt."""

from hypothesis import given
from hypothesis import strategies as st

from shared.delivery.retry import CAP_S, delay_s


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_never_longer_than_the_cap(attempt: int, jitter: float) -> None:
    """However often it failed."""
    assert 0 <= delay_s(attempt, jitter=jitter) < CAP_S + 1e-9


def test_the_bound_doubles_with_every_attempt() -> None:
    """Until the cap."""
    bounds = [delay_s(attempt, jitter=1, base_s=1, cap_s=6) for attempt in range(1, 6)]

    assert bounds == [1, 2, 4, 6, 6]
