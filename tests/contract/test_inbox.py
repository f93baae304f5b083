"""What happens to files, on a real folder and a real Redis."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from redis.asyncio import Redis

from services.ingest import handler
from services.ingest.app import create
from services.ingest.handler import File, Read, read
from services.ingest.ledger import Ledger, Life, Step
from services.ingest.settings import IngestSettings
from shared import streams
from shared.entries import wire
from shared.messages import RawArticle
from shared.service import Service
from tests.contract.services_in_process import until

STORY = "Harbour reopens\nPORT VESPER, Nov. 23 (Test Wire) - The harbour reopened on Monday.\n"


@asynccontextmanager
async def ingesting(redis: Redis, folder: Path, **settings: Any) -> AsyncIterator[Service]:
    """Run ingest on `folder` until the block ends."""
    options = redis.connection_pool.connection_kwargs
    quick = {"sweep_every_ms": 100, "settle_ms": 100, "stalled_after_ms": 600}
    service = create(
        IngestSettings(
            inbox_dir=folder / "inbox",
            archive_dir=folder / "archive",
            **{"redis_url": f"redis://{options['host']}:{options['port']}/0", **quick, **settings},
        )
    )
    async with service.app.start_lifespan_context():
        yield service


async def published(redis: Redis) -> list[RawArticle]:
    client: Any = redis
    return [
        wire.decode(fields, RawArticle, stream="", entry_id=id_.decode())
        for id_, fields in await client.xrange(streams.RAW)
    ]


async def emptied(folder: Path, within_s: float = 10) -> None:
    """Wait until no file is left in the inbox itself."""

    async def empty() -> bool:
        inbox = folder / "inbox"
        return inbox.is_dir() and not [p for p in inbox.rglob("[!.]*.*") if _waits(p)]

    await until(empty, within_s)


def _waits(path: Path) -> bool:
    return path.is_file() and ".failed" not in path.parts


def archived(folder: Path) -> dict[str, str]:
    """Return the files below the archive's day, by name."""
    found = [path for path in (folder / "archive").rglob("*") if path.is_file()]
    found = [path for path in found if not path.name.endswith(".receipt.json")]
    return {
        "/".join(path.relative_to(folder / "archive").parts[1:]): path.read_text() for path in found
    }


async def test_a_file_moved_in_is_published_and_archived(redis: Redis, tmp_path: Path) -> None:
    """The usual way: written elsewhere, moved in whole."""
    (tmp_path / "story.txt").write_text(STORY)

    async with ingesting(redis, tmp_path):
        (tmp_path / "story.txt").rename(tmp_path / "inbox" / "story.txt")
        await emptied(tmp_path)

    [article] = await published(redis)
    assert article.body == STORY.strip()
    assert article.provenance.file is not None
    assert article.provenance.file.path == "story.txt"
    assert archived(tmp_path) == {"story.txt": STORY}


async def test_a_file_being_written_is_read_when_it_is_closed(redis: Redis, tmp_path: Path) -> None:
    """Nothing of a file is published before its writer is done, however slow."""
    async with ingesting(redis, tmp_path, stalled_after_ms=60_000):
        with (tmp_path / "inbox" / "slow.txt").open("w") as file:
            for line in STORY.splitlines(keepends=True):
                file.write(line)
                file.flush()
                await asyncio.sleep(0.5)
            before = await published(redis)
        await emptied(tmp_path)

    assert before == []
    [article] = await published(redis)
    assert article.body == STORY.strip()


async def test_a_file_that_was_open_before_the_start_is_left_alone(
    redis: Redis, tmp_path: Path
) -> None:
    """No event told of it, but the kernel knows that somebody is writing."""
    (tmp_path / "inbox").mkdir()
    with (tmp_path / "inbox" / "open.txt").open("w") as file:
        file.write(STORY[:20])
        file.flush()
        async with ingesting(redis, tmp_path, stalled_after_ms=60_000):
            await asyncio.sleep(1)
            before = await published(redis)
            file.write(STORY[20:])
            file.close()
            await emptied(tmp_path)

    assert before == []
    [article] = await published(redis)
    assert article.body == STORY.strip()


async def test_a_writer_that_never_closes_is_waited_for_and_then_read(
    redis: Redis, tmp_path: Path
) -> None:
    """A file quiet for `stalled_after_ms` is taken as it is."""
    async with ingesting(redis, tmp_path):
        with (tmp_path / "inbox" / "open.txt").open("w") as file:
            file.write(STORY)
            file.flush()
            await emptied(tmp_path)

    assert len(await published(redis)) == 1


