"""kill -9 of anything, while 5,000 articles are on their way: nothing lost, nothing twice."""

import asyncio
from pathlib import Path

import pytest

from tests.faults.newsroom import newsroom

MESSAGES = 4000
FILES = 1000


@pytest.mark.parametrize("victim", ["ingest", "enrich", "store", "redis", "mongo"])
async def test_a_process_killed_three_times_loses_and_doubles_nothing(
    tmp_path: Path, victim: str
) -> None:
    """5,000 accepted articles are 5,000 documents; dead is only what was poison."""
    async with newsroom(tmp_path) as room:
        sending = asyncio.gather(
            room.send_messages(MESSAGES), room.send_files(FILES, first=MESSAGES)
        )
        for _ in range(3):
            await asyncio.sleep(1.5)
            room.stack.children[victim].kill()
        await sending
        await room.at_rest()
        shortfalls = await room.shortfalls()

    assert shortfalls == []
    assert len(room.accepted) == MESSAGES + FILES
