"""A partition's service has the rights that docs/scaling.md gives its user, and needs no more."""

import re
import subprocess
from pathlib import Path

import pytest
from redis.asyncio import Redis

from shared import streams
from shared.partitions import client
from tests.contract.services_in_process import (
    Recorder,
    all_acknowledged,
    enriched,
    enriching,
    until,
)
from tests.security import users


def rewritten(root: Path, folder: Path) -> Path:
    """Return the users of a cluster: those of the repository, by the line that the page gives."""
    page = (root / "docs" / "scaling.md").read_text()
    [script] = re.findall(r"`sed -E '(.*?)' deploy/redis/users.acl`", page)
    made = subprocess.run(["sed", "-E", script, users.FILE], capture_output=True, check=True)
    file = folder / "cluster.acl"
    file.write_bytes(made.stdout)
    return file


async def test_the_users_of_a_cluster_may_what_they_must(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line of the page makes them; Redis's log of refusals stays empty."""
    monkeypatch.setattr(users, "FILE", rewritten(root, tmp_path))
    with users.guarded(tmp_path) as server:
        producer = client(users.url(server, "producer"), "north")
        async with Redis.from_url(users.url(server, users.ADMIN)) as admin:
            await admin.acl_log_reset()
            await producer.xadd(streams.RAW, {"headline": "Harbour reopens", "body": "x"})
            north = client(users.url(server, "reader"), "north")
            us = users.url(server, "enrich")
            async with enriching(admin, Recorder(), redis_url=us, partition="north"):
                await until(lambda: all_acknowledged(north))
            passed = await enriched(north)
            refused = await admin.acl_log()
        await producer.aclose()
        await north.aclose()

    assert passed == ["Harbour reopens"]
    assert refused == []
