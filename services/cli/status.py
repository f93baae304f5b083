"""`newsflow status`."""

import asyncio
import shlex
from pathlib import Path
from typing import Annotated

import typer

from services.cli import files, screens
from services.cli.terminal import AsJson, Folder, err, here, line, of_partition, out
from services.inspection.overview import look


def status(
    folder: Folder = Path(),
    as_json: AsJson = False,
    env: Annotated[
        bool, typer.Option("--env", help="Print the servers' URLs as `export` lines for a shell.")
    ] = False,
    show_files: Annotated[
        bool, typer.Option("--files", help="Show files instead, and how far each is.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="At most so many files; 0 for all.")] = 20,
) -> None:
    """Show streams, lag, pending, dead letters, documents and health; exit 1 when not well."""
    if show_files:
        files.show(folder, limit=limit, as_json=as_json)
        raise typer.Exit
    settings, address = here(folder)
    if env:
        line(f"export NEWSFLOW_REDIS_URL={shlex.quote(settings.redis_url)}")
        line(f"export NEWSFLOW_MONGO_URL={shlex.quote(settings.mongo_url)}")
        raise typer.Exit
    health = address.health_urls if address else {}
    view = asyncio.run(look(settings, health_urls=health, inbox=folder / "inbox"))
    if as_json:
        line(of_partition(view.model_dump()))
    else:
        out.print(screens.overview(view))
        if not address and not view.ok:
            err.print("nothing runs here; start it with `newsflow up`")
    raise typer.Exit(0 if view.ok else 1)
