"""`newsflow tail` and docs/examples/follow.py: killed, cut off and started again."""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from services.devstack.servers import start_mongo
from services.store.documents import record
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from tests.recipes.corpus import article, day

ROOT = Path(__file__).parents[2]
WITHIN_S = 60


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    adapter = Mongo(StoreSettings(mongo_url=mongo_url))
    await adapter.open()
    yield adapter
    await adapter.close()


def _heed_ctrl_c() -> None:
    """Take Ctrl-C also where the tests run in the background, where shells have it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Follower:
    """A process that follows, its output in files."""

    def __init__(self, folder: Path, url: str, *arguments: str) -> None:
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("ab") as out, self._err.open("ab") as err:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env={**os.environ, "NEWSFLOW_MONGO_URL": url, "PYTHONPATH": str(ROOT)},
                stdout=out,
                stderr=err,
                preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 (calls nothing but signal)
            )

    def lines(self) -> list[str]:
        return self._out.read_text().splitlines()

    def said(self) -> str:
        return self._err.read_text()

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(WITHIN_S)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not holds():
            await asyncio.sleep(0.05)


@contextlib.contextmanager
def tail(folder: Path, url: str, *arguments: str) -> Iterator[Follower]:
    follower = Follower(folder, url, "-m", "services.cli", "tail", *arguments)
    try:
        yield follower
    finally:
        if follower.process.poll() is None:
            follower.process.kill()
            follower.process.wait()


async def write(mongo: Mongo, name: str) -> None:
    await mongo.write([record(article(name, day(23), "Kabul.", headline=name, source="Wire"))])


@pytest.mark.parametrize(
    "asked",
    [["--entity", "KABUL"], ["--place", "Kabul", "--within", "100km", "--country", "AF", "--fold"]],
)
async def test_tail_prints_what_was_and_what_comes_until_ctrl_c(
    mongo: Mongo, mongo_url: str, tmp_path: Path, asked: list[str]
) -> None:
    """--since first, each article once, exit code 0."""
    await write(mongo, "before")
    await mongo.write([record(article("elsewhere", day(23), "Lima.", headline="elsewhere"))])

    with tail(tmp_path, mongo_url, "--since", "2026-11-01", *asked, "--json") as one:
        await until(lambda: len(one.lines()) == 1)
        await write(mongo, "after")
        await write(mongo, "after")
        await until(lambda: len(one.lines()) == 2)
        code = one.end(signal.SIGINT)

    assert code == 0
    assert [json.loads(line)["headline"] for line in one.lines()] == ["before", "after"]
    assert one.said() == "waiting for articles; Ctrl-C ends it\n"


async def test_tail_ends_when_nobody_reads_it(mongo: Mongo, mongo_url: str, tmp_path: Path) -> None:
    """`newsflow tail | head -1` is no failure, and ends though nothing more comes."""
    await write(mongo, "first")
    command = f"'{sys.executable}' -m services.cli tail --since 2026-11-01 | head -1; "

    ended = await asyncio.create_subprocess_exec(
        *("bash", "-c", command + "echo ${PIPESTATUS[0]}"),
        env={**os.environ, "NEWSFLOW_MONGO_URL": mongo_url, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    out, _ = await asyncio.wait_for(ended.communicate(), WITHIN_S)

    assert out.decode().splitlines() == ["2026-11-23 08:00  Wire  first  [Kabul]", "0"]


async def test_tail_outlives_mongod(tmp_path: Path) -> None:
    """It says what it waits for; what was stored right after the restart is printed, once."""
    data = tmp_path / "mongo"
    server = start_mongo(data, log=data / "log")
    server.wait_ready()
    adapter = Mongo(StoreSettings(mongo_url=server.url))
    await adapter.open()
    with tail(tmp_path, server.url) as one:
        await until(lambda: "waiting for articles" in one.said())
        await write(adapter, "first")
        await until(lambda: len(one.lines()) == 1)
        await adapter.close()
        server.stop()
        await until(lambda: "waiting for MongoDB" in one.said())
        server = start_mongo(data, log=data / "log", port=server.port)
        server.wait_ready()
        adapter = Mongo(StoreSettings(mongo_url=server.url))
        await adapter.open()
        await write(adapter, "second")
        await until(lambda: len(one.lines()) == 2)
        code = one.end(signal.SIGINT)
    await adapter.close()
    server.stop()

    assert code == 0
    assert [line.split("  ")[2] for line in one.lines()] == ["first", "second"]


async def test_the_example_misses_nothing_however_often_it_is_killed(
    mongo: Mongo, mongo_url: str, tmp_path: Path
) -> None:
    """Ten times kill -9 while articles are stored: each is printed, at most one a kill twice."""
    kills, a_kill = 10, 20
    example = (str(ROOT / "docs/examples/follow.py"), mongo_url, "token.json")
    follower = Follower(tmp_path, mongo_url, *example)
    await until((tmp_path / "token.json").exists)
    for kill in range(kills):
        for number in range(a_kill):
            await write(mongo, f"{kill}-{number}")
        follower.end(signal.SIGKILL)
        await write(mongo, f"{kill}-away")
        follower = Follower(tmp_path, mongo_url, *example)

    expected = {f"{kill}-{rest}" for kill in range(kills) for rest in (*range(a_kill), "away")}
    await until(lambda: {line.split()[-1] for line in follower.lines()} >= expected)
    follower.end(signal.SIGKILL)

    printed = [line.split()[-1] for line in follower.lines()]
    assert set(printed) == expected
    assert len(printed) - len(expected) <= kills
