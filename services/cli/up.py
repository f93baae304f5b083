"""`newsflow up`."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from services.cli import screens
from services.cli.running import overview, ready, running
from services.cli.terminal import Folder, out
from services.devstack.stack import Stack
from services.inspection.overview import Overview

_LOOK_EVERY_S: Final = 1.0


def up(
    folder: Folder = Path(),
    enrichers: Annotated[
        int, typer.Option(min=1, max=64, help="Enrich processes: one for each core to use.")
    ] = 1,
) -> None:
    """Run servers, services and console here until Ctrl-C; make inbox/, archive/ and var/."""
    asyncio.run(_up(Stack(folder, enrichers=enrichers, console=True), out))


async def _up(stack: Stack, console: Console) -> None:
    """Run `stack` until Ctrl-C: a living screen on a terminal, else some lines once it is ready."""
    console.print(f"starting in {stack.folder.absolute()} ...", soft_wrap=True)
    async with running(stack) as asked:
        view = await ready(stack, asked)
        if not asked.is_set():
            console.print(_invitation(stack), markup=False, soft_wrap=True)
            if console.is_terminal:
                await _watch(stack, console, asked, view)
            await asked.wait()
        console.print("stopping ...")


async def _watch(stack: Stack, console: Console, asked: asyncio.Event, view: Overview) -> None:
    before, at = view.documents, time.monotonic()
    with Live(screens.overview(view), console=console, auto_refresh=False) as live:
        while not asked.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY_S):
                    await asked.wait()
            view, now = await overview(stack), time.monotonic()
            known = view.documents is not None and before is not None
            rate = max(0.0, ((view.documents or 0) - (before or 0)) / (now - at)) if known else None
            before, at = view.documents, now
            live.update(screens.overview(view, rate=rate), refresh=True)


def _invitation(stack: Stack) -> str:
    address = stack.address
    article = '\'{"headline": "...", "body": "..."}\''
    return (
        f"ready: drop files into {stack.folder / 'inbox'}/, or publish and query from any client:\n"
        f"  redis-cli -u {address.redis_url} XADD articles.raw '*' data {article}\n"
        f"  mongosh '{address.mongo_url.replace('/?', '/newsflow?')}'    db.articles.find()\n"
        f"see it: {address.console_url}    token for changes: {stack.console_token}\n"
        "In another terminal: newsflow status, newsflow query --help. Ctrl-C stops.\n"
    )
