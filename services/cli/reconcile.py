"""`newsflow reconcile`: whether everything that came in has come to an end, or is on its way."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from redis.asyncio import Redis

from services.cli import balance, losses
from services.cli.losses import Finding
from services.cli.terminal import (
    AsJson,
    Folder,
    err,
    fail,
    here,
    line,
    mongo,
    of_partition,
    out,
    progress,
    redis,
)
from services.ingest import receipts
from services.ingest.receipts import BadReceipt
from services.inspection import accounting, books
from services.inspection.accounting import Books, FileCount
from services.inspection.books import Accepted, Promised
from services.store.mongo import Mongo
from services.store.settings import StoreSettings

_STORED: Final = frozenset({"stored", "updated", "duplicate"})


@dataclass
class Audit:
    """What was looked at, and what does not add up."""

    books: Books
    accepted: list[Accepted]
    findings: list[Finding]
    files: int = 0
    articles: int = 0  # ids in receipts that were looked for in MongoDB
    expired: int = 0
    wrong_files: list[FileCount] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def reconcile(
    folder: Folder = Path(),
    quick: Annotated[
        bool, typer.Option("--quick", help="Only Redis: do not look for articles in MongoDB.")
    ] = False,
    accept: Annotated[
        str | None,
        typer.Option(
            help="Take what is missing for known, for this reason, and count on from here."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that all that was accepted is stored, dead or on its way; exit 1 when it is not.

    Counts in Redis, by stream, producer and file, are exact at any moment. Articles that receipts
    in archive/ name are looked for in MongoDB.
    """
    if accept is not None and not accept.strip():
        fail("--accept needs a reason", code=2)
    settings, _ = here(folder)
    audit = asyncio.run(audited(settings, folder / "archive", quick=quick, accept=accept))
    if as_json:
        line(of_partition(_as_json(audit)))
    else:
        _show(audit)
    if accept and audit.findings:
        err.print(f"accepted: {accept}; from here on all is counted anew", markup=False)
    raise typer.Exit(1 if audit.findings and not accept else 0)


async def audited(
    settings: StoreSettings, archive: Path, *, quick: bool = False, accept: str | None = None
) -> Audit:
    """Look at everything; then, with a reason to `accept`, take what is missing for known."""
    async with redis(settings) as client, mongo(settings) as articles:
        found, accepted = await books.snapshot(client)
        audit = Audit(found, accepted, losses.findings(found))
        looking = _Looking(client, None if quick else articles, archive, audit, settings.partition)
        await looking.at_files()
        if not quick:
            await looking.at_receipts()
            await looking.at_messages()
        if accept and audit.findings:
            what = [finding.what for finding in audit.findings]
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            await books.accept_gone(client, audit.gone)
            await books.accept(client, Accepted(at, accept, what), accepted)
            await books.accept_files(client, audit.wrong_files)
        return audit


