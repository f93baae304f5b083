"""The console of most tests: on loopback, with an empty Redis and MongoDB."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from tests.console.serving import console


@pytest.fixture
async def client(
    redis: Redis,  # emptied
    redis_server: RedisServer,
    mongo_url: str,
    tmp_path: Path,
) -> AsyncIterator[httpx.AsyncClient]:
    folders = {"inbox_dir": tmp_path / "inbox", "archive_dir": tmp_path / "archive"}
    assert redis
    async with console(redis_url=redis_server.url, mongo_url=mongo_url, **folders) as asked:
        yield asked
