"""A real cluster on loopback: three masters, each with a replica, of Redis-compatible servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.devstack.servers import RedisServer, free_port, start_redis

SLOTS: Final = 16_384
NODE_TIMEOUT_MS: Final = 1_000
_MASTERS: Final = 3
_WITHIN_S: Final = 30.0
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Its servers, the masters of the start first; server `i + 3` is the replica of `i`."""

    servers: Sequence[RedisServer]

    @property
    def url(self) -> str:
        """All nodes: any of them may be away."""
        nodes = ",".join(f"{_HOST}:{server.port}" for server in self.servers)
        return f"redis://{nodes}/0"

    async def owner(self, slot: int) -> RedisServer:
        """Return the server that the others think has a slot."""
        for server in self.servers:
            with contextlib.suppress(RedisError, OSError):
                for first, last, (_, port, *_), *_ in await _said(server, "CLUSTER", "SLOTS"):
                    if first <= slot <= last:
                        return next(one for one in self.servers if one.port == port)
        msg = f"nobody has slot {slot}"
        raise AssertionError(msg)

    async def said(self, server: RedisServer, *command: str | int) -> Any:
        """Return what one server says."""
        return await _said(server, *command)

    async def settled(self, masters: int = _MASTERS) -> None:
        """Wait until every slot has an owner, and each of so many masters a replica in step."""
        async with asyncio.timeout(_WITHIN_S):
            while not await self._is_settled(masters):
                await asyncio.sleep(0.05)

    async def _is_settled(self, masters: int) -> bool:
        in_step = 0
        for server in self.servers:
            try:
                info = (await _said(server, "CLUSTER", "INFO")).decode()
                role, *state = await _said(server, "ROLE")
            except (RedisError, OSError):
                return False
            if "cluster_state:ok" not in info:
                return False
            in_step += role == b"slave" and state[2] == b"connected"
        return in_step >= masters


@contextlib.asynccontextmanager
async def running(folder: Path, *, replicas: bool = True) -> AsyncIterator[Cluster]:
    """Run a cluster while the block lasts; its data is below `folder`."""
    servers: list[RedisServer] = []
    try:
        count = _MASTERS * (2 if replicas else 1)
        servers.extend(_start(folder / f"node-{number}") for number in range(count))
        for server in servers:
            await asyncio.to_thread(server.wait_ready)
        await _make(servers)
        cluster = Cluster(servers)
        await cluster.settled(_MASTERS if replicas else 0)
        yield cluster
    finally:
        for server in servers:
            server.child.kill()


def _start(folder: Path) -> RedisServer:
    server = start_redis(folder, log=folder / "log", port=free_port())
    server.wait_ready()
    server.child.kill()
    server.child.argv += (
        *("--cluster-enabled", "yes"),
        *("--cluster-node-timeout", str(NODE_TIMEOUT_MS)),
        *("--cluster-port", str(free_port())),
        *("--repl-ping-replica-period", "1"),
        *("--repl-diskless-sync-delay", "0"),
    )
    server.child.start()
    return server


async def _make(servers: Sequence[RedisServer]) -> None:
    """Introduce all nodes to the first, share the slots out, and give each master its replica."""
    bus = [server.child.argv[server.child.argv.index("--cluster-port") + 1] for server in servers]
    for server, port in zip(servers[1:], bus[1:], strict=True):
        await _said(servers[0], "CLUSTER", "MEET", _HOST, server.port, str(port))
    masters, others = servers[:_MASTERS], servers[_MASTERS:]
    for at, master in enumerate(masters):
        first, last = SLOTS * at // _MASTERS, SLOTS * (at + 1) // _MASTERS - 1
        await _said(master, "CLUSTER", "ADDSLOTSRANGE", first, last)
    for replica, master in zip(others, masters, strict=False):
        name = (await _said(master, "CLUSTER", "MYID")).decode()
        async with asyncio.timeout(_WITHIN_S):
            while True:
                with contextlib.suppress(RedisError):  # it has not heard of its master yet
                    await _said(replica, "CLUSTER", "REPLICATE", name)
                    break
                await asyncio.sleep(0.05)


async def _said(server: RedisServer, *command: str | int) -> Any:
    client: Any = Redis(host=_HOST, port=server.port, socket_timeout=1)
    try:
        return await client.execute_command(*command)
    finally:
        await client.aclose()
