"""Files and sources in the console."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from services.console.pages import sources
from services.console.shown import shown
from services.ingest import receipts
from services.ingest.ledger import Ledger, Life
from services.ingest.results import Results
from services.inspection import sources as rhythms
from services.inspection.sources import source
from services.store.mongo import Mongo
from services.store.settings import StoreSettings

LIFE = Life(path="a", sha256="ab", size=10, inode=1, mtime_ns=1, received_ms=1_000, changed_ms=0)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


async def test_files_follow_each_other_page_by_page(
    redis: Redis, client: httpx.AsyncClient
) -> None:
    """Also where many changed in the same millisecond, and in one state alone."""
    lives = [
        replace(
            LIFE,
            path=f"wire/{number:03}.txt",
            changed_ms=1_795_000_000_000 + number // 70,
            state="failed" if number % 3 == 0 else "archived",
        )
        for number in range(150)
    ]
    await Ledger(redis).write(lives)

    for state, expected in (("", 150), ("failed", 50), ("left", 0)):
        seen: list[str] = []
        after = ""
        while after is not None:
            asked = {name: said for name, said in (("state", state), ("after", after)) if said}
            page = (await client.get("/api/files", params=asked)).json()
            seen += [one["path"] for one in page["files"]]
            after = page["after"]
        assert len(seen) == len(set(seen)) == expected
        assert seen == sorted(seen, reverse=True)

    counts = (await client.get("/api/files/counts")).json()
    assert counts["states"] == {"failed": 50, "archived": 100}


async def test_a_receipt_shows_what_failed_and_none_of_a_million_ids(
    redis: Redis, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """The file's name may say anything."""
    name = 'x/<img src=x onerror=alert(1)>"?&.jsonl'
    await Ledger(redis).write([replace(LIFE, path=name, state="archived", receipt="r.json")])
    counts = {"records": 201, "published": 1, "duplicate": 0, "failed": 200}
    said = {"sha256": "ab", "received_at": NOW.isoformat(), "reason": None, "set_aside": [name]}
    head = {"file": name, **said, **counts}
    failures = [
        {"record": n, "member": None, "start": 0, "end": 5, "reason": f"reason {n}"}
        for n in range(200)
    ]
    text = json.dumps(head, indent=2)[:-2] + ',\n  "failures": [\n    '
    text += ",\n    ".join(map(json.dumps, failures)) + '\n  ],\n  "article_ids": [\n    "aaaa"'
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "r.json").write_text(text)  # and is not even whole

    told = (await client.get("/api/files/receipt", params={"path": name})).json()
    page = await client.get("/files/receipt", params={"path": name})
    listed = await client.get("/files")

    assert len(told["failures"]) == 100
    assert "article_ids" not in told
    assert "reason 99" in page.text
    assert "<img" not in page.text + listed.text


