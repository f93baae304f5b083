"""How a command ends whose output, or whose file, cannot be written."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as Client

from services.devstack.servers import RedisServer
from shared import streams
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter

MORE_THAN_A_PIPE_HOLDS = 1500  # letters


@pytest.fixture
def client(redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Redis with letters, which the commands use too."""
    monkeypatch.setenv("NEWSFLOW_REDIS_URL", redis_server.url)
    with Client.from_url(redis_server.url) as client:
        client.flushall()
        for number in range(MORE_THAN_A_PIPE_HOLDS):
            letter = DeadLetter(
                reason=f"not JSON: line {number}",
                cause="invalid",
                stage="enrich",
                stream=streams.RAW,
                entry_id=f"1795470694000-{number}",
                deliveries=1,
                article_id=None,
                consumer="enrich-host-1",
                original={b"data": b'{"headline": 5}'},
            )
            client.xadd(streams.DEAD, deadletters.encode(letter))
        yield client


def command(*words: str, **options: Any) -> subprocess.Popen[bytes]:
    run = [sys.executable, "-m", "services.cli", *words]
    return subprocess.Popen(run, stderr=subprocess.PIPE, **options)


@pytest.mark.usefixtures("client")
def test_a_closed_pipe_ends_a_command_quietly() -> None:
    """`| head -1` has what it wanted: exit code 0, and not a word."""
    reader, writer = os.pipe()
    with command("dead", "list", "--json", "--limit", "0", stdout=writer) as listing:
        os.close(writer)
        subprocess.run(["head", "-1"], stdin=reader, stdout=subprocess.DEVNULL, check=True)
        os.close(reader)
        _, said = listing.communicate(timeout=60)

    assert (said, listing.returncode) == (b"", 0)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("words", [["--help"], ["dead", "list"]])
def test_a_pipe_that_nobody_ever_read_does_so_too(words: list[str]) -> None:
    """Also of a table, and of a few lines, that are written at the very end."""
    reader, writer = os.pipe()
    os.close(reader)
    with command(*words, stdout=writer) as printing:
        os.close(writer)
        _, said = printing.communicate(timeout=60)

    assert (said, printing.returncode) == (b"", 0)


@pytest.mark.usefixtures("client")
def test_a_full_disk_is_not_taken_for_redis() -> None:
    """One line says what it is."""
    with (
        Path("/dev/full").open("wb") as full,
        command("dead", "list", "--json", "--limit", "0", stdout=full) as listing,
    ):
        _, said = listing.communicate(timeout=60)

    assert (said, listing.returncode) == (b"newsflow: No space left on device\n", 1)


def test_letters_that_could_not_be_kept_are_not_deleted(client: Any, tmp_path: Path) -> None:
    """The disk takes no more: what is not in the file is among the dead letters still."""
    copy = tmp_path / "old.jsonl"
    before = client.xlen(streams.DEAD)
    room = 400_000  # bytes: more than one step of 500 letters, and less than all

    with command(
        *("dead", "purge", "--all", "--yes", "--to", str(copy)),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    ) as purging:
        _, said = purging.communicate(timeout=60)

    left = client.xlen(streams.DEAD)
    assert purging.returncode == 1
    assert said.decode() == (
        f"newsflow: could not write {copy}: File too large; "
        "no letter was deleted that is not in it\n"
    )
    assert 0 < left < before
    assert copy.read_bytes().count(b"\n") >= before - left
