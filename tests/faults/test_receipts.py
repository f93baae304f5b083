"""A thousand mixed messages, a thousand receipts, each true, with store killed -9 meanwhile."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.builders import seeded
from tests.faults.newsroom import newsroom
from tests.mixed import messages, send, told, untruths

KILLS = 2


@pytest.mark.long
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_thousand_messages_have_a_thousand_true_receipts(tmp_path: Path, seed: int) -> None:
    """Stored, updated, duplicate or rejected: as MongoDB has it, whatever was killed when."""
    sent = messages(1000, seeded(seed))
    async with newsroom(tmp_path, seed=seed) as room:
        sending = asyncio.create_task(send(room.redis, room.rig.address.redis_url, sent))
        for kill in range(KILLS):
            await asyncio.sleep(1.5 + kill)
            room.rig.children["store"].kill()
        await sending
        await room.at_rest()
        receipts = await told(room.redis)
        with MongoClient[dict[str, Any]](room.rig.address.mongo_url) as client:
            found = untruths(sent, receipts, client["newsflow"])

    assert found == []
