"""Partitions on a real cluster of three masters with replicas spread, and follow fail-overs."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from shared import streams
from shared.partitions import client, tag
from tests.scaling import cluster
from tests.scaling.cluster import Cluster

NAMES = ("p1", "p2", "p3")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    async with cluster.running(tmp_path_factory.mktemp("cluster")) as made:
        yield made


async def _added(redis: Redis, within_s: float = 20) -> None:
    """Add an entry, as who waits through outages does."""
    async with asyncio.timeout(within_s):
        while True:
            try:
                await redis.xadd(streams.RAW, {"data": "x"})
            except (RedisError, OSError):
                await asyncio.sleep(0.05)
            else:
                return


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_three_partitions_are_on_three_nodes(running: Cluster) -> None:
    """Each sees its own entries only, under the names that everybody knows."""
    lengths = []
    for number, name in enumerate(NAMES, start=1):
        redis = client(running.url, name)
        for _ in range(number):
            await redis.xadd(streams.RAW, {"data": name})
        lengths.append(await redis.xlen(streams.RAW))
        await redis.aclose()

    owners = {(await running.owner(key_slot(tag(name)))).port for name in NAMES}
    assert lengths == [1, 2, 3]
    assert len(owners) == 3


async def test_a_connection_goes_where_its_partition_goes(running: Cluster) -> None:
    """A replica that is promoted while the master lives: the old one says MOVED."""
    redis = client(running.url, NAMES[1])
    await _added(redis)
    before = await running.owner(key_slot(tag(NAMES[1])))
    replica = running.servers[running.servers.index(before) + 3]
    count = await redis.xlen(streams.RAW)

    await running.said(replica, "CLUSTER", "FAILOVER")
    async with asyncio.timeout(20):
        while (await running.owner(key_slot(tag(NAMES[1])))).port != replica.port:
            await _added(redis)
            count += 1
    await _added(redis)
    length = await redis.xlen(streams.RAW)
    await redis.aclose()

    assert length >= count
    assert await running.said(replica, "XLEN", "{p2}.articles.raw") == length


async def test_a_killed_master_is_followed_by_its_replica(running: Cluster) -> None:
    """The nodes that are left know the new one; the one that is gone need not answer."""
    redis = client(running.url, NAMES[2])
    await _added(redis)
    await running.settled()
    length = await redis.xlen(streams.RAW)
    owner = await running.owner(key_slot(tag(NAMES[2])))
    await running.said(owner, "WAIT", 1, 1000)

    owner.child.kill()
    await _added(redis)
    after = await redis.xlen(streams.RAW)
    owner.child.start()
    await running.settled()
    await redis.aclose()

    assert after >= length + 1
    assert (await running.owner(key_slot(tag(NAMES[2])))).port != owner.port


async def test_a_partition_that_no_node_has_is_waited_for(running: Cluster) -> None:
    """It is an outage, and not an answer: who reads goes on waiting."""
    slot = key_slot(tag("p1"))
    owner = await running.owner(slot)
    await running.said(owner, "CLUSTER", "DELSLOTS", slot)
    redis = client(f"redis://127.0.0.1:{owner.port}", "p1")
    with pytest.raises(RedisConnectionError, match="no node of the cluster has slot 11819"):
        await redis.xlen(streams.RAW)
    await running.said(owner, "CLUSTER", "ADDSLOTS", slot)

    await running.settled()
    await _added(redis)
    await redis.aclose()
