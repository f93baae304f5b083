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


@pytest.fixture
def outdated(running: Running) -> dict[str, Any]:
    """A stored article as if an older version had read it: other names, no topics."""
    running.newsflow("publish", "-", stdin=json.dumps(STORY))
    document = running.document(uri=STORY["uri"])
    kept = [one for one in document["entities"] if one["name"] != "Mali"]
    atlantis = {**kept[0], "name": "Atlantis", "type": "place"}
    with MongoClient[dict[str, Any]](running.address.mongo_url) as client:
        client["newsflow"]["articles"].update_one(
            {"_id": document["_id"]},
            {
                "$set": {"entities": [*kept, atlantis], "tools.topics.version": "older"},
                "$unset": {"dateline": ""},
            },
        )
    return document


def test_a_dry_run_shows_what_differs_and_changes_nothing(
    running: Running, outdated: dict[str, Any]
) -> None:
    """By article and together, for people and for programs."""
    before = running.document(uri=STORY["uri"])

    shown = running.newsflow("reenrich", "--dry-run", *ONLY)
    told = running.newsflow("reenrich", "--dry-run", *ONLY, "--json")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"{outdated['_id']}  {STORY['headline']}\n" in shown.stdout
    assert "  entities   + Mali (place)  - Atlantis (place)\n" in shown.stdout
    assert "1 articles read again: 1 differ, 0 are read alike by other tools" in shown.stdout
    assert "most often added: Mali (place) 1" in shown.stdout
    article, end = map(json.loads, told.stdout.splitlines())
    assert article["changes"]["dateline"] == {"+": ["ACCRA, Nov. 20 (Test Wire)"]}
    assert end["summary"]["changes"]["entities"] == {"+": 1, "-": 1}
    assert running.document(uri=STORY["uri"]) == before


def test_yes_writes_it_and_the_next_run_finds_nothing(
    running: Running, outdated: dict[str, Any]
) -> None:
    """The document is as today's tools read it, and when; nothing else of it changes."""
    ended = running.newsflow("reenrich", "--yes", *ONLY)
    after = running.document(uri=STORY["uri"])
    again = running.newsflow("reenrich", "--yes", *ONLY)

    assert (ended.returncode, ended.stderr) == (0, "1 articles written\n")
    assert after.pop("enriched_at") > outdated.pop("enriched_at")
    assert after == outdated
    assert "0 articles read again" in again.stdout


@pytest.mark.parametrize(("typed", "written"), [("n", 0), ("y", 1)])
def test_on_a_terminal_it_asks_before_it_writes(
    running: Running, outdated: dict[str, Any], typed: str, written: int
) -> None:
    """What was shown is written after a yes, and nothing after a no."""
    here, there = pty.openpty()
    os.write(here, f"{typed}\n".encode())

    ended = subprocess.run(
        [sys.executable, "-m", "services.cli", "reenrich", *ONLY],
        cwd=running.folder,
        stdin=there,
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    os.close(here)
    os.close(there)

    assert ended.stderr == f"Write to 1 articles? [y/n] (n): {written} articles written\n"
    assert (running.document(uri=STORY["uri"])["entities"] == outdated["entities"]) == bool(written)


def test_without_a_terminal_it_says_what_to_type(running: Running) -> None:
    """Nobody can be asked: nothing is read, nothing changes."""
    ended = running.newsflow("reenrich", stdin="y\n")

    assert ended.returncode == 1
    assert ended.stderr == (
        "newsflow: nothing changed: say --dry-run to see what differs, or --yes to write it\n"
    )


@pytest.mark.parametrize(
    ("where", "code", "said"),
    [
        ("{", 2, "newsflow: --where is not JSON: "),
        ("[]", 2, "newsflow: --where is no JSON object"),
        (
            '{"source": {"$near-by": 1}}',
            1,
            "newsflow: MongoDB refuses the filter: unknown",
        ),
    ],
)
def test_a_filter_that_is_none_is_said_in_one_line(
    running: Running, where: str, code: int, said: str
) -> None:
    """By us, or in MongoDB's words."""
    ended = running.newsflow("reenrich", "--dry-run", "--where", where)

    assert ended.returncode == code
    assert ended.stderr.startswith(said)
    assert len(ended.stderr.splitlines()) == 1


def test_all_reads_what_is_up_to_date_too(running: Running, outdated: dict[str, Any]) -> None:
    """A filter chooses among all; times are MongoDB's extended JSON; a limit holds."""
    running.newsflow("reenrich", "--yes")
    where = json.dumps({"uri": outdated["uri"], "received_at": {"$gt": {"$date": 0}}})

    ended = running.newsflow("reenrich", "--all", "--where", where, "--limit", "5", "--dry-run")

    assert "1 articles read again: 0 differ, 0 are read alike" in ended.stdout
