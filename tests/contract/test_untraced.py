"""Without a collector nothing of traces is there, but what others say of theirs is passed on."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from shared import streams
from shared.letters import deadletters
from tests.contract.services_in_process import (
    Recorder,
    all_acknowledged,
    dead,
    enriching,
    until,
)
from tests.contract.test_inbox import emptied, ingesting

SPAN = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ARTICLE = b'{"headline": "A", "body": "B"}'


async def test_entries_hold_no_more_than_before(redis: Redis, tmp_path: Path) -> None:
    """Of a file, of a message with its own traceparent, and of a letter."""
    client: Any = redis
    async with ingesting(redis, tmp_path):
        (tmp_path / "inbox" / "a.json").write_bytes(ARTICLE)
        await emptied(tmp_path)
    [[_, published]] = await client.xrange(streams.RAW)
    await client.xadd(streams.RAW, {b"data": ARTICLE, b"traceparent": SPAN})
    await client.xadd(streams.RAW, {b"data": b"[]"})
    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))

    assert set(published) == {b"data", b"producer"}
    assert [set(fields) for _, fields in await client.xrange(streams.ENRICHED)] == [{b"data"}] * 2
    [[_, letter]] = await client.xrange(streams.DEAD)
    assert b"traceparent" not in letter


async def test_a_span_goes_on_through_stages_that_trace_nothing(redis: Redis) -> None:
    """From entry to entry, and through a dead letter that is sent again."""
    client: Any = redis
    beside = {b"newsflow.traceparent": SPAN}
    await client.xadd(streams.RAW, {b"data": ARTICLE, **beside})
    await client.xadd(streams.RAW, {b"data": b"[]", **beside})
    async with enriching(redis, Recorder()):
        await until(lambda: all_acknowledged(redis))
        [letter] = await dead(redis)
        await deadletters.replay(redis, letter, data=ARTICLE)
        await until(lambda: all_acknowledged(redis))

    sent = [fields[b"newsflow.traceparent"] for _, fields in await client.xrange(streams.ENRICHED)]
    assert sent == [SPAN, SPAN]


def test_what_makes_traces_is_not_loaded(root: Path) -> None:
    """Neither the exporter, nor our modules that need it."""
    code = "import sys, services.ingest.app; print(*sys.modules, sep='\\n')"
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )

    loaded = set(said.stdout.split())
    assert "shared.traces" in loaded
    assert not {name for name in loaded if name.startswith("opentelemetry.exporter")}
    assert not loaded & {"shared.traces.exporting", "services.ingest.traced"}
