"""The life of a file, on a real folder and a real Redis: read in parts, salvaged, accounted for."""

import asyncio
import gzip
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from services.ingest import reading, shelf
from services.ingest.ledger import Ledger, Life
from services.ingest.room import Room
from services.ingest.settings import IngestSettings
from shared import streams
from shared.errors import RedisUnavailable
from tests.contract.services_in_process import until
from tests.contract.test_inbox import STORY, archived, emptied, ingesting, published

MIXED = b"""{"uri": "urn:a:1", "headline": "One"}
{"uri": "urn:a:2", "headline":
{"uri": "urn:a:1", "headline": "One"}
{"uri": "urn:a:4"}
{"uri": "urn:a:5", "headline": "Five"}
"""


async def life_of(redis: Redis, path: str) -> Life:
    [life] = await Ledger(redis).lives([path])
    assert life is not None
    return life


async def ended(redis: Redis, path: str, state: str) -> Life:
    """Wait until the life of `path` is in `state`, and return it."""

    async def is_there() -> bool:
        [life] = await Ledger(redis).lives([path])
        return life is not None and life.state == state

    await until(is_there, 10)
    return await life_of(redis, path)


def drop(folder: Path, name: str, data: bytes) -> Path:
    """Put a file into the inbox whole, the way files should come."""
    target = folder / "inbox" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.part")
    half.write_bytes(data)
    return half.rename(target)


def receipt_of(folder: Path, name: str) -> dict[str, Any]:
    [path] = (folder / "archive").rglob(f"{name}.receipt.json")
    receipt: dict[str, Any] = json.loads(path.read_text())
    return receipt


async def test_a_receipt_says_what_came_of_every_record(redis: Redis, tmp_path: Path) -> None:
    """Published, duplicate and failed add up to the records of the file."""
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "mixed.jsonl", MIXED)
        await emptied(tmp_path)

    receipt = receipt_of(tmp_path, "mixed.jsonl")
    counts = {name: receipt[name] for name in ("records", "published", "duplicate", "failed")}
    assert counts == {"records": 5, "published": 2, "duplicate": 1, "failed": 2}
    assert receipt["article_ids"] == [one.article_id for one in await published(redis)]
    [first, second] = receipt["failures"]
    assert (first["record"], first["start"], first["end"]) == (2, 38, 69)
    assert "not JSON" in first["reason"]
    assert "neither `headline` nor `body`" in second["reason"]


async def test_bad_records_are_set_aside_to_be_mended(redis: Redis, tmp_path: Path) -> None:
    """Together, as a file of the same format: mended and moved back it is read like any other."""
    failed = tmp_path / "inbox" / ".failed"
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "desk/mixed.jsonl", MIXED)
        await emptied(tmp_path)
        rest = failed / "desk" / "mixed.rest.jsonl"
        aside = rest.read_bytes()
        note = json.loads(rest.with_name(f"{rest.name}.reason.json").read_text())
        rest.write_bytes(aside.replace(b'"headline":\n', b'"headline": "Two"}\n'))
        rest.rename(tmp_path / "inbox" / "desk" / rest.name)
        await emptied(tmp_path)

    assert aside.splitlines() == [MIXED.splitlines()[1], MIXED.splitlines()[3]]
    assert note["file"] == "desk/mixed.jsonl"
    assert [record["record"] for record in note["records"]] == [2, 4]
    assert {one.uri for one in await published(redis)} == {"urn:a:1", "urn:a:2", "urn:a:5"}


async def test_a_life_can_be_followed(redis: Redis, tmp_path: Path) -> None:
    """From the ledger, by path: how it ended, with its counts and its receipt."""
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "mixed.jsonl", MIXED)
        drop(tmp_path, "bad.json", b"{")
        await emptied(tmp_path)
        good, bad = await ended(redis, "mixed.jsonl", "archived"), await life_of(redis, "bad.json")
        newest = await Ledger(redis).newest()

    assert (good.records, good.published, good.duplicate, good.failed) == (5, 2, 1, 2)
    assert (tmp_path / "archive" / good.receipt).is_file()
    assert (bad.state, bad.failed) == ("failed", 1)
    assert "not JSON" in bad.reason
    assert {life.path for life in newest} == {"mixed.jsonl", "bad.json"}


async def test_the_same_name_in_two_folders_is_two_files(redis: Redis, tmp_path: Path) -> None:
    """Each has a life, an archived copy and a receipt of its own."""
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "north/wire.txt", STORY.encode())
        drop(tmp_path, "south/wire.txt", STORY.upper().encode())
        await emptied(tmp_path)

    assert set(archived(tmp_path)) == {"north/wire.txt", "south/wire.txt"}
    assert len(await published(redis)) == 2


