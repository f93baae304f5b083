"""Files and Redis's replicas: a file leaves the inbox only once the wanted number has it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer, start_redis
from tests.contract.services_in_process import until
from tests.contract.test_files import drop
from tests.contract.test_inbox import STORY, emptied, ingesting, published


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[RedisServer, RedisServer]]:
    """A Redis of this test's own, and one to be its replica."""
    servers = [start_redis(tmp_path / name, log=tmp_path / f"{name}.log") for name in ("a", "b")]
    for server in servers:
        server.wait_ready()
    yield servers[0], servers[1]
    for server in servers:
        server.child.kill()


async def test_a_file_stays_in_the_inbox_until_a_replica_has_it(
    pair: tuple[RedisServer, RedisServer], tmp_path: Path
) -> None:
    """Its articles are published at once; what a fail-over would lose is still a file."""
    master, replica = pair
    redis, other = Redis.from_url(master.url), Redis.from_url(replica.url)
    await other.replicaof("127.0.0.1", str(master.port))
    await until(lambda: _is_in_step(redis))
    async with ingesting(redis, tmp_path, redis_replicas=1):
        replica.child.signal(signal.SIGSTOP)
        file = drop(tmp_path, "story.txt", STORY.encode())
        await until(lambda: _waits(redis))
        assert len(await published(redis)) == 1
        assert file.exists()

        replica.child.signal(signal.SIGCONT)
        await emptied(tmp_path)
    await redis.aclose()
    await other.aclose()


async def _is_in_step(redis: Redis) -> bool:
    said = await redis.info("replication")
    return said["connected_slaves"] == 1 and bool(said["slave0"]["state"] == "online")


async def _waits(redis: Redis) -> bool:
    """Say whether somebody asks for replicas, and not for the disk."""
    clients = await redis.client_list()
    return any(client["cmd"] == "wait" and "b" in client["flags"] for client in clients)
