"""`newsflow reenrich`, as people and scripts use it after an upgrade."""

import json
import os
import pty
import subprocess
import sys
from typing import Any

import pytest
from pymongo import MongoClient

from tests.app.conftest import WITHIN_S, Running, running

__all__ = ["running"]  # the fixture

STORY = {
    "uri": "urn:test:reenrich",
    "source": "Old Desk",
    "headline": "Ministers of Ghana and Mali meet in Accra",
    "body": "ACCRA, Nov. 20 (Test Wire) - Foreign ministers of Ghana and Mali met on Friday.",
}
ONLY = ("--source", "Old Desk")


@pytest.fixture(scope="module")
def fresh(running: Running) -> dict[str, Any]:
    """A stored article, as today's tools read it."""
    running.newsflow("publish", "-", stdin=json.dumps(STORY))
    return running.document(uri=STORY["uri"])


@pytest.fixture
def outdated(running: Running, fresh: dict[str, Any]) -> dict[str, Any]:
    """The article as if an older version had read it: other names, no dateline."""
    kept = [one for one in fresh["entities"] if one["name"] != "Mali"]
    change = {
        "$set": {
            "entities": [*kept, {**kept[0], "name": "Atlantis", "type": "place"}],
            "tools.topics.version": "older",
        },
        "$unset": {"dateline": ""},
    }
    with MongoClient[dict[str, Any]](running.address.mongo_url) as client:
        client["newsflow"]["articles"].update_one({"_id": fresh["_id"]}, change)
    return running.document(uri=STORY["uri"])


def on_a_terminal(running: Running, typed: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command where somebody types."""
    here, there = pty.openpty()
    os.write(here, f"{typed}\n".encode())
    ended = subprocess.run(
        [sys.executable, "-m", "services.cli", "reenrich", *options],
        cwd=running.folder,
        stdin=there,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    os.close(here)
    os.close(there)
    return ended


def test_a_dry_run_shows_what_differs_and_changes_nothing(
    running: Running, outdated: dict[str, Any]
) -> None:
    """By article, and together."""
    ended = running.newsflow("reenrich", "--dry-run", *ONLY)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"{outdated['_id']}  {STORY['headline']}\n" in ended.stdout
    assert "  dateline   + ACCRA, Nov. 20 (Test Wire)\n" in ended.stdout
    assert "  entities   + Mali (place)  - Atlantis (place)\n" in ended.stdout
    assert "1 articles read again: 1 differ, 0 are read alike by other tools" in ended.stdout
    assert "most often added: Mali (place) 1" in ended.stdout
    assert running.document(uri=STORY["uri"]) == outdated


def test_nothing_is_written_after_a_no(running: Running, outdated: dict[str, Any]) -> None:
    """It asks, where somebody can answer."""
    ended = on_a_terminal(running, "n", *ONLY)

    assert ended.stderr == "Write to 1 articles? [y/n] (n): 0 articles written\n"
    assert running.document(uri=STORY["uri"]) == outdated


@pytest.mark.usefixtures("outdated")
def test_what_was_shown_is_written_after_a_yes_and_the_next_run_finds_nothing(
    running: Running, fresh: dict[str, Any]
) -> None:
    """The document is as today's tools read it, and when; nothing else of it changes."""
    ended = on_a_terminal(running, "y", *ONLY, "--json")
    after = running.document(uri=STORY["uri"])
    again = running.newsflow("reenrich", "--yes", *ONLY)

    article, end = map(json.loads, ended.stdout.splitlines())
    assert article["changes"]["entities"] == {"+": ["Mali (place)"], "-": ["Atlantis (place)"]}
    assert end["summary"]["written"] == 1
    assert after["enriched_at"] > fresh["enriched_at"]
    assert {**after, "enriched_at": 0} == {**fresh, "enriched_at": 0}
    assert "0 articles read again" in again.stdout


def test_what_was_passed_on_unread_is_read(running: Running, fresh: dict[str, Any]) -> None:
    """NEWSFLOW_READ_LATER stores no tool and no tag; afterwards only the signature is missing."""
    unread: dict[str, Any] = {"tools": {}, "entities": [], "topics": [], "quotes": []}
    learned = dict.fromkeys(("language", "dateline", "signature"), "")
    with MongoClient[dict[str, Any]](running.address.mongo_url) as client:
        change = {"$set": unread, "$unset": learned}
        client["newsflow"]["articles"].update_one({"_id": fresh["_id"]}, change)

    ended = running.newsflow("reenrich", "--yes", *ONLY)

    assert "1 articles written" in ended.stderr
    after = running.document(uri=STORY["uri"])
    tools = {made: tool for made, tool in fresh["tools"].items() if made != "signature"}
    wanted = {name: value for name, value in fresh.items() if name != "signature"}
    assert {**after, "enriched_at": 0} == {**wanted, "tools": tools, "enriched_at": 0}


def test_without_a_terminal_it_says_what_to_type(running: Running) -> None:
    """Nobody can be asked: nothing is read, nothing changes."""
    ended = running.newsflow("reenrich", stdin="y\n")

    assert ended.returncode == 1
    assert ended.stderr == (
        "newsflow: nothing changed: say --dry-run to see what differs, or --yes to write it\n"
    )


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("{", "newsflow: --where is not JSON: "),
        ("[]", "newsflow: --where is no JSON object"),
    ],
)
def test_a_filter_that_is_none_is_wrong_usage(running: Running, where: str, said: str) -> None:
    """One line, exit code 2."""
    ended = running.newsflow("reenrich", "--dry-run", "--where", where)

    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert len(ended.stderr.splitlines()) == 1


def test_all_reads_what_is_up_to_date_too(running: Running) -> None:
    """A filter chooses among all; times are MongoDB's extended JSON; a limit holds."""
    for number in range(2):
        story = {**STORY, "uri": f"urn:test:all:{number}", "source": "New Desk"}
        running.newsflow("publish", "-", stdin=json.dumps(story))
        running.document(uri=story["uri"])
    where = json.dumps({"source": "New Desk", "received_at": {"$gt": {"$date": 0}}})

    ended = running.newsflow("reenrich", "--all", "--where", where, "--limit", "1", "--dry-run")

    assert "1 articles read again: 0 differ, 0 are read alike" in ended.stdout