@pytest.mark.parametrize("content", [STORY, STORY + "x" * 5000])
async def test_identity_is_the_content(redis: Redis, tmp_path: Path, content: str) -> None:
    """Same name, inode, first bytes and even size and time: another content is another file."""
    other = content[:-2] + "!\n"
    async with ingesting(redis, tmp_path, when_done="leave"):
        path = drop(tmp_path, "wire.txt", content.encode())
        first = await ended(redis, "wire.txt", "left")
        status = path.stat()
        with path.open("r+b") as file:  # in place
            file.write(other.encode())
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
        await until(lambda: _published(redis, 2))

    assert path.stat().st_ino == status.st_ino
    assert first.sha256 != (await life_of(redis, "wire.txt")).sha256


async def _published(redis: Redis, count: int) -> bool:
    return len(await published(redis)) == count


async def test_a_file_truncated_after_it_was_copied_loses_nothing(
    redis: Redis, tmp_path: Path
) -> None:
    """Copy and truncate, as log rotation does: the copy is read, the empty rest has its reason."""
    async with ingesting(redis, tmp_path):
        path = drop(tmp_path, "wire.txt", b"")
        path.write_text(STORY)
        (tmp_path / "inbox" / "wire.1.txt").write_text(STORY)
        os.truncate(path, 0) if path.exists() else None
        await emptied(tmp_path)

    assert {one.body for one in await published(redis)} == {STORY.strip()}


@pytest.mark.parametrize("data", [b"Quake: 5.1", b"x"])
async def test_the_smallest_file_is_read(redis: Redis, tmp_path: Path, data: bytes) -> None:
    """Ten bytes are a flash; no size is too small to be news."""
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "flash.txt", data)
        await emptied(tmp_path)

    assert [one.body for one in await published(redis)] == [data.decode()]


async def test_files_can_stay_where_they_are(redis: Redis, tmp_path: Path) -> None:
    """Published once, also by the next process; a changed one is read again."""
    async with ingesting(redis, tmp_path, when_done="leave"):
        path = drop(tmp_path, "wire.txt", STORY.encode())
        await ended(redis, "wire.txt", "left")
    async with ingesting(redis, tmp_path, when_done="leave"):
        await asyncio.sleep(0.5)
        once = len(await published(redis))
        path.write_text(STORY.upper())
        await until(lambda: _published(redis, 2))

    assert once == 1
    assert path.exists()
    assert len(list((tmp_path / "archive").rglob("*.receipt.json"))) == 2


async def test_files_are_deleted_once_their_articles_are_stored(
    redis: Redis, tmp_path: Path
) -> None:
    """Not before enrich and store have ended everything up to their last article."""
    client: Any = redis
    async with ingesting(redis, tmp_path, when_done="delete"):
        drop(tmp_path, "wire.txt", STORY.encode())
        await ended(redis, "wire.txt", "deleting")
        await asyncio.sleep(1.5)
        kept = archived(tmp_path)
        for hop in streams.HOPS:
            if hop is streams.STORE:
                await client.xadd(streams.ENRICHED, {"data": "{}"})
            await client.xgroup_create(hop.source, hop.stage, id="0", mkstream=True)
            read = await client.xreadgroup(hop.stage, "test", {hop.source: ">"})
            await asyncio.sleep(1.2)
            between = archived(tmp_path)
            for _, entries in read:
                await client.xack(hop.source, hop.stage, *[entry for entry, _ in entries])
        await ended(redis, "wire.txt", "deleted")

    assert kept == between == {"wire.txt": STORY}
    assert archived(tmp_path) == {}
    assert receipt_of(tmp_path, "wire.txt")["published"] == 1


async def test_a_file_is_not_deleted_while_it_alone_holds_what_was_refused(
    redis: Redis, tmp_path: Path
) -> None:
    """A line too long to be set aside has its bytes in the archive only."""
    lines = b'{"headline": "One"}\n{"headline": "' + b"x" * 3000 + b'"}\n'
    async with ingesting(redis, tmp_path, when_done="delete", max_record_bytes=1000):
        drop(tmp_path, "wire.jsonl", lines)
        await ended(redis, "wire.jsonl", "archived")

    assert archived(tmp_path) == {"wire.jsonl": lines.decode()}


