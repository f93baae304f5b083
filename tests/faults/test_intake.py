"""A night's mess in the inbox, and ingest killed meanwhile: it adds up all the same."""

import asyncio
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from services.devstack.processes import Child
from services.devstack.servers import RedisServer
from shared import streams
from shared.entries import wire
from shared.messages import RawArticle
from tests.nasties import nasties

GOOD = 100
LARGE_RECORDS = 100_000  # of 2 KB
BROKEN_EVERY = 10_000
KILLS = 5


def _ingest(folder: Path, server: RedisServer) -> Child:
    return Child(
        "ingest",
        [sys.executable, "-m", "services.ingest"],
        log=folder / "ingest.log",
        env={
            "NEWSFLOW_REDIS_URL": server.url,
            "NEWSFLOW_INBOX_DIR": str(folder / "inbox"),
            "NEWSFLOW_ARCHIVE_DIR": str(folder / "archive"),
            "NEWSFLOW_MAX_BACKLOG": "10000000",
            "NEWSFLOW_SETTLE_MS": "300",
            "NEWSFLOW_STALLED_AFTER_MS": "1500",
        },
    )


def _large(path: Path) -> None:
    body = "The harbour reopened on Monday. " * 55
    with path.open("w") as file:
        for number in range(LARGE_RECORDS):
            if number % BROKEN_EVERY == BROKEN_EVERY - 1:
                file.write('{"headline": "cut')
            else:
                article = {"uri": f"urn:large:{number}", "headline": f"No {number}", "body": body}
                file.write(json.dumps(article))
            file.write("\n")


async def test_an_inbox_of_nasties_and_a_large_file_survive_five_kills(
    redis: Redis, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Every good record is on the stream once; every nasty has its reason; receipts add up."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    bad = nasties()
    _large(tmp_path / "large.jsonl")
    for name, nasty in bad.items():
        (inbox / name).write_bytes(nasty.data)
    for number in range(GOOD):
        article = {"uri": f"urn:good:{number}", "headline": f"Good news {number}"}
        (inbox / f"good-{number}.json").write_text(json.dumps(article))
    (tmp_path / "large.jsonl").replace(inbox / "large.jsonl")

    child = _ingest(tmp_path, redis_server)
    child.start()
    try:
        for kill in range(KILLS):
            await _published(redis, (kill + 1) * LARGE_RECORDS // (KILLS + 2), child)
            child.kill()
            child.start()
        await _empty(inbox, child)
    finally:
        child.stop(20)

    found = await _on_the_stream(redis)
    lost = LARGE_RECORDS // BROKEN_EVERY
    assert [uri for uri, count in found.items() if count > 1] == []
    assert len([uri for uri in found if uri.startswith("urn:large:")]) == LARGE_RECORDS - lost
    assert len([uri for uri in found if uri.startswith("urn:good:")]) == GOOD

    reasons = _reasons(tmp_path)
    assert {name for name in bad if name not in reasons} == set()
    assert {
        name: reasons[name]
        for name, nasty in bad.items()
        if not any(nasty.reason in reason for reason in reasons[name])
    } == {}
    assert [name for name, said in reasons.items() if any("a bug" in one for one in said)] == []

    receipt = _receipt(tmp_path, "large.jsonl")
    assert receipt["records"] == LARGE_RECORDS
    assert receipt["published"] == len(receipt["article_ids"]) == LARGE_RECORDS - lost
    assert receipt["failed"] == len(receipt["failures"]) == lost
    rest = inbox / ".failed" / "large.rest.jsonl"
    assert rest.read_text() == '{"headline": "cut\n' * lost
    assert list((inbox / ".reading").iterdir()) == []


async def _published(redis: Redis, count: int, child: Child) -> None:
    async with asyncio.timeout(120):
        while await redis.xlen(streams.RAW) < count:
            assert child.pid, "ingest died by itself"
            await asyncio.sleep(0.02)


async def _empty(inbox: Path, child: Child) -> None:
    async with asyncio.timeout(120):
        while _waiting(inbox):
            assert child.pid, "ingest died by itself"
            await asyncio.sleep(0.1)


def _waiting(inbox: Path) -> list[Path]:
    return [path for path in inbox.glob("[!.]*") if path.is_file()]


def _receipt(folder: Path, name: str) -> dict[str, Any]:
    [path] = (folder / "archive").rglob(f"{name}.receipt.json")
    receipt: dict[str, Any] = json.loads(path.read_text())
    return receipt


async def _on_the_stream(redis: Redis) -> Counter[str]:
    client: Any = redis
    found: Counter[str] = Counter()
    last = "-"
    while page := await client.xrange(streams.RAW, last, "+", count=5000):
        for entry_id, fields in page:
            article = wire.decode(fields, RawArticle, stream="", entry_id=entry_id.decode())
            found[article.uri or article.text] += 1
        last = f"({page[-1][0].decode()}"
    return found


def _reasons(folder: Path) -> dict[str, list[str]]:
    """Return why each file, or some of its records, were refused, by the file's name."""
    reasons: dict[str, list[str]] = {}
    for path in (folder / "inbox" / ".failed").rglob("*.reason.json"):
        note = json.loads(path.read_text())
        said = [note["reason"], *(record["reason"] for record in note["records"])]
        reasons.setdefault(note["file"], []).extend(said)
    for path in (folder / "archive").rglob("*.receipt.json"):
        receipt = json.loads(path.read_text())
        said = [failure["reason"] for failure in receipt["failures"]]
        reasons.setdefault(receipt["file"], []).extend(said)
    return reasons
