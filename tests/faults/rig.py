"""A whole stack whose processes can be killed, frozen, replaced; the network to it breaks."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Final

from pymongo import MongoClient

from services.devstack import servers
from services.devstack.processes import Child
from services.devstack.stack import STAGES, Stack
from tests.faults.proxy import Network, Proxy

QUICK: Final = {
    "NEWSFLOW_RECLAIM_AFTER_MS": "2000",
    "NEWSFLOW_SWEEP_EVERY_MS": "500",
    "NEWSFLOW_SETTLE_MS": "300",
    "NEWSFLOW_STALLED_AFTER_MS": "2000",
}

_PORTS: Final = range(15_000, 32_000)  # below those that connections get by chance
_SMALL: Final = "0.25"  # GB of mongod's cache: several of them share a machine
_ELECTION_MS: Final = 2_000
_HEARTBEAT_MS: Final = 500


class Rig(Stack):
    """A stack that reaches its servers through proxies; its MongoDB has one node, or three."""

    def __init__(
        self, folder: Path, *, nodes: int = 1, settings: dict[str, str] | None = None
    ) -> None:
        super().__init__(folder, settings={**QUICK, **(settings or {})})
        self.nodes = nodes
        self.network = Network()
        self.to_redis = Proxy(self.network)
        self.to_mongo = [Proxy(self.network) for _ in range(nodes)]
        self.extras: list[Child] = []
        self._held: set[str] = set()

    # ── life ──────────────────────────────────────────────────────────────────────────────────

    def start(self) -> None:
        """Start as a stack does, on ports that no connection of ours can take meanwhile."""
        var = self.folder / "var"
        var.mkdir(parents=True)
        ports = Random().sample(_PORTS, 5)  # noqa: S311 (no secret; other seeds, other ports)
        named = dict(zip(("redis", "mongo", *STAGES), ports, strict=True))
        (var / "ports.json").write_text(json.dumps(named))
        super().start()

    def _write_state(self, var: Path, ports: dict[str, int]) -> None:
        """Put the proxies between, once the servers answer and before a service starts."""
        self.to_redis.target, self.to_mongo[0].target = ports["redis"], ports["mongo"]
        self.settings["NEWSFLOW_REDIS_URL"] = f"redis://127.0.0.1:{self.to_redis.port}/0"
        if self.nodes == 1:  # its own idea of its address does not count for a direct connection
            url = f"mongodb://127.0.0.1:{self.to_mongo[0].port}/?directConnection=true"
        else:
            url = self._make_set(var)
            self._address = replace(self.address, mongo_url=url)
        self.settings["NEWSFLOW_MONGO_URL"] = url
        argv = self.children["mongo"].argv
        argv[argv.index("--wiredTigerCacheSizeGB") + 1] = _SMALL
        super()._write_state(var, ports)

    def _make_set(self, var: Path) -> str:
        """Add nodes to the set of one; each knows the others by their proxies. Return the URL."""
        for number, proxy in enumerate(self.to_mongo[1:], start=2):
            name = f"mongo-{number}"
            port = Random().choice(_PORTS)  # noqa: S311 (as above)
            node = servers.start_mongo(var / name, log=var / f"{name}.log", port=port)
            node.child.argv[node.child.argv.index("--wiredTigerCacheSizeGB") + 1] = _SMALL
            proxy.target = node.port
            self._adopt(name, node.child)
        hosts = [f"127.0.0.1:{proxy.port}" for proxy in self.to_mongo]
        port = self.to_mongo[0].target
        with MongoClient[dict[str, Any]]("127.0.0.1", port, directConnection=True) as client:
            config = client.admin.command("replSetGetConfig")["config"]
            config["members"] = [{"_id": at, "host": host} for at, host in enumerate(hosts)]
            config["version"] += 1
            config["settings"] |= {
                "electionTimeoutMillis": _ELECTION_MS,
                "heartbeatIntervalMillis": _HEARTBEAT_MS,
                "heartbeatTimeoutSecs": 2,
            }
            config["settings"].pop("replicaSetId", None)
            client.admin.command("replSetReconfig", config, force=True)
        return f"mongodb://{','.join(hosts)}/?replicaSet={servers.REPLICA_SET}"

    def _adopt(self, name: str, child: Child) -> None:
        self._tended[name] = type(self._tended["mongo"])(child)

    def tend(self) -> None:
        """Start again what ended, but what is held; a hundred falls delay nothing."""
        for name, tended in self._tended.items():
            if name not in self._held:
                tended.falls = 0
                tended.tend()

    def close(self) -> list[str]:
        """Stop everything; return the services that had to be killed, and strangers."""
        for child in self.services:
            child.signal(signal.SIGTERM)
        late = [child.name for child in (*self.services, *self.extras) if not child.stop(25)]
        folder = str(self.folder.absolute())
        for child in self.children.values():
            child.kill()  # servers, whose data goes with the folder
        self.stop()
        self.network.close()
        return late + [f"orphan {pid}" for pid in processes(folder)]

    # ── what is done to it ────────────────────────────────────────────────────────────────────

    @property
    def services(self) -> list[Child]:
        return [child for name, child in self.children.items() if name in STAGES]

    @property
    def mongods(self) -> dict[str, Child]:
        return {name: child for name, child in self.children.items() if name.startswith("mongo")}

    @asynccontextmanager
    async def away(self, *names: str) -> AsyncIterator[Callable[[str], None]]:
        """Kill processes, those named and later ones, and start them again after the block."""
        gone: set[str] = set()

        def kill(name: str) -> None:
            self._held.add(name)
            gone.add(name)
            self.children[name].kill()

        try:
            for name in names:
                kill(name)
            yield kill
        finally:
            self._held -= gone

    @asynccontextmanager
    async def held(self, *names: str) -> AsyncIterator[None]:
        """Start none of these again while the block lasts."""
        self._held |= set(names)
        try:
            yield
        finally:
            self._held -= set(names)

    @asynccontextmanager
    async def frozen(self, *names: str) -> AsyncIterator[None]:
        """Stop processes where they are, and wake them when the block ends."""
        asleep = [self.children[name] for name in names]
        for child in asleep:
            child.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for child in asleep:
                child.signal(signal.SIGCONT)

    @asynccontextmanager
    async def another(self, stage: str) -> AsyncIterator[None]:
        """Run one more process of a stage while the block lasts."""
        child = self._service(f"{stage}-more", servers.free_port())
        child.start()
        self.extras.append(child)
        try:
            yield
        finally:
            await asyncio.to_thread(child.stop, 25)
            self.extras.remove(child)

    @asynccontextmanager
    async def mutated(self, stage: str, mutant: str) -> AsyncIterator[None]:
        """Run `stage` with a mutation of tests/faults/mutants.py while the block lasts."""
        child = self.children[stage]
        sound = child.argv
        child.argv = [sys.executable, "-m", "tests.faults.mutants", mutant, f"services.{stage}"]
        child.kill()
        try:
            yield
        finally:
            child.argv = sound
            child.kill()

    def primary(self) -> str | None:
        """Return the name of the mongod that is primary, or None while there is none."""
        for name, proxy in zip(self.mongods, self.to_mongo, strict=True):
            with (
                suppress(Exception),
                MongoClient[dict[str, Any]](
                    "127.0.0.1",
                    proxy.target,
                    directConnection=True,
                    serverSelectionTimeoutMS=300,
                    socketTimeoutMS=500,
                ) as client,
            ):
                if client.admin.command("hello").get("isWritablePrimary"):
                    return name
        return None

    def strangers(self) -> set[int]:
        """Return processes of this folder that are none of ours."""
        ours = {child.pid for child in (*self.children.values(), *self.extras)}
        return processes(str(self.folder.absolute())) - {pid for pid in ours if pid}


def processes(folder: str) -> set[int]:
    """Return the processes that name `folder` in their arguments, environment or directory."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            said = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            if folder.encode() in said or str((process / "cwd").readlink()).startswith(folder):
                found.add(int(process.name))
    return found