@pytest.mark.parametrize("name", ["L" * 250 + ".txt", "é" * 125 + ".txt"])
async def test_a_name_as_long_as_names_can_be_is_shortened(
    redis: Redis, tmp_path: Path, name: str
) -> None:
    """Its archived copy and its receipt need room for their own."""
    async with ingesting(redis, tmp_path):
        (tmp_path / "inbox").joinpath(name).write_text(STORY)
        await emptied(tmp_path)

    [archived_name] = archived(tmp_path)
    assert archived_name.startswith(name[:20])
    assert archived_name.endswith(".txt")


async def test_bad_rows_stand_together_below_their_header(redis: Redis, tmp_path: Path) -> None:
    """One file to mend for one that was dropped, packed or not."""
    rows = "id,headline,body\n1,One\n2,Two,It was two.\n3,Three\n"
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "table.csv.gz", gzip.compress(rows.encode()))
        await emptied(tmp_path)

    rest = tmp_path / "inbox" / ".failed" / "table.rest.csv"
    assert rest.read_text() == "id,headline,body\n1,One\n3,Three\n"


async def test_a_marker_says_when_a_file_is_complete(redis: Redis, tmp_path: Path) -> None:
    """With `ready_marker`, a file waits for NAME.ready, however long it is quiet."""
    async with ingesting(redis, tmp_path, ready_marker=True):
        drop(tmp_path, "wire.txt", STORY.encode())
        await asyncio.sleep(1)
        before = await published(redis)
        waiting = (await Ledger(redis).waiting()).arriving
        drop(tmp_path, "wire.txt.ready", b"")
        await until(lambda: _published(redis, 1))
        await emptied(tmp_path)

    assert before == []
    assert waiting.keys() <= {"wire.txt"}
    assert not (tmp_path / "inbox" / "wire.txt.ready").exists()


async def test_a_file_found_half_written_waits(redis: Redis, tmp_path: Path) -> None:
    """Nobody told that it is complete and it does not parse to its end: it may still grow."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "wire.json").write_text('{"headline": "Har')
    async with ingesting(redis, tmp_path, stalled_after_ms=60_000):
        await asyncio.sleep(1)
        there = (inbox / "wire.json").exists()
        (inbox / "wire.json").write_text('{"headline": "Harbour reopens"}')
        await emptied(tmp_path)

    assert there
    assert [one.headline for one in await published(redis)] == ["Harbour reopens"]


async def test_a_file_that_stays_half_written_is_reported(redis: Redis, tmp_path: Path) -> None:
    """Quiet for `stalled_after_ms`, it is taken as it is."""
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "wire.json").write_text('{"headline": "Har')
    async with ingesting(redis, tmp_path):
        await emptied(tmp_path)
        life = await ended(redis, "wire.json", "failed")

    assert "unexpected end of data" in life.reason


async def test_what_waits_is_told(redis: Redis, tmp_path: Path) -> None:
    """A file still being written shows as arriving, with its size."""
    (tmp_path / "inbox").mkdir()
    with (tmp_path / "inbox" / "slow.txt").open("w") as file:
        file.write(STORY)
        file.flush()
        async with ingesting(redis, tmp_path, stalled_after_ms=60_000):

            async def told() -> bool:
                return bool((await Ledger(redis).waiting()).arriving)

            await until(told, 10)
            waiting = await Ledger(redis).waiting()

    assert waiting.arriving == {"slow.txt": len(STORY)}


@pytest.mark.parametrize("packed", [False, True])
async def test_a_large_file_is_read_in_parts_and_delays_nobody(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    """Small files that come meanwhile are published before it ends."""
    monkeypatch.setattr(reading, "_MOST_RECORDS", 20)
    lines = b"".join(b'{"uri": "urn:%d", "headline": "Story %d"}\n' % (n, n) for n in range(4000))
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "large.jsonl", gzip.compress(lines) if packed else lines)
        await until(lambda: _some(redis))
        drop(tmp_path, "small.txt", STORY.encode())
        await emptied(tmp_path)

    found = await published(redis)
    assert len({one.article_id for one in found}) == len(found) == 4001
    assert [one.body == STORY.strip() for one in found].index(True) < 4000
    assert receipt_of(tmp_path, "large.jsonl")["published"] == 4000


async def _some(redis: Redis) -> bool:
    return await redis.xlen(streams.RAW) > 0


async def test_a_stopped_ingest_goes_on_where_it_was(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped in the middle of a file, the next one publishes the rest, and nothing twice."""
    monkeypatch.setattr(reading, "_MOST_RECORDS", 50)
    lines = [b'{"uri": "urn:%d", "headline": "Story %d"}\n' % (n, n) for n in range(2000)]
    lines[700] = b"broken\n"
    (tmp_path / "inbox").mkdir()
    drop(tmp_path, "large.jsonl", b"".join(lines))
    parts = []
    while (tmp_path / "inbox" / "large.jsonl").exists():
        async with ingesting(redis, tmp_path):
            before = await redis.xlen(streams.RAW)
            async with asyncio.timeout(20):
                while await redis.xlen(streams.RAW) < min(before + 300, 1999):
                    await asyncio.sleep(0.01)
            if before == 1999:  # nothing is left to publish: the next one puts it away
                await emptied(tmp_path)
        parts.append(await redis.xlen(streams.RAW))

    assert len(parts) > 1
    assert [one.uri for one in await published(redis)] == [
        f"urn:{n}" for n in range(2000) if n != 700
    ]
    receipt = receipt_of(tmp_path, "large.jsonl")
    assert (receipt["records"], receipt["published"], receipt["failed"]) == (2000, 1999, 1)
    assert len(receipt["article_ids"]) == 1999
    assert (tmp_path / "inbox" / ".failed" / "large.rest.jsonl").read_bytes() == b"broken\n"
    assert list((tmp_path / "inbox" / ".reading").iterdir()) == []


