"""What can be held of docker-compose.yml without an engine."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from redis.asyncio import Redis

from services.devstack.processes import Child
from services.devstack.servers import RedisServer, free_port, redis_server
from tests.security.users import USERS


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
    shutil.copytree(root / "deploy" / "redis", tmp_path / "deploy" / "redis")
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
        "newsflow_mongo_url",
        "mongo_console_password",
        "console_mongo_url",
        "newsflow_console_token",
        *(f"{user}_redis_url" for user in USERS),
    }


@pytest.mark.parametrize("user", USERS)
async def test_each_secret_is_the_url_of_its_user(
    secrets: Path, guarded: RedisServer, user: str
) -> None:
    """What a service mounts lets it in, as itself."""
    async with Redis.from_url(url_of(user, secrets, guarded)) as redis:
        assert await redis.ping()


def test_every_container_is_hardened(root: Path) -> None:
    """Not root, read-only, no capability, no new privileges; no password in an environment."""
    compose = yaml.safe_load((root / "docker-compose.yml").read_text())

    for name, service in compose["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        published = service.get("ports", [])
        assert published == (["127.0.0.1:8080:8080"] if name == "console" else []), name
        assert "user" in service or "build" in service, name
        assert not any("PASSWORD" in key or "URL" in key for key in service.get("environment", {}))
    assert "USER 10001" in (root / "Dockerfile").read_text()


def url_of(user: str, secrets: Path, server: RedisServer) -> str:
    """How a service reaches it, with its own user."""
    given = (secrets / f"{user}_redis_url").read_text()
    return given.replace("redis:6379", f"127.0.0.1:{server.port}")
