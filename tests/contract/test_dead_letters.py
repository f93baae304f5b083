"""The dead letters as people work with them: found, counted, sent again, deleted."""

import asyncio
import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as Client
from redis.asyncio import Redis
from typer.testing import CliRunner, Result

from services.cli import app
from services.devstack.servers import RedisServer
from shared import streams
from shared.delivery import redis_scripts
from shared.entries import wire
from shared.errors import PermanentError
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter
from shared.letters.replays import Replays
from shared.messages import FileOrigin, Provenance, RawArticle
from shared.outcome import Outcome
from tests.builders import raw_article
from tests.contract.services_in_process import (
    Recorder,
    all_acknowledged,
    dead,
    enriched,
    enriching,
    until,
)


@pytest.fixture
def client(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An empty Redis, which the commands use too."""
    monkeypatch.setenv("NEWSFLOW_REDIS_URL", redis_server.url)
    with Client.from_url(redis_server.url) as client:
        client.flushall()
        yield client


def newsflow(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, ["dead", *arguments], input=stdin)


def park(client: Any, count: int = 1, **fields: Any) -> list[str]:
    """Park letters as a stage would; return their ids."""
    given = {
        "reason": "not JSON: line 3",
        "cause": "invalid",
        "stage": "enrich",
        "stream": streams.RAW,
        "entry_id": "1795470694000-0",
        "deliveries": 1,
        "article_id": None,
        "consumer": "enrich-host-1",
        "original": {b"data": b'{"headline": 5}'},
        **fields,
    }
    parked = deadletters.encode(DeadLetter(**given))
    return [client.xadd(streams.DEAD, parked).decode() for _ in range(count)]


def left(client: Any) -> list[str]:
    return [entry_id.decode() for entry_id, _ in client.xrange(streams.DEAD)]


def of_file(path: str, **fields: Any) -> dict[bytes, bytes]:
    place = FileOrigin(path=path, sha256="0" * 64, member="a.xml", record=7, start=10, end=99)
    return wire.encode(raw_article(provenance=Provenance(file=place), **fields))


def test_a_letter_says_who_when_where_why_and_what(client: Any) -> None:
    """File, record and bytes of the file are its article's; the process is that which parked it."""
    [one] = park(client, original=of_file("wire/ap.zip", source="AP"), cause="failed", deliveries=5)

    said = newsflow("show", one).stdout
    shown = json.loads(newsflow("show", one, "--json").stdout)

    assert "file         wire/ap.zip, a.xml, record 7, bytes 10 to 99" in said
    assert "consumer     enrich-host-1" in said
    assert "source       AP" in said
    assert "replays" not in said
    assert shown["entered_at"] == "2026-11-23T21:51:34+00:00"
    assert shown["received_at"] == "2026-11-23T12:00:00Z"
    assert (shown["cause"], shown["deliveries"], shown["stage"]) == ("failed", 5, "enrich")
    assert shown["file"]["start"] == 10
    assert json.loads(shown["data"])["source"] == "AP"


def test_a_letter_that_was_sent_again_says_so(client: Any) -> None:
    """How often, and from which letters."""
    told = {b"newsflow.replayed": b'{"times":2,"letters":["1-0","2-0"]}'}
    [one] = park(client, original={b"data": b"{", **told})

    assert "replays      2, of 1-0, 2-0\n" in newsflow("show", one).stdout
    assert json.loads(newsflow("show", one, "--json").stdout)["replays"]["times"] == 2
    assert newsflow("show", one, "--raw").stdout == "{"


def test_what_redis_refuses_is_not_told_as_its_absence(client: Any) -> None:
    """Nobody is told to start what answers; times of before 1970 are refused by nobody."""
    [one] = park(client)
    listed = newsflow("list", "--since", "1900-01-01", "--json")
    none = newsflow("list", "--until", "1900-01-01", "--json")
    client.set(streams.DEAD, "a key of another kind")
    refused = newsflow("list")

    assert one in listed.stdout
    assert (none.exit_code, none.stdout.strip()) == (0, "")
    assert refused.exit_code == 1
    assert "it answers, and refuses this" in " ".join(refused.stderr.split())
    assert "newsflow up" not in refused.stderr


def test_what_is_shown_does_nothing_to_the_terminal(client: Any) -> None:
    """Whatever names and texts somebody sent."""
    evil = "\x1b]0;mine\x07\x9b2J"
    [one] = park(client, reason=evil, original={b"data": evil.encode(), b"source": evil.encode()})

    said = newsflow("show", one).stdout + newsflow("list").stdout + newsflow("reasons").stdout

    assert "\\u001b]" in said
    assert not set(said) & {"\x1b", "\x07", "\x9b"}


def test_letters_are_found_by_what_they_have_in_common(client: Any) -> None:
    """Cause, stage, reason, source, file and time."""
    [file] = park(client, original=of_file("wire/ap.zip", source="AP"))
    [bug] = park(client, cause="failed", reason="KeyError: 'x'", stage="store")

    def found(*options: str) -> list[str]:
        lines = newsflow("list", "--json", *options).stdout.splitlines()
        return [json.loads(line)["id"] for line in lines]

    assert found() == [bug, file]
    assert found("--limit", "1") == [bug]
    assert found("--cause", "failed") == [bug]
    assert found("--stage", "enrich") == [file]
    assert found("--reason", "keyerror") == [bug]
    assert found("--source", "AP") == found("--file", "ap.*") == [file]
    assert found("--since", "1h") == [bug, file]
    assert found("--until", "1h") == []
    assert newsflow("list", "--cause", "unlucky").exit_code == 2


def test_what_kinds_there_are_is_the_first_question(client: Any) -> None:
    """The most frequent first; filters hold as for the list."""
    for line in range(3):
        newest = park(client, reason=f"not JSON: line {line}")
    park(client, reason="a bug", cause="failed")

    kinds = [json.loads(line) for line in newsflow("reasons", "--json").stdout.splitlines()]
    table = newsflow("reasons", "--cause", "invalid").stdout

    assert [(kind["count"], kind["cause"], kind["reason"]) for kind in kinds] == [
        (3, "invalid", "not JSON: line N"),
        (1, "failed", "a bug"),
    ]
    assert kinds[0]["newest"] == newest[0]
    assert "100%" in table
    assert "a bug" not in table


def test_letters_are_sent_again_by_what_they_have_in_common(client: Any) -> None:
    """Oldest first; a dry run only says so."""
    first = park(client, 3)
    park(client, cause="failed")

    would = newsflow("replay", "--cause", "invalid", "--dry-run")
    before = left(client)
    did = newsflow("replay", "--cause", "invalid", "--json")

    assert would.stderr == "3 would be sent again\n"
    assert len(before) == 4
    assert did.stderr == "3 sent again\n"
    lines = [json.loads(line) for line in did.stdout.splitlines()]
    assert [line["letter"] for line in lines] == first
    sent = client.xrange(streams.RAW)
    assert [line["entry_id"] for line in lines] == [entry_id.decode() for entry_id, _ in sent]
    assert len(left(client)) == 1


def test_many_are_sent_again_only_after_a_yes(client: Any) -> None:
    """Without a terminal to ask at, nothing is done."""
    park(client, 101)

    asked = newsflow("replay", "--all")
    done = newsflow("replay", "--all", "--yes")

    assert asked.exit_code == 1
    assert "nothing was done: Send 101 dead letters again? Say --yes" in asked.stderr
    assert done.stderr == "101 sent again\n"
    assert (client.xlen(streams.RAW), left(client)) == (101, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "name the letters, say what they have in common"),
        (["purge"], "name the letters, say what they have in common"),
        (["purge", "1-1", "--all"], "not both"),
        (["replay", "1-1", "--cause", "failed"], "not both"),
        (["replay", "--all", "--data", "x"], "--data mends one letter"),
    ],
)
def test_what_is_meant_has_to_be_clear(client: Any, arguments: list[str], said: str) -> None:
    """Exit code 2, and nothing is done."""
    park(client)

    ended = newsflow(*arguments)

    assert ended.exit_code == 2
    assert said in ended.stderr
    assert len(left(client)) == 1


