"""Files and Redis's disk: a file leaves the inbox only once a killed Redis would still have it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer, start_redis
from services.ingest import reading
from shared import streams
from tests.contract.services_in_process import until
from tests.contract.test_files import drop
from tests.contract.test_inbox import STORY, emptied, ingesting, published

RECORDS = 20_000


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = start_redis(tmp_path / "redis", log=tmp_path / "redis.log")
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
async def own_redis(own_server: RedisServer) -> AsyncIterator[Redis]:
    client = Redis.from_url(own_server.url)
    yield client
    await client.aclose()


async def test_a_file_stays_in_the_inbox_until_redis_has_it_on_its_disk(
    own_redis: Redis, tmp_path: Path
) -> None:
    """Published at once; moved when the disk is asked and has answered."""
    await own_redis.config_set("appendfsync", "no")
    async with ingesting(own_redis, tmp_path):
        file = drop(tmp_path, "story.txt", STORY.encode())
        await until(lambda: _waits_for_the_disk(own_redis), 10)
        assert len(await published(own_redis)) == 1
        assert file.exists()

        await own_redis.config_set("appendfsync", "always")
        await own_redis.set("written", "behind it")
        await emptied(tmp_path)


@pytest.mark.parametrize("setting", ["appendonly", "appendfsync"])
async def test_a_redis_that_asks_no_disk_holds_up_no_file(
    own_redis: Redis, tmp_path: Path, setting: str
) -> None:
    """Whoever runs Redis without a log, or without fsync, has chosen so."""
    await own_redis.config_set(setting, "no")
    async with ingesting(own_redis, tmp_path):
        drop(tmp_path, "story.txt", STORY.encode())
        await emptied(tmp_path)


@pytest.mark.parametrize("left", [0, 1000])
async def test_what_redis_lost_of_a_file_is_read_again(
    own_redis: Redis,
    own_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    left: int,
) -> None:
    """Killed in the middle of a file, with the end of its log gone: every record is there, once."""
    monkeypatch.setattr(reading, "_MOST_RECORDS", 100)
    lines = [b'{"uri": "urn:%d", "headline": "Story %d"}\n' % (n, n) for n in range(RECORDS)]
    async with ingesting(own_redis, tmp_path):
        kept = _log(tmp_path).stat().st_size
        drop(tmp_path, "large.jsonl", b"".join(lines))
        if left:
            await until(lambda: _at_least(own_redis, left), 10)
            kept = _log(tmp_path).stat().st_size
        await until(lambda: _at_least(own_redis, 4000), 10)
        own_server.child.kill()
        with _log(tmp_path).open("r+b") as log:
            log.truncate(kept)
        own_server.child.start()
        await asyncio.to_thread(own_server.wait_ready)
        await own_redis.connection_pool.disconnect()
        assert await own_redis.xlen(streams.RAW) < 4000
        await emptied(tmp_path, 20)

    uris = [one.uri or "" for one in await published(own_redis)]
    assert sorted(uris) == sorted(f"urn:{n}" for n in range(RECORDS))


async def _waits_for_the_disk(redis: Redis) -> bool:
    return bool((await redis.info("clients"))["blocked_clients"])


async def _at_least(redis: Redis, entries: int) -> bool:
    return await redis.xlen(streams.RAW) >= entries


def _log(folder: Path) -> Path:
    [log] = (folder / "redis" / "appendonlydir").glob("*.incr.aof")
    return log
