"""`newsflow demo`."""

import asyncio
import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from services.cli import screens
from services.cli.running import TEND_EVERY_S, overview, ready, running, settings
from services.cli.terminal import err, fail, mongo, out, redis
from services.devstack.stack import Stack
from services.ingest.ledger import Ledger
from services.ingest.shelf import failures
from services.store.documents import Document
from services.store.questions import Question
from services.store.questions import query as query_for
from shared.errors import NewsflowError

_SEEDS: Final = Path(__file__).parent.parent.parent / "seeds"
_WITHIN_S: Final = 120.0


class DemoFailed(NewsflowError):  # noqa: N818 (reads as the state it names)
    """The demonstration did not come to its end; the text says where it stood."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What came of the seed files: the documents, and by file name why one was refused."""

    documents: list[Document]
    refused: dict[str, str]


def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Run in this folder and leave everything there.")
    ] = None,
) -> None:
    """Run the main job once: servers, services, seed articles, documents printed from MongoDB."""
    if not _SEEDS.is_dir():
        fail(f"no seed articles at {_SEEDS}: run the demo from a checkout")
    folder = keep or Path(tempfile.mkdtemp(prefix="newsflow-demo-"))
    shown = asyncio.run(_demo(Stack(folder), _SEEDS))  # which leaves its logs when it fails
    if keep is None:
        shutil.rmtree(folder)
    for document in shown.documents:
        out.print(screens.article(document))
    for file, reason in sorted(shown.refused.items()):
        out.print(f"refused {file}: {reason}", markup=False)
    out.print(
        f"\n{len(shown.documents)} documents read back from MongoDB; {len(shown.refused)} files "
        "refused, whole or in part, with their reason, as they should be. Next: `make up`"
    )


async def _demo(stack: Stack, seeds: Path) -> Demonstration:
    """Start everything, drop every seed, wait until each has its end; raises DemoFailed."""
    err.print("starting Redis, MongoDB and three services ...")
    async with running(stack) as asked:
        await ready(stack, asked)
        names = _drop(seeds, stack.folder / "inbox")
        err.print(f"dropped {len(names)} files into {stack.folder / 'inbox'}/", soft_wrap=True)
        await _ends(stack, names, asked)
        async with mongo(settings(stack)) as articles:
            everything = query_for(Question(everything=True), now=datetime.now(UTC))
            documents = [document async for document in articles.find(everything, limit=0)]
    return Demonstration(documents, _refused(stack.folder / "inbox"))


def _drop(seeds: Path, inbox: Path) -> set[str]:
    """Put every seed file into the inbox the way files should come: whole, by a rename."""
    names = set()
    for seed in sorted(path for path in seeds.iterdir() if path.is_file()):
        if seed.name == "README.md":
            continue
        half = inbox / f".{seed.name}.part"
        shutil.copyfile(seed, half)
        half.rename(inbox / seed.name)
        names.add(seed.name)
    return names


async def _ends(stack: Stack, names: set[str], asked: asyncio.Event) -> None:
    """Wait until each file has its end, and all that came of them is stored."""
    until = time.monotonic() + _WITHIN_S
    columns = (TextColumn("files"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task("", total=len(names))
        async with redis(settings(stack)) as client:
            ledger = Ledger(client)
            while missing := names - {life.path for life in await ledger.newest() if life.ended}:
                progress.update(task, completed=len(names) - len(missing))
                await _wait(stack, until, asked, f"nothing came of {', '.join(sorted(missing))}")
        while waiting := [one.stage for one in (await overview(stack)).stages if one.waits]:
            await _wait(stack, until, asked, f"articles still wait for {', '.join(waiting)}")


async def _wait(stack: Stack, until: float, asked: asyncio.Event, why: str) -> None:
    if time.monotonic() > until or asked.is_set():
        msg = f"{why}; the logs are {stack.folder / 'var'}/*.log"
        raise DemoFailed(msg)
    await asyncio.sleep(TEND_EVERY_S)


def _refused(inbox: Path) -> dict[str, str]:
    """Return why each file was set aside, by its name within the inbox."""
    return {note["file"]: note["reason"] for note in failures(inbox)}