def test_purging_asks_keeps_a_copy_and_says_how_many(client: Any, tmp_path: Path) -> None:
    """For good: so only after a yes, and the file holds all of each."""
    park(client, 3, original={b"data": b"\xff{", b"x": b"y"})
    [other] = park(client, cause="failed")
    copy = tmp_path / "letters.jsonl"

    would = newsflow("purge", "--cause", "invalid", "--dry-run")
    asked = newsflow("purge", "--cause", "invalid")
    before = left(client)
    done = newsflow("purge", "--cause", "invalid", "--to", str(copy), "--yes")
    again = newsflow("purge", "--all", "--to", str(copy), "--yes")

    assert would.stderr == "3 would be deleted\n"
    assert asked.exit_code == 1
    assert "Delete 3 dead letters? This cannot be undone; --to FILE keeps them" in asked.stderr
    assert len(before) == 4
    assert done.stderr == f"3 deleted; they are in {copy}\n"
    assert left(client) == [other]
    kept = [json.loads(line) for line in copy.read_text().splitlines()]
    assert [one["original"] for one in kept] == [[["data", {"base64": "/3s="}], ["x", "y"]]] * 3
    assert again.exit_code == 1
    assert "--to makes a new file" in again.stderr


@pytest.mark.long
@pytest.mark.parametrize(("answer", "left_over"), [(b"n\n", 3), (b"\n", 3), (b"y\n", 0)])
def test_purging_waits_for_a_yes_at_a_terminal(client: Any, answer: bytes, left_over: int) -> None:
    """Anything else is a no."""
    park(client, 3)
    terminal, ours = pty.openpty()

    with subprocess.Popen(
        [sys.executable, "-m", "services.cli", "dead", "purge", "--all"],
        stdin=ours,
        stdout=ours,
        stderr=ours,
    ) as process:
        os.close(ours)
        said = b""
        while b"[y/n]" not in said:
            said += os.read(terminal, 1000)
        before = len(left(client))
        os.write(terminal, answer)
        code = process.wait(30)
    os.close(terminal)

    assert b"Delete 3 dead letters? This cannot be undone" in said
    assert (before, len(left(client)), code) == (3, left_over, 1 if left_over else 0)


