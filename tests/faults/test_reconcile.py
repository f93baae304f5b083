"""It adds up while everything is killed in turn, and exactly once all has come to rest."""

import asyncio
from pathlib import Path

import pytest

from services.cli import accounting
from services.cli.reconcile import Audit, audited
from services.cli.running import settings
from shared.errors import NewsflowError
from tests.faults.newsroom import Newsroom, newsroom

MESSAGES = 2000
FILES = 200


async def looked(room: Newsroom, audits: list[Audit]) -> None:
    """Reconcile Redis over and over; while a server is away there is nothing to say."""
    archive = room.stack.folder / "archive"
    while True:
        try:
            audits.append(await audited(settings(room.stack), archive, quick=True))
        except (NewsflowError, SystemExit, RuntimeError):
            await asyncio.sleep(0.1)


@pytest.mark.long
async def test_it_adds_up_whatever_is_killed(tmp_path: Path) -> None:
    """At every moment in Redis, and at rest for files, producers and articles."""
    async with newsroom(tmp_path) as room:
        audits: list[Audit] = []
        looking = asyncio.create_task(looked(room, audits))
        sending = asyncio.gather(
            room.send_messages(MESSAGES), room.send_files(FILES, first=MESSAGES)
        )
        for victim in ("enrich", "store", "redis", "ingest", "mongo", "store", "enrich"):
            await asyncio.sleep(1.5)
            room.stack.children[victim].kill()
        await sending
        await room.at_rest()
        looking.cancel()
        end = await audited(settings(room.stack), room.stack.folder / "archive")
        shortfalls = await room.shortfalls()

    assert shortfalls == []
    assert [finding for audit in audits for finding in audit.findings] == []
    assert len(audits) > 20
    assert any(audit.books.in_flight for audit in audits)
    assert end.findings == []
    assert end.files == FILES + len(room.bad_files)
    sums = accounting.totals(end.books)
    assert (sums.missing, sums.in_flight, sums.dead) == (0, 0, len(room.poison))
    assert sums.stored == len(room.accepted)
