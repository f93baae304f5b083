"""What an outage looks like from outside: not well, and alive."""

import asyncio
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from services.devstack.processes import Child
from services.devstack.servers import free_port, start_redis


async def test_an_outage_is_no_reason_to_restart(tmp_path: Path) -> None:
    """While Redis is away /health answers 503, and /live 200."""
    redis = start_redis(tmp_path / "redis", log=tmp_path / "redis.log")
    redis.wait_ready()
    port = free_port()
    enrich = _enrich(redis.url, port, log=tmp_path / "enrich.log")
    try:
        await _until(port, 200)
        redis.child.kill()
        await _until(port, 503)
        alive = await _status(port, "/live")
    finally:
        enrich.kill()
        redis.child.kill()

    assert alive == 200


async def test_a_start_that_waits_is_no_reason_to_restart(tmp_path: Path) -> None:
    """Before Redis was ever there /live answers 200, and /health 503 and why."""
    port = free_port()
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    enrich = _enrich(nowhere, port, log=tmp_path / "enrich.log")
    try:
        await _until(port, 503)
        alive = await _status(port, "/live")
        stopped = await asyncio.to_thread(enrich.stop, 10)
    finally:
        enrich.kill()

    assert alive == 200
    assert stopped
    assert enrich.exit_code == 0


def _enrich(redis_url: str, port: int, *, log: Path) -> Child:
    environment = {
        "NEWSFLOW_REDIS_URL": redis_url,
        "NEWSFLOW_HEALTH_PORT": str(port),
        "NEWSFLOW_READ_LATER": "true",
    }
    enrich = Child("enrich", [sys.executable, "-m", "services.enrich"], log=log, env=environment)
    enrich.start()
    return enrich


async def _until(port: int, status: int) -> None:
    async with asyncio.timeout(30):
        while await _status(port, "/health") != status:
            await asyncio.sleep(0.1)


async def _status(port: int, path: str) -> int | None:
    def ask() -> int | None:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code
        except OSError:
            return None  # it does not listen yet

    return await asyncio.to_thread(ask)
