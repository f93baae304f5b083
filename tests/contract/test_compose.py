"""What can be held of docker-compose.yml without an engine."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import NoPermissionError

from services.devstack.processes import Child
from services.devstack.servers import RedisServer, free_port, redis_server
from services.enrich.memory import Memory
from services.enrich.text.footers import Ending
from services.ingest.ledger import Ledger
from tests.contract.services_in_process import Recorder, add, all_acknowledged, enriching, until
from tests.contract.test_inbox import STORY, emptied, ingesting


def test_the_file_is_a_compose_file(root: Path) -> None:
    """It fits the Compose Specification's schema."""
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    ended = subprocess.run(
        [*check, root / "docker-compose.yml"], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout


@pytest.fixture
def secrets(root: Path, tmp_path: Path) -> Path:
    """The passwords that deploy/compose/secrets.sh makes."""
    (tmp_path / "deploy" / "compose").mkdir(parents=True)
    script = tmp_path / "deploy" / "compose" / "secrets.sh"
    shutil.copy(root / "deploy" / "compose" / "secrets.sh", script)
    subprocess.run([script], check=True, capture_output=True)
    return tmp_path / "secrets"


@pytest.fixture
def guarded(secrets: Path, tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis with the users of docker-compose.yml."""
    port = free_port()
    options = ["--port", str(port), "--aclfile", str(secrets / "redis_users"), "--save", ""]
    child = Child("redis", [redis_server() or "", *options], log=tmp_path / "log")
    child.start()
    server = RedisServer(child, port)
    server.wait_ready()
    yield server
    server.stop()


def test_secrets_are_made_once(secrets: Path) -> None:
    """A second run keeps every password: the servers' data knows them."""
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    subprocess.run(
        [secrets.parent / "deploy" / "compose" / "secrets.sh"], check=True, capture_output=True
    )

    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    assert before.keys() == {
        "redis_users",
        "mongo_key",
        "mongo_root_password",
        "mongo_newsflow_password",
        "newsflow_redis_url",
        "newsflow_mongo_url",
    }


@pytest.fixture
def url(secrets: Path, guarded: RedisServer) -> str:
    """How a service reaches it, with its own user."""
    given = (secrets / "newsflow_redis_url").read_text()
    return given.replace("redis:6379", f"127.0.0.1:{guarded.port}")


async def test_ingest_works_with_the_rights_that_compose_gives_it(url: str, tmp_path: Path) -> None:
    """Publishing, and the lives of files."""
    async with Redis.from_url(url) as redis, ingesting(redis, tmp_path, redis_url=url):
        (tmp_path / "inbox" / "wire.txt").write_text(STORY)
        await emptied(tmp_path)
        [life] = await Ledger(redis).newest()

        assert (life.state, life.published) == ("archived", 1)


async def test_a_stage_works_with_the_rights_that_compose_gives_it(url: str) -> None:
    """Reading, claiming, trimming, parking; and no command beyond the articles."""
    redis = Redis.from_url(url)
    await add(redis, 3)
    recorder = Recorder()

    async with enriching(redis, recorder, redis_url=url):
        await until(lambda: all_acknowledged(redis))

    assert recorder.headlines == ["1", "2", "3"]
    with pytest.raises(NoPermissionError):
        await redis.set("other", "key")
    with pytest.raises(NoPermissionError):
        await redis.flushall()
    await redis.aclose()


async def test_footers_are_learned_with_the_rights_that_compose_gives_enrich(url: str) -> None:
    """Remembering, and forgetting what is too much."""
    async with Redis.from_url(url) as redis:
        memory = Memory(redis, a_round=1, sources=1)
        endings = [Ending(f"Post {n}", b"%04d" % n * 3, (b"footer",)) for n in range(3)]

        assert await memory.learned(endings) == [frozenset()] * 3
        assert await redis.zcard("articles.footers") == 1