class _Looking:
    """Looks at files and receipts, and notes in `audit` what is wrong."""

    def __init__(
        self,
        client: Redis,
        articles: Mongo | None,
        archive: Path,
        audit: Audit,
        partition: str,
    ) -> None:
        self._client = client
        self._articles = articles
        self._archive = archive
        self._audit = audit
        self._partition = partition
        self._letters: set[str] | None = None

    async def at_files(self) -> None:
        """Compare what was published of each file with what has ended of it."""
        audit = self._audit
        wrong: list[FileCount] = []
        with progress() as bar:
            task = bar.add_task("files", total=None)
            async for page in books.files(self._client):
                audit.files += len(page)
                wrong += accounting.open_files(page, at_rest=audit.books.at_rest)
                bar.advance(task, len(page))
        later, _ = await books.snapshot(self._client)
        rested = audit.books.at_rest and later == audit.books  # nothing came in between
        audit.wrong_files = accounting.open_files(wrong, at_rest=rested)
        for one in audit.wrong_files:
            audit.findings.append(losses.of_file(one, await self._missing_of(one)))

    async def _missing_of(self, file: FileCount) -> list[str]:
        """Return the articles of a file that are nowhere, as far as its receipt names them."""
        receipt = self._archive / file.receipt
        if self._articles is None or not file.receipt or not receipt.is_file():
            return []
        try:
            ids = books.promised(receipt).article_ids
        except BadReceipt:  # told by itself, by at_receipts
            return []
        return await self._without_letter(await books.absent(self._client, self._articles, ids))

    async def at_receipts(self) -> None:
        """Look in MongoDB for every article that a receipt names.

        What another partition's receipt names may be dead or on its way there; it is asked there.
        """
        assert self._articles is not None  # noqa: S101 (its caller looked)
        audit = self._audit
        keeps = await self._articles.keeps()
        open_paths = {one.path for one in audit.wrong_files}
        paths = receipts.every(self._archive)
        with progress() as bar:
            for path in bar.track(paths, description="receipts"):
                try:
                    promised = books.promised(path)
                except BadReceipt as error:
                    audit.findings.append(losses.of_bad_receipt(path.as_posix(), str(error)))
                    continue
                if promised.partition not in ("", self._partition):
                    continue
                audit.articles += len(promised.article_ids)
                ids = await books.absent(self._client, self._articles, promised.article_ids)
                ids = await self._without_letter(ids)
                if _is_over(promised.received_at, keeps):
                    audit.expired += len(ids)
                elif ids and promised.path not in open_paths:
                    await self._say_gone(promised, ids)

    async def at_messages(self) -> None:
        """Look in MongoDB for every article that a publisher was told to be stored."""
        assert self._articles is not None  # noqa: S101 (its caller looked)
        keeps = await self._articles.keeps()
        known = [datetime.fromisoformat(one.at) for one in self._audit.accepted]
        waiting: dict[str, str] = {}  # messages that were accepted, and have no end
        gone: dict[str, None] = {}  # in order, each once
        with progress() as bar:
            task = bar.add_task("messages", total=None)
            async for page in books.told(self._client):
                for one in page:
                    waiting.pop(one.message_id, None)
                    if one.status == "accepted" and all(one.at > at for at in known):
                        waiting[one.message_id] = one.article_id
                ids = {one.article_id: one.at for one in page if one.status in _STORED}
                self._audit.articles += len(ids)
                missing = await books.absent(self._client, self._articles, list(ids))
                late = [one for one in missing if _is_over(ids[one], keeps)]
                self._audit.expired += len(late)
                gone |= dict.fromkeys(one for one in missing if one not in late)
                bar.advance(task, len(page))
        self._audit.gone += gone
        self._audit.findings += losses.of_messages(
            list(gone), list(waiting) if self._audit.books.at_rest else []
        )

    async def _say_gone(self, promised: Promised, ids: Sequence[str]) -> None:
        """Note articles that are neither stored nor dead, unless they may be on their way."""
        file = await books.file(self._client, promised.path)
        closed = file is not None and not file.open
        is_on_its_way = not closed and not self._audit.books.at_rest
        if is_on_its_way or len(ids) <= (file.purged if file else 0):
            return
        self._audit.gone += ids
        self._audit.findings.append(losses.of_receipt(promised.receipt, ids, ended=closed))

    async def _without_letter(self, ids: Sequence[str]) -> list[str]:
        if ids and self._letters is None:
            self._letters = await books.parked(self._client)
        return [one for one in ids if one not in (self._letters or ())]


def _is_over(since: datetime, keeps: timedelta | None) -> bool:
    return keeps is not None and since + keeps < datetime.now(UTC)


def _show(audit: Audit) -> None:
    found = audit.books
    state = "at rest" if found.at_rest else "under way"
    out.print(f"since {_since(found) or 'now'} · {state}")
    out.print(balance.sums(found), soft_wrap=True)
    expired = f", {audit.expired:,} of them expired" if audit.expired else ""
    out.print(f"\n{audit.files:,} files counted · {audit.articles:,} articles of receipts{expired}")
    out.print(balance.accepted(audit.accepted), balance.findings(audit.findings), soft_wrap=True)
    if not audit.findings:
        out.print("it adds up" if found.at_rest else "it adds up so far")


def _as_json(audit: Audit) -> dict[str, Any]:
    """Return everything that was found, for other programs."""
    found = audit.books
    return {
        "holds": not audit.findings,
        "at_rest": found.at_rest,
        "since": _since(found),
        **accounting.totals(found)._asdict(),
        "in_flight_by_stream": {
            flow.hop.source: {"unread": flow.unread, "pending": flow.pending}
            for flow in (found.raw, found.enriched)
        },
        "producers": {name: sums._asdict() for name, sums in accounting.by_producer(found).items()},
        "files": audit.files,
        "articles": audit.articles,
        "expired": audit.expired,
        "findings": [finding._asdict() for finding in audit.findings],
        "accepted_losses": [one._asdict() for one in audit.accepted],
    }


def _since(found: Books) -> str | None:
    """Return since when there are counters."""
    began = found.counts.get("since")
    return None if began is None else datetime.fromtimestamp(began, UTC).isoformat()
