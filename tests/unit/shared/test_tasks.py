"""Tasks end when they are told to, also those that do not hear it at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

import pytest

from shared import tasks


async def _begun(run: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
    task = asyncio.ensure_future(run())
    await asyncio.sleep(0)
    return task


async def test_a_cancellation_that_was_lost_is_repeated() -> None:
    """As `asyncio.wait_for` loses one in Python 3.11: it answers with its result instead."""
    lost: list[bool] = []

    async def run() -> None:
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost.append(True)

    task = await _begun(run)
    await tasks.end([task], within_s=5)

    assert lost
    assert task.cancelled()


async def test_one_that_never_ends_is_left() -> None:
    """After the time that was given; whoever stops goes on."""
    let_go = asyncio.Event()

    async def run() -> None:
        while not let_go.is_set():
            try:
                await let_go.wait()
            except asyncio.CancelledError:
                continue

    task = await _begun(run)
    await tasks.end([task], within_s=0.05)

    assert not task.done()
    let_go.set()
    await task


async def test_what_has_ended_is_let_be() -> None:
    """Its error stays with it."""

    async def run() -> NoReturn:
        msg = "a bug"
        raise ValueError(msg)

    task = await _begun(run)
    await tasks.end([task], within_s=5)

    with pytest.raises(ValueError, match="a bug"):
        task.result()
