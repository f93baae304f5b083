"""A stack in the foreground: tended while it runs, stopped by Ctrl-C or SIGTERM."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from services.devstack.stack import Stack
from services.inspection.overview import Overview, look
from services.store.settings import StoreSettings
from shared.errors import NewsflowError

TEND_EVERY_S: Final = 0.2

_READY_WITHIN_S: Final = 60.0


class NotReady(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A stack that did not become well in time; the text says what is not."""


@asynccontextmanager
async def running(stack: Stack) -> AsyncIterator[asyncio.Event]:
    """Run `stack` while the block lasts; yield an event that Ctrl-C or SIGTERM sets."""
    asked = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, asked.set)
    tending = None
    try:
        stack.start()
        tending = asyncio.create_task(_tend(stack))
        yield asked
    finally:
        if tending:
            tending.cancel()
        stack.stop()


async def overview(stack: Stack) -> Overview:
    """Return how a running stack is now."""
    address = stack.address
    inbox = stack.folder / "inbox"
    return await look(settings(stack), health_urls=address.health_urls, inbox=inbox)


def settings(stack: Stack) -> StoreSettings:
    """Return the settings with which the servers of a running stack are reached."""
    return StoreSettings(redis_url=stack.address.redis_url, mongo_url=stack.address.mongo_url)


async def ready(stack: Stack, asked: asyncio.Event) -> Overview:
    """Wait until every stage is well, or it was asked to stop; raises NotReady after a minute."""
    until = time.monotonic() + _READY_WITHIN_S
    while True:
        view = await overview(stack)
        if view.ok or asked.is_set():
            return view
        if time.monotonic() > until:
            wrong = "; ".join(f"{one.stage}: {', '.join(one.problems)}" for one in view.stages)
            msg = f"not ready after a minute: {wrong}; the logs are {stack.folder / 'var'}/*.log"
            raise NotReady(msg)
        await asyncio.sleep(TEND_EVERY_S)


async def _tend(stack: Stack) -> None:
    while True:
        await asyncio.sleep(TEND_EVERY_S)
        stack.tend()
