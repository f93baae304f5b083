"""Newsflow on one machine, in one folder: servers and services as child processes.

    FOLDER/inbox/     drop files here
    FOLDER/archive/   where they go
    FOLDER/var/       the servers' data, logs, and stack.json: where everything listens;
                      console-token, which `newsflow up` prints

Whatever dies is started again. Ports are kept from one run to the next while they are free.
"""

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

import services
from services.console.tokens import kept
from services.devstack import servers
from services.devstack.processes import Child
from shared.delivery.retry import delay_s
from shared.errors import NewsflowError

STAGES: Final = ("ingest", "enrich", "store")

_HOST: Final = "127.0.0.1"
_STOP_WITHIN_S: Final = 25.0
_STEADY_AFTER_S: Final = 30.0
_CONSOLE_PORT: Final = 8080  # another when it is taken
_CODE: Final = Path(services.__file__).parent.parent


class StackRunning(NewsflowError):  # noqa: N818 (reads as the state it names)
    """Another process runs the stack of this folder."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running stack listens; what var/stack.json holds."""

    redis_url: str
    mongo_url: str
    health_urls: dict[str, str]
    console_url: str = ""

    @classmethod
    def of(cls, folder: Path) -> Self | None:
        """Return where the stack of `folder` listens, or None when none runs there."""
        var = folder / "var"
        try:
            state = json.loads((var / "stack.json").read_text())
            with (var / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody holds it
            names = ("redis_url", "mongo_url", "health_urls", "console_url")
            return cls(*(state[name] for name in names))
        except (OSError, ValueError):
            return None
        return None  # what stack.json says is of a run that was killed


@dataclass(slots=True)
class _Tended:
    """A child that is started again when it ends, with a growing pause."""

    child: Child
    falls: int = 0
    started_at: float = 0.0
    start_at: float = 0.0

    def start(self) -> None:
        self.child.start()
        self.started_at = time.monotonic()

    def tend(self) -> None:
        now = time.monotonic()
        if self.child.pid:
            if now - self.started_at > _STEADY_AFTER_S:
                self.falls = 0
        elif not self.start_at:
            self.falls += 1
            self.start_at = now + delay_s(self.falls, jitter=1, base_s=0.2, cap_s=10)
        elif now >= self.start_at:
            self.start_at = 0.0
            self.start()


@dataclass(slots=True)
class Stack:
    """The servers and services of one folder, from `start` to `stop`."""

    folder: Path
    enrichers: int = 1
    console: bool = False
    settings: dict[str, str] = field(default_factory=dict)
    _tended: dict[str, _Tended] = field(default_factory=dict)
    _lock: IO[str] | None = None
    _address: Address | None = None

    @property
    def address(self) -> Address:
        if self._address is None:
            msg = "the stack was not started"
            raise RuntimeError(msg)
        return self._address

    @property
    def children(self) -> dict[str, Child]:
        """Every process by name: redis, mongo, ingest, enrich (enrich-2, ...), store, console."""
        return {name: tended.child for name, tended in self._tended.items()}

    def start(self) -> None:
        """Start the servers, wait until they answer, start the services; they may not be ready.

        Raises StackRunning when the folder has a stack, ServerFailed when a server cannot run.
        """
        var = self.folder / "var"
        var.mkdir(parents=True, exist_ok=True)
        self._take_lock(var / "lock")
        ports = self._ports(var)
        redis = servers.start_redis(var / "redis", log=var / "redis.log", port=ports.get("redis"))
        self._tended["redis"] = _Tended(redis.child)
        mongo = servers.start_mongo(var / "mongo", log=var / "mongo.log", port=ports.get("mongo"))
        self._tended["mongo"] = _Tended(mongo.child)
        redis.wait_ready()
        mongo.wait_ready()
        names = [*STAGES, *(f"enrich-{number}" for number in range(2, self.enrichers + 1))]
        health = {name: servers.free_port(ports.get(name)) for name in names}
        listening = health | ({"console": _console_port(ports)} if self.console else {})
        self._address = Address(
            redis.url,
            mongo.url,
            {name: f"http://{_HOST}:{port}/health" for name, port in health.items()},
            f"http://{_HOST}:{listening['console']}/" if self.console else "",
        )
        self._write_state(var, {"redis": redis.port, "mongo": mongo.port, **listening})
        for name, port in listening.items():
            self._tended[name] = _Tended(self._service(name, port))
            self._tended[name].start()

    @property
    def console_token(self) -> str:
        """What the console asks for before it changes anything."""
        said = os.environ.get("NEWSFLOW_CONSOLE_TOKEN", "").strip()
        return said or kept(self._token_file)

    @property
    def _token_file(self) -> Path:
        return self.folder.absolute() / "var" / "console-token"

    def tend(self) -> None:
        """Start again what has ended. To be called a few times a second."""
        for tended in self._tended.values():
            tended.tend()

    def stop(self) -> Sequence[str]:
        """Stop services, then servers; return the names of those that had to be killed."""
        if self._lock is None:
            return []  # the stack of this folder is another's
        names = [name for name in self._tended if name not in {"redis", "mongo"}]
        for name in names:
            self._tended[name].child.signal(signal.SIGTERM)
        ending = [name for name in (*names, "mongo", "redis") if name in self._tended]
        killed = [name for name in ending if not self._tended[name].child.stop(_STOP_WITHIN_S)]
        self._tended.clear()
        with suppress(OSError):
            (self.folder / "var" / "stack.json").unlink()
        self._lock.close()
        self._lock = None
        return killed

    def _service(self, name: str, port: int) -> Child:
        environment = {
            "NEWSFLOW_REDIS_URL": self.address.redis_url,
            "NEWSFLOW_MONGO_URL": self.address.mongo_url,
            "NEWSFLOW_INBOX_DIR": str(self.folder / "inbox"),
            "NEWSFLOW_ARCHIVE_DIR": str(self.folder / "archive"),
            "NEWSFLOW_HEALTH_HOST": _HOST,
            "NEWSFLOW_HEALTH_PORT": str(port),
            "NEWSFLOW_CONSOLE_HOST": _HOST,
            "NEWSFLOW_CONSOLE_PORT": str(port),
            "NEWSFLOW_CONSOLE_STAGES": json.dumps(self.address.health_urls),
            "NEWSFLOW_CONSOLE_TOKEN_FILE": str(self._token_file),
            "NEWSFLOW_LOG_FORMAT": "json",
            "PYTHONPATH": str(_CODE),
            **self.settings,
        }
        module = f"services.{name.partition('-')[0]}"
        log = self.folder / "var" / f"{name}.log"
        return Child(name, [sys.executable, "-m", module], log=log, env=environment)

    def _take_lock(self, path: Path) -> None:
        lock = path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            msg = f"newsflow already runs in {self.folder.absolute()}; see `newsflow status`"
            raise StackRunning(msg) from None
        self._lock = lock

    def _ports(self, var: Path) -> dict[str, int]:
        try:
            ports: dict[str, int] = json.loads((var / "ports.json").read_text())
        except (OSError, ValueError):
            return {}
        return ports

    def _write_state(self, var: Path, ports: dict[str, int]) -> None:
        state: dict[str, Any] = {
            "redis_url": self.address.redis_url,
            "mongo_url": self.address.mongo_url,
            "health_urls": self.address.health_urls,
            "console_url": self.address.console_url,
        }
        for name, value in (("ports.json", ports), ("stack.json", state)):
            half = var / f".{name}.part"
            half.write_text(json.dumps(value, indent=2) + "\n")
            half.replace(var / name)


def _console_port(ports: dict[str, int]) -> int:
    """Return where the console listens: as the environment says, as before, or as usual."""
    said = os.environ.get("NEWSFLOW_CONSOLE_PORT", "")
    return servers.free_port(int(said) if said.isdecimal() else ports.get("console", _CONSOLE_PORT))