async def test_replaying_and_purging_at_once_does_only_one(redis: Redis) -> None:
    """Whichever comes first; hundred letters, both told to take all."""
    client: Any = redis
    for number in range(100):
        fields = {b"data": b'{"headline": "%d"}' % number}
        parked = DeadLetter(
            reason="no reason",
            cause="failed",
            stage="enrich",
            stream=streams.RAW,
            entry_id="1-1",
            deliveries=5,
            article_id=None,
            original=fields,
        )
        await client.xadd(streams.DEAD, deadletters.encode(parked))
    letters = await dead(redis)

    async def purge() -> list[int]:
        return [await deadletters.purge(redis, {one.letter_id: one.owner}) for one in letters]

    async def replay() -> list[str | None]:
        return [await deadletters.replay(redis, one) for one in reversed(letters)]

    purged, replayed = await asyncio.gather(purge(), replay())

    sent = len([one for one in replayed if one])
    assert sent + sum(purged) == 100
    assert await redis.xlen(streams.RAW) == sent
    assert 0 < sent < 100
    assert await dead(redis) == []


async def test_a_letter_that_dies_again_keeps_its_chain(redis: Redis) -> None:
    """Its article is as it was sent; how often it was sent again, and from where, is beside it."""
    client: Any = redis
    await client.xadd(streams.RAW, {"data": '{"headline": 5}'})

    chain: list[str] = []
    async with enriching(redis, Recorder()):
        for _ in range(3):
            await until(lambda: all_acknowledged(redis))
            [letter] = await dead(redis)
            chain.append(letter.letter_id)
            await deadletters.replay(redis, letter)
        await until(lambda: all_acknowledged(redis))
        [letter] = await dead(redis)

    assert letter.replays == Replays(3, tuple(chain))
    assert letter.data == b'{"headline": 5}'
    assert letter.sent == {b"data": b'{"headline": 5}'}
    assert letter.reason == "`headline`: input should be a valid string, got 5"


async def test_the_next_stage_knows_that_an_article_was_sent_again(redis: Redis) -> None:
    """So a letter of store tells of one of enrich."""
    client: Any = redis
    refuse = True

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        return [PermanentError("no")] if refuse else list(await Recorder()(articles))

    await client.xadd(streams.RAW, {"data": '{"headline": "H"}', "newsflow.replayed": "made up"})
    async with enriching(redis, handler):
        await until(lambda: all_acknowledged(redis))
        [letter] = await dead(redis)
        refuse = False
        await deadletters.replay(redis, letter)
        await until(lambda: all_acknowledged(redis))

    [[_, fields]] = await client.xrange(streams.ENRICHED)
    assert await enriched(redis) == ["H"]
    assert json.loads(fields[b"newsflow.replayed"]) == {"times": 1, "letters": [letter.letter_id]}


async def test_pages_are_as_large_as_their_letters_allow(redis: Redis) -> None:
    """A page ends with the letter that fills it: some hundred small ones, or one large."""
    client: Any = redis
    sizes = [10, 10, 3_000, 10, 5_000, 10]
    ids = [await client.xadd(streams.DEAD, {"x": "y" * size}) for size in sizes]
    read = redis.register_script(redis_scripts.PAGE)

    async def pages(command: str, at: str, end: str, most: int) -> list[list[bytes]]:
        found: list[list[bytes]] = []
        while page := await read(keys=[streams.DEAD], args=[command, at, end, 2_000, most]):
            found.append([entry_id for entry_id, _ in page])
            at = f"({page[-1][0].decode()}"
        return found

    assert await pages("XRANGE", "-", "+", 500) == [ids[:3], ids[3:5], ids[5:]]
    assert await pages("XREVRANGE", "+", "-", 500) == [ids[:3:-1], ids[3:1:-1], ids[1::-1]]
    assert await pages("XRANGE", "-", "+", 1) == [[one] for one in ids]
