"""Tasks that are to end."""

import asyncio
from collections.abc import Collection
from typing import Any, Final

_AGAIN_EVERY_S: Final = 0.5


async def end(tasks: Collection[asyncio.Task[Any]], within_s: float) -> None:
    """Cancel `tasks` until each of them has ended, or `within_s` is over.

    Once is not enough: `asyncio.wait_for` of Python 3.11, through which redis-py sends, loses a
    cancellation that comes as what it waits for is done (CPython issue 86296, mended in 3.12).
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + within_s
    while (late := [task for task in tasks if not task.done()]) and loop.time() < give_up:
        for task in late:
            task.cancel()
        await asyncio.wait(late, timeout=min(_AGAIN_EVERY_S, within_s))