async def test_a_receipt_is_read_from_the_archive_alone(
    redis: Redis, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """Whatever Redis says where it lies."""
    (tmp_path / "secret.json").write_text('{\n  "file": "a"')
    for place in ("../secret.json", str(tmp_path / "secret.json")):
        await Ledger(redis).write([replace(LIFE, receipt=place, state="archived")])

        assert (await client.get("/api/files/receipt?path=a")).status_code == 404


async def test_a_receipt_that_cannot_be_read_is_said_to_be_so(
    redis: Redis, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    await Ledger(redis).write([replace(LIFE, receipt="r.json", state="archived")])
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "r.json").write_text('{\n  "file": "a.jsonl"')

    told = await client.get("/api/files/receipt", params={"path": LIFE.path})

    assert told.status_code == 500
    assert told.json() == {
        "error": f"The receipt of {LIFE.path!r} cannot be read: sha256: Field required.",
        "todo": "Put it back from a backup.",
    }


def test_a_glance_at_a_receipt_reads_what_was_written(tmp_path: Path) -> None:
    """A receipt without failures, too."""
    target = tmp_path / "r.json"
    results = Results(tmp_path, "a")
    receipts.write(target, LIFE, results, set_aside=[], finished_at=NOW)

    whole = json.loads(target.read_text())
    assert receipts.glance(target, most=5) | {"article_ids": []} == whole


async def test_sources_tell_which_went_quiet(client: httpx.AsyncClient, mongo_url: str) -> None:
    """From the stored articles, by one index; hostile names are shown as text."""
    mongo = Mongo(StoreSettings(mongo_url=mongo_url))
    await mongo.open()
    await mongo.close()
    now = datetime.now(UTC)
    ages = {"busy": 0, "silent": 48, "<script>alert(1)</script>\u202e": 1}
    with MongoClient[dict[str, object]](mongo_url) as stored:
        stored.newsflow.articles.insert_many(
            [
                {"source": name, "version_created": now - timedelta(hours=age, minutes=10 * n)}
                for name, age in ages.items()
                for n in range(1, 60)
            ],
            bypass_document_validation=True,
        )

    told = {one["name"]: one for one in (await client.get("/api/sources")).json()}
    page = (await client.get("/sources?state=quiet")).text

    assert told["silent"]["state"] == "quiet"
    assert told["busy"]["state"] == "usual"
    assert told["busy"]["rhythm_seconds"] == pytest.approx(600, abs=1)
    assert ">silent</a>" in page
    assert ">busy</a>" not in page
    everything = (await client.get("/sources")).text
    assert "<script>alert" not in everything
    assert "\u202e" not in everything


async def test_sources_that_take_too_long_are_given_up_and_not_asked_for_at_once_again(
    client: httpx.AsyncClient, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MongoDB ends the work, and however many ask within ten seconds, it is asked once."""
    asked = 0

    def slow(*_: object, **__: object) -> list[dict[str, Any]]:
        nonlocal asked
        asked += 1
        body = "function() { sleep(60000); return true; }"
        return [{"$match": {"$expr": {"$function": {"body": body, "args": [], "lang": "js"}}}}]

    monkeypatch.setattr(rhythms, "pipeline", slow)
    monkeypatch.setattr(sources, "_WITHIN_S", 0.5)
    with MongoClient[dict[str, Any]](mongo_url) as stored:
        stored.newsflow.articles.insert_one({"_id": "a"})

        answers = await asyncio.gather(*(client.get("/api/sources") for _ in range(5)))
        running = list(stored.admin.aggregate([{"$currentOp": {}}]))

    assert {one.status_code for one in answers} == {503}
    assert asked == 1
    assert not [one for one in running if one.get("command", {}).get("aggregate") == "articles"]


def times(*minutes_ago: float) -> list[datetime]:
    return [NOW - timedelta(minutes=one) for one in minutes_ago]


@pytest.mark.parametrize(
    ("minutes_ago", "state"),
    [
        (range(0, 100, 10), "usual"),
        (range(50, 150, 10), "usual"),  # five times its rhythm, and no longer
        (range(51, 150, 10), "quiet"),
        (range(300, 301), "unknown"),
        ([300, 310, 320, 330, 340], "unknown"),  # four pauses
        ([*range(1_000, 1_020), *range(2_440, 2_460)], "usual"),  # once a day, all at once
        ([*range(1_500, 1_520), *range(2_940, 2_960)], "quiet"),
        ([14 + one / 60 for one in range(20)], "usual"),  # every second, silent for 14 minutes
    ],
)
def test_quiet_is_long_for_this_source(minutes_ago: list[float], state: str) -> None:
    """Longer than five times its rhythm, than its longest pause, and than a quarter of an hour."""
    assert source("x", times(*minutes_ago), now=NOW).state == state


def test_a_time_to_come_is_no_silence() -> None:
    """A publisher's clock may be ahead."""
    assert source("x", times(-60, 0, 1, 2, 3, 4, 5), now=NOW).silent_seconds == 0


@pytest.mark.parametrize(
    ("data", "kind", "text"),
    [
        (b"caf\xc3\xa9\n", "text", "café\n"),
        (b"", "text", ""),
        ("\u202eabc".encode(), "text", r"\u202eabc"),
        (b"\xff\x00A", "hex", "00000000  ff 00 41"),
        ("é".encode() * 70_000, "text", "é" * 32_768),
        (b"a" + "é".encode() * 70_000, "text", "a" + "é" * 32_767),
    ],
)
def test_bytes_are_text_when_they_are(data: bytes, kind: str, text: str) -> None:
    """Else rows of hexadecimal digits; a character that the cut goes through is left out."""
    told = shown(data)

    assert told.kind == kind
    assert told.text.startswith(text)
    assert kind == "hex" or told.text == text
    assert told.is_cut == (len(data) > 65_536)


async def test_a_file_that_failed_as_a_whole_shows_why(
    redis: Redis, client: httpx.AsyncClient, tmp_path: Path
) -> None:
    """It has no receipt: its reason lies beside it."""
    await Ledger(redis).write([replace(LIFE, path="a.xml", state="failed", reason="no text")])
    failed = tmp_path / "inbox" / ".failed"
    failed.mkdir(parents=True)
    (failed / "a.xml").write_text("<a/>")
    note = {"file": "a.xml", "reason": "no text in it", "at": NOW.isoformat(), "bytes": 4}
    (failed / "a.xml.reason.json").write_text(json.dumps(note))

    page = await client.get("/files/receipt", params={"path": "a.xml"})

    assert page.status_code == 200
    assert "no text in it" in page.text
