"""`newsflow export` on a real MongoDB: all of it once, whatever happens on the way."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from pymongo import MongoClient
from typer.testing import CliRunner, Result

from services.cli import app
from services.store.documents import Document, record
from services.store.indexes import ARTICLES, INDEXES
from tests.builders import NOON, enriched_article
from tests.standards.checks import ninjs_faults, schema_org_faults

COUNT = 3000
TIED = 70  # articles of one time
COMMAND = (sys.executable, "-m", "services.cli", "export", "--format")


@pytest.fixture
def database(mongo_url: str) -> Iterator[Any]:
    with MongoClient[Document](mongo_url, tz_aware=True) as client:
        client["newsflow"][ARTICLES].create_indexes(list(INDEXES[ARTICLES]))
        yield client["newsflow"]


@pytest.fixture
def environment(mongo_url: str) -> dict[str, str]:
    return {**os.environ, "NEWSFLOW_MONGO_URL": mongo_url}


@pytest.fixture
def many(database: Any) -> list[str]:
    """Articles of which many share a time; their ids, in the order of an export."""
    articles = [
        enriched_article(
            uri=f"urn:{number}",
            body="Words of a story. " * 200,
            updated_at=NOON + timedelta(seconds=number // TIED),
        )
        for number in range(COUNT)
    ]
    heads = [bson.decode(record(article).head.raw) for article in articles]
    database[ARTICLES].insert_many(heads)
    return [
        one["_id"] for one in sorted(heads, key=lambda one: (one["version_created"], one["_id"]))
    ]


def put(database: Any, **fields: Any) -> str:
    """Store an article; return its id."""
    head = bson.decode(record(enriched_article(**fields)).head.raw)
    database[ARTICLES].insert_one(head)
    return str(head["_id"])


def export(environment: dict[str, str], *typed: str | Path, code: int = 0) -> Result:
    """Run the command in this process: starting one takes most of a second."""
    ended = CliRunner().invoke(app, ["export", "--format", *map(str, typed)], env=environment)
    assert ended.exit_code == code, ended.output
    return ended


def killed(environment: dict[str, str], *typed: str | Path, file: Path) -> int:
    """Kill an export once it has written something more; return how it ended."""
    before = file.stat().st_size if file.exists() else 0
    running = subprocess.Popen([*COMMAND, *typed], env=environment, stderr=subprocess.DEVNULL)
    while running.poll() is None:
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_size > before + 100_000:
                break
        time.sleep(0.001)
    running.kill()
    return running.wait()


def ids(file: Path) -> list[str]:
    """Return the ids of the articles in a file of ninjs."""
    return [json.loads(one)["altIds"][-1]["value"] for one in file.read_bytes().splitlines()]


def test_an_export_that_is_killed_goes_on_without_gaps_or_doubles(
    environment: dict[str, str], many: list[str], tmp_path: Path
) -> None:
    """Twice, in the middle, among articles of one time; half a line is written anew."""
    file = tmp_path / "all.jsonl"
    typed = ("ninjs", "--out", file, "--resume")

    ends = [killed(environment, *typed, file=file) for _ in range(2)]
    size = file.stat().st_size
    export(environment, *typed)

    assert ends == [-signal.SIGKILL] * 2
    assert 200_000 < size < file.stat().st_size
    assert ids(file) == many
    for one in file.read_bytes().splitlines()[::500]:
        assert ninjs_faults(json.loads(one)) == []


def test_every_place_to_break_off_is_one_to_go_on_from(
    environment: dict[str, str], many: list[str], tmp_path: Path
) -> None:
    """Before the first line, within one, and at the end of one; nothing is left at the very end."""
    whole, file = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    export(environment, "ninjs", "--out", whole, "--limit", "5")
    data = whole.read_bytes()
    first = data.index(b"\n")

    for cut in (0, 1, first, first + 1, first + 2, len(data) - 1, len(data)):
        file.write_bytes(data[:cut])
        left = 5 - data[:cut].count(b"\n")
        if left:
            export(environment, "ninjs", "--out", file, "--resume", "--limit", str(left))
            assert file.read_bytes() == data, cut

    export(environment, "ninjs", "--out", file, "--resume")
    ended = export(environment, "ninjs", "--out", file, "--resume")

    assert ended.stderr == "0 articles\n"
    assert ids(file) == many


def test_what_arrives_meanwhile_with_a_later_time_is_taken_with_it(
    environment: dict[str, str], database: Any, tmp_path: Path
) -> None:
    """An earlier one is not: the export has passed it."""
    file = tmp_path / "all.jsonl"
    first = put(database, uri="urn:first", updated_at=NOON)
    export(environment, "ninjs", "--out", file)
    put(database, uri="urn:earlier", updated_at=NOON - timedelta(hours=1))
    later = put(database, uri="urn:later", updated_at=NOON + timedelta(hours=1))

    export(environment, "ninjs", "--out", file, "--resume")

    assert ids(file) == [first, later]


def test_readers_get_what_is_for_them_and_all_is_told_apart(
    environment: dict[str, str], database: Any
) -> None:
    """Withheld, canceled and embargoed articles come with --all only, and say what they are."""
    put(database, uri="urn:a")
    put(database, uri="urn:b", pub_status="withheld")
    put(database, uri="urn:c", pub_status="canceled", headline=None, body="")
    put(database, uri="urn:d", embargoed_until=NOON + timedelta(days=36_500))

    usual = export(environment, "ninjs").stdout.splitlines()
    everything = [
        json.loads(one) for one in export(environment, "ninjs", "--all").stdout.split("\n") if one
    ]
    nodes = [
        json.loads(one) for one in export(environment, "jsonld", "--all").stdout.split("\n") if one
    ]

    assert [json.loads(one)["uri"] for one in usual] == ["urn:a"]
    assert Counter(one["pubStatus"] for one in everything) == {
        "usable": 2,
        "withheld": 1,
        "canceled": 1,
    }
    assert [one["uri"] for one in everything if "embargoedUntil" in one] == ["urn:d"]
    assert [schema_org_faults(one) for one in nodes] == [[]] * 4


def test_filters_are_those_of_query_and_lines_are_documents(
    environment: dict[str, str], database: Any
) -> None:
    """By source, time, place; the summary goes to standard error, the lines to standard output."""
    put(database, uri="urn:a", source="Desk", updated_at=NOON)
    put(database, uri="urn:b", source="Desk", updated_at=NOON + timedelta(days=1))
    put(database, uri="urn:c", source="Other", updated_at=NOON)

    ended = export(environment, "jsonl", "--source", "Desk", "--until", "2026-11-24")

    nowhere = export(environment, "jsonl", "--source", "Desk", "--country", "Mali", "--fold")

    assert nowhere.stderr == "0 articles\n"
    [one] = [json.loads(written) for written in ended.stdout.splitlines()]
    assert (one["uri"], one["version_created"]) == ("urn:a", "2026-11-23T12:00:00+00:00")
    assert ended.stderr == "1 articles\n"


def test_what_cannot_be_done_is_said_in_one_line(
    environment: dict[str, str], database: Any, tmp_path: Path
) -> None:
    """No file is written over, none of another format is gone on with."""
    file = tmp_path / "all.jsonl"
    file.touch()  # as an export leaves it that found no MongoDB
    put(database, uri="urn:a")
    export(environment, "jsonl", "--out", file)
    before = file.read_bytes()

    exists = export(environment, "jsonl", "--out", file, code=1)
    other = export(environment, "ninjs", "--out", file, "--resume", code=1)
    nowhere = export(environment, "jsonl", "--out", tmp_path / "no" / "file", code=1)
    without = export(environment, "jsonl", "--resume", code=2)

    assert (
        exists.stderr
        == f"newsflow: {file} exists: say --resume to go on with it, or another name\n"
    )
    assert "its last line is no article in ninjs" in other.stderr
    assert "No such file or directory" in nowhere.stderr
    assert "say --out FILE" in without.stderr
    assert {ended.stderr.count("\n") for ended in (exists, other, nowhere, without)} == {1}
    assert file.read_bytes() == before


def test_the_order_of_an_export_is_read_from_an_index(database: Any) -> None:
    """So that nothing is sorted before the first line, however many articles there are."""
    put(database, uri="urn:a")
    found = (
        database[ARTICLES].find({"pub_status": "usable"}).sort([("version_created", 1), ("_id", 1)])
    )

    plan = json.dumps(found.explain()["queryPlanner"]["winningPlan"])

    assert '"indexName": "export"' in plan
    assert '"SORT"' not in plan
