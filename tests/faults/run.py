"""One fault, or a mutant and the fault that exposes it, done to a newsroom under load."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

from tests.faults.faults import Strike
from tests.faults.newsroom import REST_WITHIN_S, Newsroom, newsroom
from tests.faults.sums import shortfalls

SEED: Final = int(os.environ.get("NEWSFLOW_FAULT_SEED") or secrets.randbelow(10**6))


async def under_load(
    room: Newsroom,
    strike: Strike,
    *,
    name: str,
    stories: int,
    per_s: float,
    within_s: float = REST_WITHIN_S,
) -> list[str]:
    """Send stories while `strike` does its worst; return what the set check finds short."""
    room.draw(Random(f"{SEED} {name}"))  # noqa: S311 (what is sent, no secret)
    over = asyncio.Event()
    async with asyncio.TaskGroup() as both:
        both.create_task(room.send(stories, per_s=per_s, until=over))
        await asyncio.sleep(0.5)
        await strike(room)
        over.set()
    return await shortfalls(room, within_s=within_s)


class Rooms:
    """One newsroom at a time, kept from case to case until one fails in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open = AsyncExitStack()
        self._room: Newsroom | None = None
        self._count = 0

    @asynccontextmanager
    async def room(self, nodes: int) -> AsyncIterator[Newsroom]:
        """Yield an empty newsroom whose MongoDB has so many nodes; one that failed is replaced."""
        if self._room is None or self._room.rig.nodes != nodes:
            await self.close()
            self._count += 1
            folder = self._folder / str(self._count)
            opened = newsroom(folder, seed=SEED, nodes=nodes)
            self._room = await self._open.enter_async_context(opened)
        room, self._room = self._room, None
        yield room
        await room.clear()
        self._room = room

    async def close(self) -> None:
        self._room = None
        await self._open.aclose()
