"""`newsflow publish` and `newsflow query`."""

import asyncio
import hashlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import track

from services.cli import names, screens
from services.cli.terminal import AsJson, Folder, err, here, line, mongo, out, redis
from services.ingest.handler import read
from services.store.documents import Document
from services.store.questions import Question, moment
from services.store.questions import query as query_for
from services.store.settings import StoreSettings
from shared import broker, streams, wire
from shared.errors import Unreadable
from shared.messages import RawArticle

_CHUNK: Final = 100


def publish(
    files: Annotated[list[Path], typer.Argument(help="Files, or - for standard input.")],
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Publish files to articles.raw, in any format of the inbox; they stay where they are."""
    settings, _ = here(folder)
    articles: list[RawArticle] = []
    refused: list[tuple[Path, str]] = []
    for file in track(files, "reading", console=err, transient=True, disable=len(files) < _CHUNK):
        try:
            articles += _read(file)
        except (Unreadable, OSError) as error:
            refused.append((file, str(error)))
    entries = asyncio.run(_publish(settings, articles))
    for article, entry_id in zip(articles, entries, strict=True):
        name = article.provenance.file.path if article.provenance.file else ""
        shown = {"file": name, "article_id": article.article_id, "entry_id": entry_id}
        line(shown if as_json else f"{entry_id}  {article.article_id}  {name}")
    for file, reason in refused:
        err.print(f"could not publish {file}: {reason}", markup=False, soft_wrap=True)
    raise typer.Exit(1 if refused else 0)


def _read(file: Path) -> list[RawArticle]:
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    return read(data, file=file.as_posix(), sha256=sha256, received_at=datetime.now(UTC))


async def _publish(settings: StoreSettings, articles: list[RawArticle]) -> list[str]:
    entries: list[str] = []
    chunks = [articles[at : at + _CHUNK] for at in range(0, len(articles), _CHUNK)]
    few = len(articles) < _CHUNK
    async with redis(settings) as client:
        for chunk in track(chunks, "publishing", console=err, transient=True, disable=few):
            fields = [wire.encode(article) for article in chunk]
            entries += await broker.publish(client, streams.RAW, fields)
    return entries


def query(
    entity: Annotated[str | None, typer.Option(help="Name of an entity, in any case.")] = None,
    topic: Annotated[
        list[str] | None, typer.Option(help="Media Topic: id, or the beginning of its name.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="Publisher or feed, as written.")] = None,
    since: Annotated[str | None, typer.Option(help="2026-11-23, 2026-11-23T18:30, 2h, 7d.")] = None,
    until: Annotated[str | None, typer.Option(help="Like --since.")] = None,
    text: Annotated[str | None, typer.Option(help="Words of headline or summary.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="At most so many; 0 for all.")] = 20,
    everything: Annotated[
        bool, typer.Option("--all", help="Also what is withheld, canceled or under embargo.")
    ] = False,
    folder: Folder = Path(),
    as_json: AsJson = False,
) -> None:
    """Find stored articles, newest first; with --json whole documents, one a line."""
    settings, _ = here(folder)
    now = datetime.now(UTC)
    question = Question(
        entity=names.entity(entity) if entity else None,
        topics=tuple(id_ for typed in topic or () for id_ in names.topics(typed)),
        source=source,
        since=moment(since, now=now) if since else None,
        until=moment(until, now=now) if until else None,
        text=text,
        everything=everything,
    )
    documents = asyncio.run(_find(settings, question, limit))
    if as_json:
        for document in documents:
            line(document)
    else:
        out.print(screens.articles(documents))
        err.print(f"{len(documents)} articles")


async def _find(settings: StoreSettings, question: Question, limit: int) -> list[Document]:
    asked = query_for(question, now=datetime.now(UTC))
    async with mongo(settings) as articles:
        return [document async for document in articles.find(asked, limit=limit)]
