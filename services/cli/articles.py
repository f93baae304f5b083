"""`newsflow publish`."""

import asyncio
import contextlib
import hashlib
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, BinaryIO, Final, cast

import typer
from redis.asyncio import Redis

from services.cli.terminal import AsJson, Folder, err, here, line, of_partition, progress, redis
from services.ingest.handler import File, Read, read
from services.ingest.settings import IngestSettings
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.broker import publish as publish_to
from shared.entries import wire
from shared.entries.accounts import PRODUCER
from shared.partitions import partition_of
from shared.settings import load

_CHUNK: Final = 100


def publish(
    files: Annotated[list[Path], typer.Argument(help="Files, or - for standard input.")],
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Publish files to articles.raw, in any format of the inbox; they stay where they are."""
    settings, _ = here(folder)
    refused = asyncio.run(_publish(settings, files, as_json=as_json))
    raise typer.Exit(1 if refused else 0)


async def _publish(settings: StoreSettings, files: list[Path], *, as_json: bool) -> int:
    """Publish each file; return how many records were refused."""
    few = len(files) < _CHUNK
    names = [settings.partition] if settings.partition else settings.partitions.split(",")
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(redis(settings.model_copy(update={"partition": name})))
            for name in names
        ]
        with progress(disable=few) as bar:
            return sum(
                [
                    await _publish_file(clients, file, as_json=as_json)
                    for file in bar.track(files, description="publishing")
                ]
            )


async def _publish_file(clients: Sequence[Redis], file: Path, *, as_json: bool) -> int:
    """Publish a file, a chunk of records at a time; return how many were refused."""
    refused = 0
    try:
        with opened(file) as stream:
            for chunk in _chunks(records(file, stream)):
                refused += await _publish_chunk(clients, file, chunk, as_json=as_json)
    except OSError as error:
        refused += 1
        _refuse(file, error.strerror or str(error))
    return refused


@contextlib.contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """Open a file to read, or standard input for `-`."""
    if str(file) != "-":
        with file.open("rb") as stream:
            yield stream
        return
    with tempfile.TemporaryFile(buffering=0) as copy:  # a pipe cannot be read twice
        shutil.copyfileobj(sys.stdin.buffer, copy)
        copy.seek(0)
        with io.BufferedReader(copy) as reader:  # what reading would wrap around it, and not close
            yield cast("BinaryIO", reader)


def records(file: Path, stream: BinaryIO) -> Iterator[Read]:
    """Read what the inbox would read of a file, within the limits that are set."""
    settings = load(IngestSettings)
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]  # has readinto
    size = stream.tell()
    stream.seek(0)
    return read(
        stream,
        File(file.as_posix(), sha256, datetime.now(UTC)),
        limits=settings.limits,
        allowance=settings.allowance(size),
    )


async def _publish_chunk(
    clients: Sequence[Redis], file: Path, chunk: list[Read], *, as_json: bool
) -> int:
    """Publish records, each to the partition of its article; return how many were refused."""
    for at, client in enumerate(clients):
        good = [
            one
            for one in chunk
            if one.article and partition_of(one.article_id or "0", len(clients)) == at
        ]
        entries = [{wire.DATA: one.article, PRODUCER: b"publish"} for one in good]
        for one, entry_id in zip(good, await publish_to(client, streams.RAW, entries), strict=True):
            shown = {"file": file.as_posix(), "article_id": one.article_id, "entry_id": entry_id}
            line(
                of_partition(shown)
                if as_json
                else f"{entry_id}  {one.article_id}  {file.as_posix()}"
            )
    bad = [one for one in chunk if one.reason]
    for one in bad:
        alone = one.number == 1 and len(chunk) == 1
        _refuse(file, one.reason or "" if alone else f"record {one.number}: {one.reason}")
    return len(bad)


def _refuse(file: Path, reason: str) -> None:
    err.print(f"could not publish {file}: {reason}", markup=False, soft_wrap=True)


def _chunks(records: Iterator[Read]) -> Iterator[list[Read]]:
    while chunk := list(islice(records, _CHUNK)):
        yield chunk
