"""Servers that refuse us, at the start or later: said in a sentence, and healed once mended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from shared.delivery import Consumer
from shared.messages import RawArticle
from tests.contract.services_in_process import (
    Recorder,
    add,
    all_acknowledged,
    dead,
    enriched,
    enriching,
    until,
)
from tests.security.users import ADMIN, guarded, password, url

WATCHED_S = 2


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with guarded(tmp_path_factory.mktemp("refusals")) as server:
        yield server


@pytest.fixture
async def admin(server: RedisServer) -> AsyncIterator[Any]:
    async with Redis.from_url(url(server, ADMIN)) as redis:
        await redis.flushall()
        yield redis
        await redis.acl_load()


async def test_a_right_that_is_missing_ends_a_service_in_one_sentence(
    server: RedisServer, mongo_url: str, tmp_path: Path
) -> None:
    """Store with the user of enrich: one line that names what to change, and exit code 1."""
    environment = {
        **os.environ,
        "NEWSFLOW_REDIS_URL": url(server, "enrich"),
        "NEWSFLOW_MONGO_URL": mongo_url,
        "NEWSFLOW_LOG_LEVEL": "warning",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.store"),
        env=environment,
        cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()

    assert process.returncode == 1
    [line] = said.decode().splitlines()
    assert line.startswith(f"newsflow: Redis at 127.0.0.1:{server.port} refuses us: ")
    assert line.endswith("check NEWSFLOW_REDIS_URL and the user's rights, see docs/operations.md")
    assert password("enrich") not in line


async def test_a_password_that_is_changed_stops_the_flow_and_loses_nothing(
    server: RedisServer, admin: Any
) -> None:
    """Health says so, nobody storms Redis, and it goes on once the old one is right again."""
    recorder = Recorder()
    async with enriching(admin, recorder, redis_url=url(server, "enrich")) as consumer:
        await add(admin, 2)
        await until(lambda: all_acknowledged(admin))

        await _say(admin, "ACL", "SETUSER", "enrich", "resetpass", ">another")
        await _say(admin, "CLIENT", "KILL", "USER", "enrich")
        await add(admin, 3)
        await until(lambda: _says(consumer, "Redis refuses us: "))
        before = await _connections(admin)
        await asyncio.sleep(WATCHED_S)
        knocked = await _connections(admin) - before

        await admin.acl_load()
        await until(lambda: all_acknowledged(admin), within_s=30)
        await until(lambda: _is_well(consumer))

    assert len(await enriched(admin)) == 5
    assert await dead(admin) == []
    assert knocked < 15 * WATCHED_S


async def test_a_right_that_is_taken_away_stops_the_flow_and_loses_nothing(
    server: RedisServer, admin: Any
) -> None:
    """Of one command: health names it."""
    async with enriching(admin, Recorder(), redis_url=url(server, "enrich")) as consumer:
        await add(admin, 2)
        await until(lambda: all_acknowledged(admin))

        await _say(admin, "ACL", "SETUSER", "enrich", "clearselectors")
        await add(admin, 3)
        await until(lambda: _says(consumer, "Redis refuses us: "))

        await admin.acl_load()
        await until(lambda: all_acknowledged(admin), within_s=30)
        await until(lambda: _is_well(consumer))

    assert len(await enriched(admin)) == 5
    assert await dead(admin) == []


async def _say(redis: Any, *words: str) -> None:
    await redis.execute_command(*words)


async def _says(consumer: Consumer[RawArticle], text: str) -> bool:
    return text in (await consumer.problem() or "")


async def _is_well(consumer: Consumer[RawArticle]) -> bool:
    return await consumer.problem() is None


async def _connections(redis: Any) -> int:
    return int((await redis.info("stats"))["total_connections_received"])