async def test_files_that_arrived_while_nobody_watched_are_found(
    redis: Redis, tmp_path: Path
) -> None:
    """The inbox is searched at the start, subfolders too; each name is kept in the archive."""
    for name in ("a.txt", "desk/a.txt", "desk/north/b.txt"):
        path = tmp_path / "inbox" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n{STORY}")

    async with ingesting(redis, tmp_path):
        await emptied(tmp_path)

    assert {
        article.provenance.file.path
        for article in await published(redis)
        if article.provenance.file
    } == {
        "a.txt",
        "desk/a.txt",
        "desk/north/b.txt",
    }
    assert archived(tmp_path).keys() == {"a.txt", "desk/a.txt", "desk/north/b.txt"}


async def test_a_folder_made_while_watching_is_watched_too(redis: Redis, tmp_path: Path) -> None:
    """Files dropped into a new subfolder need no search."""
    async with ingesting(redis, tmp_path, sweep_every_ms=600_000):
        await asyncio.sleep(0.3)
        (tmp_path / "inbox" / "new" / "deep").mkdir(parents=True)
        await asyncio.sleep(0.3)
        (tmp_path / "inbox" / "new" / "deep" / "story.txt").write_text(STORY)
        await emptied(tmp_path)

    assert len(await published(redis)) == 1


async def test_names_that_say_not_yet_are_passed_over(redis: Redis, tmp_path: Path) -> None:
    """Half-uploaded and hidden files stay where they are."""
    names = ("story.txt.part", "story.tmp", ".hidden.txt", "story.txt~", ".story.txt.swp")
    inbox = tmp_path / "inbox"
    inbox.mkdir()

    async with ingesting(redis, tmp_path):
        for name in names:
            (inbox / name).write_text(STORY)
        await asyncio.sleep(0.5)

    assert await published(redis) == []
    assert {path.name for path in inbox.iterdir()} == set(names)


