"""A batch as parts that are written side by side.

While one part is written the next is encoded here, and each keeps a core of MongoDB busy. They may
overtake each other: heads, revisions and clusters do not depend on order or on other writers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from shared.errors import TransientError

PART: Final = 100  # articles a command: fewer cost more round trips, more gain nothing

A = TypeVar("A")
E = TypeVar("E")


async def side_by_side(
    articles: Sequence[A], *, handler: Callable[[Sequence[A]], Awaitable[Sequence[E]]]
) -> list[E]:
    """Give `handler` the parts of `articles`, all at once; return how each ended, in their order.

    Raises what a part raised, once all have come to rest: an outage rather than a bug, for it
    counts as no attempt.
    """
    parts = [articles[at : at + PART] for at in range(0, len(articles), PART)]
    ends = await asyncio.gather(*map(handler, parts), return_exceptions=True)
    errors = [end for end in ends if isinstance(end, BaseException)]
    for error in sorted(errors, key=lambda error: not isinstance(error, TransientError)):
        raise error
    return [end for part in ends if not isinstance(part, BaseException) for end in part]
