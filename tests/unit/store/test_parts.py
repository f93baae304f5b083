"""A batch in parts: every article has its own end, and an error is told once all are at rest."""

import asyncio
from collections.abc import Sequence

import pytest

from services.store.parts import PART, side_by_side
from shared.errors import MongoUnavailable


def test_ends_stand_in_the_order_of_the_articles() -> None:
    """Whichever part is done first."""

    async def handler(part: Sequence[int]) -> list[int]:
        await asyncio.sleep(0.02 if part[0] == 0 else 0)
        return [-one for one in part]

    ends = asyncio.run(side_by_side(range(2 * PART + 50), handler=handler))

    assert ends == [-one for one in range(2 * PART + 50)]


def test_an_outage_goes_before_a_bug_and_waits_for_the_other_parts() -> None:
    """So that no attempt is counted, and nothing is still being written when all is tried again."""
    done: list[int] = []

    async def handler(part: Sequence[int]) -> list[int]:
        if part[0] == 0:
            msg = "a bug"
            raise TypeError(msg)
        if part[0] == PART:
            raise MongoUnavailable
        await asyncio.sleep(0.02)
        done.extend(part)
        return list(part)

    with pytest.raises(MongoUnavailable):
        asyncio.run(side_by_side(range(2 * PART + 50), handler=handler))

    assert done == list(range(2 * PART, 2 * PART + 50))
