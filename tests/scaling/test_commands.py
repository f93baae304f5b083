"""The command over partitions: it spreads what it publishes, and looks at one after the other."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as Client
from redis.asyncio import Redis

from services import cli
from services.devstack.servers import RedisServer
from shared import streams
from shared.errors import PermanentError
from shared.identity import article_id
from shared.partitions import client, partition_of
from tests.contract.services_in_process import (
    all_acknowledged,
    dead,
    enriched,
    enriching,
    passed_on,
    until,
)
from tests.contract.test_inbox import emptied, ingesting

PARTITIONS = "north,south"
COUNT = 12


@pytest.fixture(autouse=True)
def _environment(
    redis: Redis,  # noqa: ARG001 (empty)
    redis_server: RedisServer,
    mongo_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEWSFLOW_REDIS_URL", redis_server.url)
    monkeypatch.setenv("NEWSFLOW_MONGO_URL", mongo_url)
    monkeypatch.setenv("NEWSFLOW_PARTITIONS", PARTITIONS)
    monkeypatch.setenv("NEWSFLOW_PARTITION", "")


def said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> tuple[int, list[dict[str, Any]]]:
    """Return the exit code of a command, and the JSON lines that it printed."""
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "argv", ["newsflow", *words])
        patch.setenv("NEWSFLOW_PARTITION", "")
        with pytest.raises(SystemExit) as ended:
            cli.main()
    code = ended.value.code
    return int(code or 0), [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_articles_are_spread_and_looked_at_in_turn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was published is unread in the partition of its identity; the worst exit code counts."""
    uris = [f"urn:north-or-south:{number}" for number in range(COUNT)]
    stories = [{"uri": uri, "headline": f"Storm {uri}", "body": "Closed."} for uri in uris]
    Path("wire.jsonl").write_text("\n".join(map(json.dumps, stories)))

    code, published = said(monkeypatch, capsys, "publish", "wire.jsonl", "--json")
    status, views = said(monkeypatch, capsys, "status", "--json")
    wrong, books = said(monkeypatch, capsys, "reconcile", "--quick", "--json")
    found, ways = said(monkeypatch, capsys, "trace", published[0]["article_id"], "--json")
    nowhere, _ = said(monkeypatch, capsys, "trace", "0" * 32, "--json")
    one, [south] = said(monkeypatch, capsys, "--partition", "south", "status", "--json")
    _, [stored] = said(monkeypatch, capsys, "--partition", "south", "query", "--count", "--json")

    ids = {article_id(uri=uri, guid=None, url=None, source=None, text="") for uri in uris}
    shares = [sum(partition_of(known, 2) == number for known in ids) for number in (0, 1)]
    assert (code, status, wrong, found, nowhere, one) == (0, 0, 0, 0, 1, 0)
    assert {line["article_id"] for line in published} == ids
    assert all(shares)
    assert [view["partition"] for view in views] == ["north", "south"]
    assert [view["stages"][1]["lag"] for view in views] == shares
    assert [book["in_flight"] for book in books] == shares
    assert sorted(way["found"] for way in ways) == [False, True]
    assert (south["partition"], south["stages"][1]["lag"]) == ("south", shares[1])
    assert stored == {"articles": 0}  # MongoDB is shared


async def test_a_receipt_is_looked_at_in_its_own_partition(
    redis: Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What it names is on its way there, though the other partition is at rest."""
    monkeypatch.setenv("NEWSFLOW_PARTITION", "")
    async with ingesting(redis, tmp_path, partition="south"):
        (tmp_path / "inbox" / "wire.jsonl").write_text('{"headline": "Storm", "body": "Closed."}\n')
        await emptied(tmp_path)

    code, books = await asyncio.to_thread(said, monkeypatch, capsys, "reconcile", "--json")

    assert (code, [book["findings"] for book in books]) == (0, [[], []])
    assert [book["articles"] for book in books] == [0, 1]
    [receipt] = (tmp_path / "archive").rglob("*.receipt.json")
    assert json.loads(receipt.read_text())["partition"] == "south"
    assert said(monkeypatch, capsys, "receipt", "wire.jsonl", "--json")[1] == [
        {**json.loads(receipt.read_text()), "receipt": receipt.relative_to(tmp_path).as_posix()}
    ]


def test_purged_letters_are_kept_in_a_file_of_each_partition(
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A new file is made for each: none is written over, and no partition is left out."""
    letter = {"cause": "invalid", "stage": "enrich", "deliveries": 1, "article_id": ""}
    of = {"stream": streams.RAW, "entry_id": "1-1"}
    with Client.from_url(redis_server.url) as redis:
        for name in PARTITIONS.split(","):
            fields: dict[Any, Any] = {**letter, **of, "reason": name}
            redis.xadd(f"{{{name}}}.{streams.DEAD}", fields)
    words = ("dead", "purge", "--all", "--yes", "--to", "old.jsonl")

    code, _ = said(monkeypatch, capsys, *words)

    kept = {path.name: json.loads(path.read_text())["reason"] for path in tmp_path.glob("old*")}
    assert code == 0
    assert kept == {"old.north.jsonl": "north", "old.south.jsonl": "south"}


async def test_a_stage_works_on_its_partition_alone(
    redis: Redis, redis_server: RedisServer
) -> None:
    """All it writes is under its tag; letters, counters and names are those of everybody."""

    async def handler(articles: Any) -> Any:
        return [
            PermanentError("no") if one.headline == "bad" else passed_on(one) for one in articles
        ]

    north, south = (client(redis_server.url, name) for name in PARTITIONS.split(","))
    for headline in ("good", "bad"):
        await north.xadd(streams.RAW, {"data": json.dumps({"headline": headline, "body": "x"})})
    await south.xadd(streams.RAW, {"data": json.dumps({"headline": "other", "body": "x"})})
    async with enriching(redis, handler, partition="north"):
        await until(lambda: all_acknowledged(north))
        keys = {key async for key in redis.scan_iter()}
        letters = await dead(north)
        passed, untouched = await enriched(north), await south.xlen(streams.RAW)
        counted = await north.hgetall(streams.ACCOUNTS)
    await north.aclose()
    await south.aclose()

    assert passed == ["good"]
    assert [(letter.stream, letter.reason) for letter in letters] == [(streams.RAW, "no")]
    assert (counted[b"enrich:enriched"], counted[b"dead:parked"]) == (b"1", b"1")
    assert untouched == 1
    assert keys == {
        *(
            f"{{north}}.articles.{name}".encode()
            for name in ("raw", "enriched", "dead", "accounts")
        ),
        b"{south}.articles.raw",
    }
