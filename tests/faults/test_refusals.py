"""What waiting cannot mend is said in one sentence, at once."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.devstack import servers
from services.devstack.processes import Child
from tests.builders import seeded
from tests.faults.run import SEED

WITHIN_S = 15  # a service needs some to start; what waits would wait for ever


@asynccontextmanager
async def _redis(folder: Path, *options: str) -> AsyncIterator[int]:
    """Run a Redis-compatible server with options of its own; yield its port."""
    port = seeded(SEED).randrange(15_000, 32_000)  # a cluster's bus takes the one 10,000 above
    server = servers.start_redis(folder, log=folder / "redis.log", port=port)
    server.wait_ready()
    server.child.kill()
    server.child.argv += options
    server.child.start()
    try:
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
                except OSError:
                    await asyncio.sleep(0.02)
                else:
                    writer.close()
                    break
        yield server.port
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("options", "user", "words"),
    [
        (("--cluster-enabled", "yes", "--appendonly", "no"), "", "cluster mode"),
        (("--requirepass", "so-secret"), ":mistaken@", "refuses us"),
    ],
    ids=["20: Redis is a cluster", "21: the password is wrong"],
)
async def test_a_redis_that_cannot_be_used_is_refused_at_once(
    tmp_path: Path, options: tuple[str, ...], user: str, words: str
) -> None:
    """A service ends with exit code 1 and one sentence that says what to change."""
    async with _redis(tmp_path, *options) as port:
        child = Child(
            "store",
            [sys.executable, "-m", "services.store"],
            log=tmp_path / "store.log",
            env={"NEWSFLOW_REDIS_URL": f"redis://{user}127.0.0.1:{port}/0"},
        )
        child.start()
        try:
            async with asyncio.timeout(WITHIN_S):
                while child.exit_code is None:
                    await asyncio.sleep(0.05)
        finally:
            child.kill()

        said = [line for line in child.last_lines().splitlines() if line.startswith("newsflow: ")]
        assert child.exit_code == 1
        [sentence] = said
        assert words in sentence
        assert "mistaken" not in child.log.read_text()