async def test_a_reply_that_was_lost_publishes_nothing_twice(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step is taken again, and Redis knows that it was taken."""
    advance = Ledger.advance
    lost: list[bool] = []

    async def lose_the_first(ledger: Ledger, steps: Any) -> list[Life]:
        lives = await advance(ledger, steps)
        if not lost:
            lost.append(True)
            msg = "the reply was lost"
            raise RedisUnavailable(msg)
        return lives

    monkeypatch.setattr(Ledger, "advance", lose_the_first)
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "mixed.jsonl", MIXED)
        await emptied(tmp_path)

    assert len(await published(redis)) == 2


async def test_a_refused_file_never_stands_without_its_reason(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason is written before the file is moved, where a process may be killed."""
    move = vars(shelf)["_move"]
    reasons = []

    def look_and_move(file: shelf.Taken, target: Path) -> Any:
        reasons.append(target.with_name(f"{target.name}.reason.json").is_file())
        return move(file, target)

    monkeypatch.setattr(shelf, "_move", look_and_move)
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "bad.json", b"{")
        await ended(redis, "bad.json", "failed")

    assert reasons == [True]


async def test_a_refused_file_whose_end_nobody_noted_has_failed(
    redis: Redis, tmp_path: Path
) -> None:
    """Its process was killed once it had moved it; the next one tells it from an archived one."""
    refused = Life("bad.json", "ab" * 32, 5, 1, 1, 1_795_000_000_000, 1_795_000_000_000)
    refused = replace(refused, state="published", records=1, failed=1, reason="not JSON")
    good = replace(refused, path="good.json", failed=0, published=1, reason="")
    await Ledger(redis).write([refused, good])

    async with ingesting(redis, tmp_path):
        closed = await ended(redis, "bad.json", "failed")
        await ended(redis, "good.json", "archived")

    assert closed.reason == "not JSON"


@pytest.mark.parametrize(
    "content",
    [STORY.encode("utf-16"), gzip.compress(STORY.encode(), mtime=0)],
    ids=["utf-16", "gzip"],
)
async def test_a_file_named_like_a_receipt_is_none(
    redis: Redis, tmp_path: Path, content: bytes
) -> None:
    """It is archived under another name, and so is what has the file's own name, with a receipt."""
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "wire.txt.receipt.json", content)
        await emptied(tmp_path)
        drop(tmp_path, "wire.txt", STORY.encode())
        await emptied(tmp_path)

    assert receipt_of(tmp_path, "wire.txt")["file"] == "wire.txt"
    [other] = (tmp_path / "archive").rglob("wire.txt.receipt.json.file")
    assert other.read_bytes() == content
    assert receipt_of(tmp_path, other.name)["file"] == "wire.txt.receipt.json"


async def test_a_file_named_like_a_reason_is_none(redis: Redis, tmp_path: Path) -> None:
    """The reason of another file does not overwrite it."""
    failed = tmp_path / "inbox" / ".failed"
    async with ingesting(redis, tmp_path):
        drop(tmp_path, "bad.json.reason.json", b"[")
        await emptied(tmp_path)
        drop(tmp_path, "bad.json", b"{")
        await emptied(tmp_path)

    assert (failed / "bad.json.reason.json.file").read_bytes() == b"["
    assert {note["file"] for note in shelf.failures(tmp_path / "inbox")} == {
        "bad.json",
        "bad.json.reason.json",
    }


