"""What is too much is refused at every entrance, soon and with its reason."""

import json
import time
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import pytest
from redis.asyncio import Redis

from services.ingest.handler import File, read
from services.ingest.records import Limits
from services.ingest.unpacking import Allowance
from shared import streams
from shared.entries import wire
from shared.errors import PermanentError
from shared.letters import deadletters
from shared.messages import RawArticle
from tests.contract.services_in_process import (
    Recorder,
    all_acknowledged,
    dead,
    enriched,
    enriching,
    until,
)

LIMIT = 8 * 1024 * 1024
DEEP = b'{"headline": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
SOON_S = 5  # on a machine that does other things


def article(**fields: Any) -> bytes:
    return json.dumps({"headline": "H", "body": "B", **fields}).encode()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (article(body="x" * LIMIT), "too large: "),
        (DEEP, "not JSON: recursion limit exceeded"),
        (article(headline="H" * 50_001), "`headline`: string should have at most 50000"),
        (article(summary="word " * 10_001), "`summary`: string should have at most 50000"),
        (article(source="S" * 50_001), "`source`: string should have at most 50000"),
        (article(uri="u" * 2049), "`uri`: string should have at most 2048"),
        (article(version="1" * 2049), "`version`: string should have at most 2048"),
        (article(subjects=[{"id": "1"}] * 1001), "`subjects`: tuple should have at most 1000"),
        (article(alt_ids={str(n): "" for n in range(300_000)}), "`alt_ids`: dictionary should"),
        (article(body="", body_html="<div>" * 300), "HTML with more than 200 elements within"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:16],
)
def test_a_message_that_is_too_much_has_a_reason(data: bytes, reason: str) -> None:
    """Whatever of it: its size, its depth, a text, a list."""
    began = time.monotonic()
    with pytest.raises(PermanentError) as raised:
        wire.decode(
            {b"data": data}, RawArticle, stream="articles.raw", entry_id="1-1", limit_bytes=LIMIT
        )

    assert reason in str(raised.value)
    assert len(str(raised.value)) < 1_000
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("lines.jsonl", b'{"headline": "Good"}\n' + DEEP + b'\n{"headline": "Good"}\n'),
        ("array.json", b'[{"headline": "Good"}, ' + DEEP + b', {"headline": "Good"}]'),
    ],
)
def test_a_deep_record_of_a_file_harms_no_neighbour(name: str, data: bytes) -> None:
    """One reason, two articles."""
    found = list(
        read(
            BytesIO(data),
            File(name, "0" * 64, datetime.now(UTC)),
            limits=Limits(),
            allowance=Allowance.usual(len(data)),
        )
    )

    assert sum(bool(one.article) for one in found) == 2
    [reason] = [one.reason for one in found if one.reason]
    assert "depth limit" in reason or "within each other" in reason


async def test_a_deep_letter_can_be_replayed_and_dies_again(redis: Redis) -> None:
    """In its replay, too, it is one entry among others."""
    client: Any = redis
    await client.xadd(streams.RAW, {"data": DEEP})
    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))
        [letter] = await dead(redis)
        again = await deadletters.replay(redis, letter)
        await client.xadd(streams.RAW, {"headline": "Good"})
        await until(lambda: all_acknowledged(redis))

    [letter] = await dead(redis)
    assert letter.entry_id == again
    assert letter.data == DEEP
    assert await enriched(redis) == ["Good"]
