"""A console of a test's own, served over HTTP on a free port, with real servers behind it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn

from services.console.app import create
from services.console.settings import ConsoleSettings

TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 (of a console that lives for one test)


@asynccontextmanager
async def console(**settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Serve one until the block ends; yield a client that asks it, as any program would."""
    app = create(ConsoleSettings(**settings), token=TOKEN)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server._serve(sockets=[listener]))  # noqa: SLF001 (`serve` would take the signals)
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        base = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient(base_url=base, timeout=20) as client:
            yield client
    finally:
        app.state.desk.watch.end()
        server.should_exit = True
        await serving
        listener.close()


async def sign_in(client: httpx.AsyncClient) -> None:
    """Show the token, as the page does; the client keeps the cookie."""
    answer = await client.post("/token", data={"token": TOKEN})
    assert answer.status_code == 303
