"""Servers that refuse us, at the start or later: said in a sentence, and healed once mended."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from redis.asyncio import Redis

from services.cli import terminal
from services.devstack.servers import RedisServer
from services.store import mongo as store_mongo
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.delivery import Consumer
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


@pytest.mark.parametrize(
    ("user", "word", "why"),
    [
        ("reader", "wrong", "invalid username-password pair"),
        ("nobody", "wrong", "invalid username-password pair"),
        ("producer", password("producer"), "o permissions"),
    ],
)
async def test_the_command_says_what_redis_refuses(
    server: RedisServer, capsys: pytest.CaptureFixture[str], user: str, word: str, why: str
) -> None:
    """Exit code 1 and one line, without the password."""
    address = f"redis://{user}:{word}@127.0.0.1:{server.port}/0"
    with pytest.raises(typer.Exit) as ended:
        async with terminal.redis(StoreSettings(redis_url=address)) as client:
            await client.execute_command("XRANGE", streams.RAW, "-", "+")  # type: ignore[no-untyped-call]

    assert ended.value.exit_code == 1
    [line] = capsys.readouterr().err.splitlines()
    assert why in line
    assert line.endswith("; check NEWSFLOW_REDIS_URL and the user's rights, see docs/operations.md")
    assert word not in line


async def test_the_command_says_what_to_mend_of_a_replica_set(
    mongo_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name in the URL is another one's."""
    monkeypatch.setattr(store_mongo, "_TIMEOUT_MS", 400)
    address = mongo_url.replace("replicaSet=newsflow", "replicaSet=other")
    with pytest.raises(typer.Exit):
        async with terminal.mongo(StoreSettings(mongo_url=address)) as articles:
            await articles.count()

    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("mend `replicaSet` in NEWSFLOW_MONGO_URL")


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
