"""It adds up while everything is killed in turn, and exactly once all has come to rest."""

import asyncio
from pathlib import Path

import pytest

from services.cli.reconcile import Audit, audited
from services.cli.running import settings
from services.inspection import accounting
from shared import streams
from shared.errors import NewsflowError
from tests.faults.newsroom import Newsroom, newsroom
from tests.faults.run import SEED
from tests.faults.sums import shortfalls

STORIES = 1500


async def looked(room: Newsroom, audits: list[Audit], until: asyncio.Event) -> None:
    """Reconcile Redis over and over; while a server is away there is nothing to say.

    Not until it is cancelled: redis-py may lose that in the middle.
    """
    archive = room.rig.folder / "archive"
    while not until.is_set():
        try:
            audits.append(await audited(settings(room.rig), archive, quick=True))
        except (NewsflowError, SystemExit, RuntimeError):
            await asyncio.sleep(0.1)


@pytest.mark.long
async def test_it_adds_up_whatever_is_killed(tmp_path: Path) -> None:
    """At every moment in Redis, and at rest for files, producers and articles."""
    async with newsroom(tmp_path, seed=SEED) as room:
        room.poisoned = (streams.RAW,)  # on articles.enriched it is what enrich never sent
        audits: list[Audit] = []
        over, rested = asyncio.Event(), asyncio.Event()
        looking = asyncio.create_task(looked(room, audits, rested))
        sending = asyncio.create_task(room.send(STORIES, per_s=200, until=over))
        for victim in ("enrich", "store", "redis", "ingest", "mongo", "store", "enrich"):
            await asyncio.sleep(1.5)
            room.rig.children[victim].kill()
        over.set()
        await sending
        short = await shortfalls(room)
        rested.set()
        await looking
        end = await audited(settings(room.rig), room.rig.folder / "archive")

    assert short == []
    assert [finding for audit in audits for finding in audit.findings] == []
    assert len(audits) > 20
    assert any(audit.books.in_flight for audit in audits)
    assert end.findings == []
    assert end.files == len(room.files)
    sums = accounting.totals(end.books)
    versions = sum(len(story.versions) for story in room.stories.values())
    assert (sums.missing, sums.in_flight) == (0, 0)
    assert sums.stored + sums.updated == versions