async def test_a_file_taken_away_while_nobody_watched_is_closed(
    redis: Redis, tmp_path: Path
) -> None:
    """Its life does not stay open for ever."""
    life = Life("wire.txt", "ab" * 32, 5, 1, 1, 1_795_000_000_000, 1_795_000_000_000)
    await Ledger(redis).write([life])

    async with ingesting(redis, tmp_path):
        await ended(redis, "wire.txt", "gone")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"max_backlog": 1}, "articles wait for enrich"),
        ({"min_free_disk_bytes": 2**60}, "the archive's disk has"),
    ],
)
async def test_intake_pauses_and_says_why(
    redis: Redis, tmp_path: Path, settings: dict[str, Any], why: str
) -> None:
    """Nothing is published and nothing moved; health says what is lacking."""
    for _ in range(3):
        await redis.xadd(streams.RAW, {"data": "{}"})
    async with ingesting(redis, tmp_path, **settings) as service:
        drop(tmp_path, "wire.txt", STORY.encode())

        async def told() -> bool:
            report = service.health.report()
            return why in report["checks"]["inbox"]

        await until(told, 10)

    assert await redis.xlen(streams.RAW) == 3
    assert (tmp_path / "inbox" / "wire.txt").exists()


async def test_intake_pauses_when_redis_is_nearly_full_and_goes_on(
    redis: Redis, tmp_path: Path
) -> None:
    """Before Redis refuses writes; by itself once there is room again."""
    used = int((await redis.info("memory"))["used_memory"])
    try:
        await redis.config_set("maxmemory", used + 200_000)
        async with ingesting(redis, tmp_path, max_redis_memory_percent=50):
            drop(tmp_path, "wire.txt", STORY.encode())
            await asyncio.sleep(1)
            paused = await redis.xlen(streams.RAW) == 0
            await redis.config_set("maxmemory", 0)
            await emptied(tmp_path)
    finally:
        await redis.config_set("maxmemory", 0)

    assert paused
    assert len(await published(redis)) == 1


async def test_room_is_found_again(redis: Redis, tmp_path: Path) -> None:
    """What is lacking is looked at anew, not remembered for ever."""
    room = Room(redis, IngestSettings(archive_dir=tmp_path, max_backlog=1))
    await redis.xadd(streams.RAW, {"data": "{}"})
    await redis.xadd(streams.RAW, {"data": "{}"})
    lacking = await room.lacking()
    await redis.delete(streams.RAW)
    await asyncio.sleep(0.3)

    assert "2 articles wait for enrich" in (lacking or "")
    assert await room.lacking() is None


async def test_links_and_pipes_are_left_alone(redis: Redis, tmp_path: Path) -> None:
    """What leads out of the inbox, or never ends, is not read."""
    (tmp_path / "secret.txt").write_text(STORY)
    async with ingesting(redis, tmp_path):
        (tmp_path / "inbox" / "link.txt").symlink_to(tmp_path / "secret.txt")
        (tmp_path / "inbox" / "folder").symlink_to(tmp_path)
        os.mkfifo(tmp_path / "inbox" / "pipe.txt")
        drop(tmp_path, "good.txt", STORY.upper().encode())
        await until(lambda: _published(redis, 1))
        await asyncio.sleep(0.5)

    assert len(await published(redis)) == 1


async def test_a_name_that_is_no_utf8_is_shown_escaped(redis: Redis, tmp_path: Path) -> None:
    """The file is read and archived under its own name."""
    async with ingesting(redis, tmp_path):
        name = os.fsdecode(b"caf\xe9.txt")
        (tmp_path / "inbox" / name).write_text(STORY)
        await until(lambda: _published(redis, 1))
        await emptied(tmp_path)

    [article] = await published(redis)
    assert article.provenance.file is not None
    assert article.provenance.file.path == "caf\\xe9.txt"
    assert any(name.startswith("caf") for name in archived(tmp_path))


async def test_many_waiting_files_do_not_hold_up_one(redis: Redis, tmp_path: Path) -> None:
    """The newest and the oldest take turns."""
    async with ingesting(redis, tmp_path, batch_size=20):
        for number in range(1500):
            drop(tmp_path, f"{number}.json", b'{"uri": "urn:%d", "headline": "x"}' % number)
        drop(tmp_path, "now.json", b'{"uri": "urn:now", "headline": "x"}')
        await emptied(tmp_path, within_s=60)

    uris = [one.uri for one in await published(redis)]
    assert len(uris) == 1501
    assert uris.index("urn:now") < 1000
