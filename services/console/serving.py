"""The life of the console: from its settings to its exit code, which are those of every service."""

import asyncio
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

import uvicorn

from services.console.app import create
from services.console.settings import ConsoleSettings
from services.console.tokens import kept
from shared import observability
from shared.errors import NewsflowError
from shared.observability import get_logger
from shared.settings import InvalidSettings, load

_EXIT_FAILED: Final = 1
_EXIT_SETTINGS: Final = 2
_MOST_CONNECTIONS: Final = 200
_STOP_WITHIN_S: Final = 3


def run() -> NoReturn:
    """Be the console that the environment describes; exit with its code."""
    try:
        settings = load(ConsoleSettings)
        observability.configure(level=settings.log_level, log_format=settings.log_format)
        sys.exit(asyncio.run(serve(settings)))
    except NewsflowError as error:
        print(f"newsflow: {error}", file=sys.stderr)  # noqa: T201 (also when logs are not set up)
        sys.exit(_EXIT_SETTINGS if isinstance(error, InvalidSettings) else _EXIT_FAILED)


async def serve(settings: ConsoleSettings) -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    listener = _listen(settings)
    app = create(settings, token=token_of(settings))
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # anybody may send them: who asks would choose their own address
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
        )
    )

    def stop() -> None:
        app.state.desk.watch.end()  # uvicorn waits for streams of events
        server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    host, port = listener.getsockname()[:2]
    get_logger("console").info("ready", console=f"http://{host}:{port}/")
    await server.serve(sockets=[listener])
    return 0


def token_of(settings: ConsoleSettings) -> str:
    """Return the token: that of the settings, else of the file, which is made when missing."""
    if settings.console_token:
        return settings.console_token.get_secret_value()
    path = settings.console_token_file
    try:
        return kept(path)
    except OSError as error:
        msg = (
            f"cannot keep a token in {path}: {error.strerror}; set NEWSFLOW_CONSOLE_TOKEN, or "
            "NEWSFLOW_CONSOLE_TOKEN_FILE"
        )
        raise NewsflowError(msg) from None


def _listen(settings: ConsoleSettings) -> socket.socket:
    host, port = settings.console_host, settings.console_port
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        msg = (
            f"cannot listen on {host}:{port}: {error.strerror}; "
            "set NEWSFLOW_CONSOLE_HOST and NEWSFLOW_CONSOLE_PORT"
        )
        raise NewsflowError(msg) from None


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`: uvicorn would raise them again, before all is closed."""
        yield
