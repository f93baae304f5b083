"""The life of a service: from its settings to its exit code.

A service is a FastStream application and its parts. A part is opened once Redis answers and closed
before the broker stops, the last one first; while it lives it says what is wrong with it. /health
and /live are answered from the beginning, also while Redis is waited for.

Exit codes: 0 stopped as asked · 1 could not go on, the last line says why · 2 wrong settings.
"""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NoReturn, TypeVar

import uvicorn
from faststream.asgi import AsgiFastStream
from faststream.redis import RedisBroker
from faststream.specification import AsyncAPI
from redis.exceptions import RedisError

from shared import connecting, observability, tasks
from shared.delivery.broker import connect, place, refusal
from shared.errors import NewsflowError
from shared.health import Check, Health
from shared.metrics import Metrics
from shared.observability import get_logger
from shared.part import Part, Running
from shared.settings import InvalidSettings, Settings, load

S = TypeVar("S", bound=Settings)

_MOST_CONNECTIONS: Final = 100  # to /health; more are answered 503, and take no file descriptors
_EXIT_FAILED: Final = 1
_EXIT_SETTINGS: Final = 2
# Objects: a batch of 400 articles makes some 30,000, all of which go without a collection.
_COLLECT_EVERY: Final = 20_000


class Service:
    """One stage as a process: a broker, parts by name, /health and /metrics."""

    def __init__(
        self,
        stage: str,
        *,
        broker: RedisBroker,
        parts: Mapping[str, Part],
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self.stage = stage
        self._broker = broker
        self._parts = dict(parts)
        self._settings = settings
        self._log = get_logger(stage)
        self._opened: list[tuple[Part, list[asyncio.Task[None]]]] = []
        self._failure: BaseException | None = None
        self._stop: Callable[[], None] = lambda: None
        checks: dict[str, Check] = {"redis": self._redis_problem}
        checks |= {name: part.problem for name, part in parts.items()}
        self.health = Health(stage, checks)
        self.app = AsgiFastStream(
            broker,
            asgi_routes=self.health.routes(metrics.registry),
            on_startup=[self._open],
            on_shutdown=[self._close],
            logger=logging.getLogger("faststream"),
            specification=AsyncAPI(title=f"Newsflow {stage}"),
        )

    async def serve(self) -> int:
        """Run until SIGTERM, SIGINT or a failure; return the exit code."""
        listener = self._listen()
        server = _Server(
            uvicorn.Config(
                self.app,
                lifespan="off",
                log_config=None,
                access_log=False,
                limit_concurrency=_MOST_CONNECTIONS,
            )
        )
        started = asyncio.Event()
        main = asyncio.current_task()

        def stop() -> None:
            server.should_exit = True
            if main and not started.is_set():
                main.cancel()  # whatever it waits for

        self._stop = stop
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        with contextlib.suppress(asyncio.CancelledError):
            try:
                async with self.app.start_lifespan_context():
                    started.set()
                    host, port = listener.getsockname()[:2]
                    self._log.info("ready", health=f"http://{host}:{port}/health")
                    await serving
                    self._log.info("stopping")
            finally:
                server.should_exit = True
                await serving
        if self._failure:
            self._log.critical("died", exc_info=self._failure)
            return _EXIT_FAILED
        return 0

    def _listen(self) -> socket.socket:
        address = (self._settings.health_host, self._settings.health_port)
        try:
            return socket.create_server(address)
        except OSError as error:
            msg = (
                f"cannot listen on {address[0]}:{address[1]} for /health: {error.strerror}; "
                "set NEWSFLOW_HEALTH_HOST and NEWSFLOW_HEALTH_PORT"
            )
            raise NewsflowError(msg) from None

    async def _open(self) -> None:
        # FastStream restarts a reading task that failed at once and for ever, 1,650 times a second
        # on an error reply; the consumer's own housekeeping does it once a second.
        os.environ["FASTSTREAM_SUPERVISOR_DISABLED"] = "1"
        redis = await connect(self._broker, stage=self.stage)
        for part in self._parts.values():
            try:
                running = await part.open(redis)
            except RedisError as error:
                if connecting.is_refusal(error):
                    raise refusal(self._broker, error) from None
                raise
            self._opened.append((part, [self._run(coroutine) for coroutine in running]))
        self._watch = self._run(self.health.watch())

    async def _close(self) -> None:
        await tasks.end([self._watch], self._settings.stop_within_s)
        while self._opened:
            part, running = self._opened.pop()
            await part.close()
            await tasks.end(running, self._settings.stop_within_s)

    def _run(self, coroutine: Running) -> asyncio.Task[None]:
        task = asyncio.create_task(coroutine)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self._failure = self._failure or error
            self._stop()

    async def _redis_problem(self) -> str | None:
        try:
            await self._broker.config.broker_config.connection.client.ping()
        except (RedisError, OSError) as error:
            return f"no answer from {place(self._broker)}: {error}"
        return None


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service: uvicorn would raise them again, before it is closed."""
        yield


def run(create: Callable[[S], Service], settings: type[S]) -> NoReturn:
    """Be the service that `create` makes of the environment's `settings`; exit with its code."""
    try:
        loaded = load(settings)
        observability.configure(level=loaded.log_level, log_format=loaded.log_format)
        service = create(loaded)
        gc.freeze()  # modules are for good: each full collection would look through them again
        gc.set_threshold(_COLLECT_EVERY, 10, 10)
        sys.exit(asyncio.run(service.serve()))
    except NewsflowError as error:
        print(f"newsflow: {error}", file=sys.stderr)  # noqa: T201 (also when logs are not set up)
        sys.exit(_EXIT_SETTINGS if isinstance(error, InvalidSettings) else _EXIT_FAILED)
