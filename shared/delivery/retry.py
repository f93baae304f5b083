"""How long to wait before trying again. Pure: the caller brings the random number."""

from typing import Final

BASE_S: Final = 0.05
CAP_S: Final = 5.0


def delay_s(attempt: int, *, jitter: float, base_s: float = BASE_S, cap_s: float = CAP_S) -> float:
    """Return the pause in seconds before attempt `attempt` (the first retry is 1).

    Exponential with full jitter: `jitter` in [0, 1) picks a point between 0 and the bound, so that
    many waiting processes do not knock at once (AWS Architecture Blog, "Exponential Backoff And
    Jitter").
    """
    bound: float = min(cap_s, base_s * 2.0 ** min(attempt - 1, 32))
    return bound * jitter
