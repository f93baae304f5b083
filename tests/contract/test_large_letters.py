"""Dead letters of any size and shape are kept whole, in Redis, and can be sent again."""

import os
from typing import Any

from redis.asyncio import Redis

from shared import streams
from shared.letters import deadletters
from tests.contract.services_in_process import (
    Recorder,
    add,
    all_acknowledged,
    dead,
    enriched,
    enriching,
    until,
)

MB = 1024 * 1024


async def test_a_letter_of_thirty_megabytes_is_kept_whole_and_replayed(redis: Redis) -> None:
    """Redis takes values of 512 MB (`proto-max-bulk-len`), so what came in fits again."""
    huge = b'{"headline": 5, "body": "' + os.urandom(15 * MB).hex().encode() + b'"}'
    await redis.xadd(streams.RAW, {"data": huge})
    await add(redis)

    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))
        [letter] = await dead(redis)
        await deadletters.replay(redis, letter)
        await until(lambda: all_acknowledged(redis))

    assert letter.original[b"data"] == huge
    assert [again.original[b"data"] for again in await dead(redis)] == [huge]
    assert await enriched(redis) == ["1"]


async def test_a_letter_of_ten_thousand_fields_is_kept_whole_and_replayed(redis: Redis) -> None:
    """Lua hands over 8,000 values at most, and would fail once it has acknowledged the entry."""
    fields = {f"field {number}": "x" for number in range(10_000)}
    client: Any = redis
    await client.xadd(streams.RAW, fields)
    await add(redis)

    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))
        [letter] = await dead(redis)
        sent = [await deadletters.replay(redis, letter) for _ in range(2)]
        await until(lambda: all_acknowledged(redis))

    [again] = await dead(redis)
    assert letter.original == again.sent == {name.encode(): b"x" for name in fields}
    assert again.replays.letters == (letter.letter_id,)
    assert sent == [again.entry_id, None]
    assert await enriched(redis) == ["1"]
