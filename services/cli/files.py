"""`newsflow status --files` and `newsflow receipt`: what became of files."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli import screens
from services.cli.terminal import AsJson, Folder, err, fail, here, line, of_partition, out, redis
from services.ingest import receipts, shelf
from services.ingest.ledger import Ledger, Life, Waiting
from services.ingest.receipts import BadReceipt
from services.store.settings import StoreSettings


def show(folder: Path, *, limit: int, as_json: bool) -> None:
    """Print the files that wait, and the lives of others, that which changed last first."""
    settings, _ = here(folder)
    waiting, lives = asyncio.run(_files(settings, limit))
    if as_json:
        found = {"waiting": waiting._asdict(), "files": [_as_json(life) for life in lives]}
        line(of_partition(found))
        return
    out.print(screens.files(waiting, lives))
    if not lives and not waiting.complete and not waiting.arriving_count:
        err.print("no files yet; drop one into inbox/")


def receipt(
    name: Annotated[str, typer.Argument(help="Name of a file, or its path within the inbox.")],
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Show what came of a file: records published, duplicate and failed, each with its reason."""
    found = receipts.find(name, [folder / "archive"])
    notes = [note for note in shelf.failures(folder / "inbox") if _is_called(note["file"], name)]
    if found:
        shown = _read(found[0])
    elif notes:
        shown = {"published": 0, "failed": 1, **notes[-1]}
    else:
        fail(f"no receipt of {name} here; `newsflow status --files` shows what is being read")
    if as_json:
        line(shown)
    else:
        out.print(screens.receipt(shown))


def _read(path: Path) -> dict[str, Any]:
    try:
        receipts.read(path)
    except BadReceipt as error:
        fail(f"{path} is not a receipt: {error}; put it back from a backup")
    return {**json.loads(path.read_text()), "receipt": path.as_posix()}


def _is_called(path: str, name: str) -> bool:
    return name in {path, Path(path).name}


async def _files(settings: StoreSettings, limit: int) -> tuple[Waiting, list[Life]]:
    async with redis(settings) as client:
        ledger = Ledger(client)
        return await ledger.waiting(), await ledger.newest(limit)


def _as_json(life: Life) -> dict[str, Any]:
    names = ("path", "state", "size", "bytes_read", "records", "published", "duplicate", "failed")
    more = ("reason", "receipt", "sha256", "received_ms", "changed_ms")
    return {name: getattr(life, name) for name in (*names, *more)}