async def test_a_link_is_not_followed(redis: Redis, tmp_path: Path) -> None:
    """What stands outside the inbox is not read through it."""
    (tmp_path / "secret.txt").write_text(STORY)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "link.txt").symlink_to(tmp_path / "secret.txt")

    async with ingesting(redis, tmp_path):
        await asyncio.sleep(0.5)

    assert await published(redis) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.txt", b"", "empty"),
        ("blank.txt", b" \n\n", "empty: nothing but white space"),
        (
            "half.json",
            b'{"headline": "A", "bo',
            "not JSON (line 1, column 22): unexpected end of data",
        ),
        ("list.json", b"[1]", "a JSON number; an article is a JSON object"),
        ("wrong.json", b'{"headline": 5}', "`headline`: input should be a valid string, got 5"),
        ("none.json", b"{}", "neither `headline` nor `body` holds any text"),
        ("image.txt", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "not text: it holds binary data"),
        ("deep.json", b"[" * 100_000, "not JSON (column 1026): depth limit exceeded"),
    ],
)
async def test_a_file_that_holds_no_article_is_put_aside_with_its_reason(
    redis: Redis, tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    """The file whole, and beside it a note that says why; its neighbour goes through."""
    async with ingesting(redis, tmp_path):
        (tmp_path / "inbox" / name).write_bytes(content)
        (tmp_path / "inbox" / "good.txt").write_text(STORY)
        await emptied(tmp_path)

    failed = tmp_path / "inbox" / ".failed"
    note = json.loads((failed / f"{name}.reason.json").read_text())
    assert (failed / name).read_bytes() == content
    assert (note["file"], note["reason"], note["bytes"]) == (name, reason, len(content))
    assert len(await published(redis)) == 1


async def test_a_file_over_the_limit_is_put_aside_unread(redis: Redis, tmp_path: Path) -> None:
    """The reason names the size, the limit and the setting."""
    async with ingesting(redis, tmp_path, max_file_bytes=50):
        (tmp_path / "inbox" / "big.txt").write_text(STORY)
        await emptied(tmp_path)

    note = json.loads((tmp_path / "inbox" / ".failed" / "big.txt.reason.json").read_text())
    assert (
        note["reason"]
        == f"too large: {len(STORY)} bytes; the limit is 50 (NEWSFLOW_MAX_FILE_BYTES)"
    )


async def test_an_article_over_the_limit_is_put_aside(redis: Redis, tmp_path: Path) -> None:
    """It would be parked by the next stage; so the file is kept where its sender looks."""
    async with ingesting(redis, tmp_path, max_article_bytes=100):
        (tmp_path / "inbox" / "long.txt").write_text(STORY)
        await emptied(tmp_path)

    note = json.loads((tmp_path / "inbox" / ".failed" / "long.txt.reason.json").read_text())
    assert "the limit is 100 (NEWSFLOW_MAX_ARTICLE_BYTES)" in note["reason"]
    assert await published(redis) == []


async def test_another_file_of_the_same_name_overwrites_nothing(
    redis: Redis, tmp_path: Path
) -> None:
    """Both are archived, the newcomer with a part of its hash in its name."""
    async with ingesting(redis, tmp_path):
        for text in (STORY, STORY.upper()):
            (tmp_path / "inbox" / "story.txt").write_text(text)
            await emptied(tmp_path)

    assert sorted(archived(tmp_path).values()) == sorted([STORY, STORY.upper()])


async def test_a_file_replaced_while_it_was_published_is_read_too(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is moved away is what was read: a newcomer under its name goes back and is read."""
    advance = Ledger.advance

    async def publish_and_replace(ledger: Ledger, steps: Sequence[Step]) -> list[Life]:
        lives = await advance(ledger, steps)
        newcomer = tmp_path / "newcomer"
        if not newcomer.exists() and not (tmp_path / "done").exists():
            (tmp_path / "done").touch()
            newcomer.write_text(STORY.upper())
            newcomer.rename(tmp_path / "inbox" / "story.txt")
        return lives

    monkeypatch.setattr(Ledger, "advance", publish_and_replace)
    async with ingesting(redis, tmp_path):
        (tmp_path / "inbox" / "story.txt").write_text(STORY)
        await until(lambda: _published_count(redis, 2))
        await emptied(tmp_path)

    assert {article.body for article in await published(redis)} == {
        STORY.strip(),
        STORY.upper().strip(),
    }


async def test_a_file_that_cannot_be_moved_is_published_once(redis: Redis, tmp_path: Path) -> None:
    """Without room in the archive the file waits; health says so; it is not published again."""
    (tmp_path / "archive").write_text("a file where the folder should be")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (tmp_path / "archive").unlink()

    async with ingesting(redis, tmp_path) as service:
        (tmp_path / "archive").rmdir()
        (tmp_path / "archive").write_text("in the way")
        (inbox / "story.txt").write_text(STORY)
        await until(lambda: _published_count(redis, 1))
        await asyncio.sleep(1.5)
        report = service.health.report()
        (tmp_path / "archive").unlink()
        await emptied(tmp_path)

    assert (
        report["checks"]["inbox"] == "cannot move 1 published files out of the inbox, see the log"
    )
    assert len(await published(redis)) == 1


async def test_a_file_put_back_after_mending_goes_through(redis: Redis, tmp_path: Path) -> None:
    """Moving a failed file into the inbox tries it again."""
    async with ingesting(redis, tmp_path):
        (tmp_path / "inbox" / "story.json").write_text('{"headline": 5}')
        await emptied(tmp_path)
        failed = tmp_path / "inbox" / ".failed" / "story.json"
        failed.write_text('{"headline": "Five"}')
        os.rename(failed, tmp_path / "inbox" / "story.json")  # noqa: PTH104 (as `mv` does)
        await emptied(tmp_path)

    [article] = await published(redis)
    assert article.headline == "Five"


async def _published_count(redis: Redis, count: int) -> bool:
    return len(await published(redis)) == count


async def test_a_bug_harms_its_file_only(
    redis: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unexpected error puts the file aside, whole; its neighbours go through."""

    def buggy(stream: BinaryIO, file: File, **how: Any) -> Iterator[Read]:
        if file.path == "b.txt":
            msg = "not thought of"
            raise ValueError(msg)
        return read(stream, file, **how)

    monkeypatch.setattr(handler, "read", buggy)
    async with ingesting(redis, tmp_path):
        for name, text in (("a.txt", STORY), ("b.txt", "BUG"), ("c.txt", STORY.upper())):
            (tmp_path / "inbox" / name).write_text(text)
        await emptied(tmp_path)

    note = json.loads((tmp_path / "inbox" / ".failed" / "b.txt.reason.json").read_text())
    assert note["reason"] == "a bug in Newsflow: ValueError: not thought of"
    assert len(await published(redis)) == 2
