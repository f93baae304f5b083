"""The command, as people and scripts use it."""

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from pymongo import MongoClient

from tests.app.conftest import WITHIN_S, Running, newsflow, start, until

STORY = """Ministers of Ghana and Mali meet in Accra
ACCRA, Nov. 20 (Test Wire) - Foreign ministers of Ghana and Mali met in Accra on Friday.
"""


def test_a_dropped_file_can_be_queried(running: Running) -> None:
    """The main job: file in, document out."""
    (running.folder / "inbox" / "ghana.txt").write_text(STORY)

    document = running.document(headline="Ministers of Ghana and Mali meet in Accra")

    names = [entity["name"] for entity in document["entities"]]
    assert {"Ghana", "Mali", "Accra"} <= set(names)
    for entity in document["entities"]:
        for mention in entity["mentions"]:
            assert document["text"][mention["start"] : mention["end"]] == mention["text"]


@pytest.mark.parametrize(
    "question",
    [
        ["--entity", "ghana"],
        ["--entity", "GHANA", "--since", "1h"],
        ["--topic", "medtop:11000000", "--entity", "Ghana"],
        ["--topic", "politics", "--source", "Desk"],
        ["--text", "ministers accra"],
        ["--entity", "Ghana", "--text", "ministers"],
        ["--source", "Desk", "--until", "2026-11-24"],
    ],
)
def test_query_answers_by_entity_topic_source_time_and_words(
    running: Running, question: list[str]
) -> None:
    """Each question finds the article; its opposite does not."""
    published = running.newsflow(
        "publish",
        "-",
        stdin=json.dumps(
            {
                "headline": STORY.splitlines()[0],
                "body": STORY.splitlines()[1],
                "source": "Desk",
                "uri": "urn:test:query",
                "published_at": "2026-11-23T10:00:00Z",
            }
        ),
    )
    assert published.returncode == 0
    running.document(uri="urn:test:query")
    now = "2026-11-23T11:00:00Z"
    asked = [now if word == "1h" else word for word in question]

    found = running.newsflow("query", *asked, "--json", "--all")

    assert found.returncode == 0, found.stderr
    uris = [json.loads(line).get("uri") for line in found.stdout.splitlines()]
    assert ("urn:test:query" in uris) == ("--since" not in question)


def test_query_knows_countries_and_organisations_by_their_other_names(running: Running) -> None:
    """`US` finds the United States."""
    article = {"headline": "A vote", "body": "Voters in the United States chose a mayor."}
    running.newsflow("publish", "-", stdin=json.dumps(article))
    running.document(headline="A vote")

    found = running.newsflow("query", "--entity", "us", "--json").stdout.splitlines()

    assert "A vote" in [json.loads(line)["headline"] for line in found]


def test_query_says_which_topics_there_are(running: Running) -> None:
    """A name that no topic begins with is an error that lists them."""
    ended = running.newsflow("query", "--topic", "gardening")

    assert ended.returncode == 1
    assert "no topic begins with 'gardening'; there are: " in ended.stderr
    assert "conflict, war and peace" in ended.stderr


def test_query_hides_what_is_not_for_readers(running: Running) -> None:
    """Withheld, canceled and embargoed articles show with --all only."""
    for number, extra in enumerate(
        (
            {"pub_status": "withheld"},
            {"pub_status": "canceled"},
            {"embargoed_until": "2099-01-01T00:00:00Z"},
            {"embargoed_until": "2001-01-01T00:00:00Z"},
        )
    ):
        article = {"headline": f"Secret {number}", "body": "Words.", **extra}
        running.newsflow("publish", "-", stdin=json.dumps(article))
    running.document(headline="Secret 3")

    shown = running.newsflow("query", "--text", "secret", "--json").stdout
    everything = running.newsflow("query", "--text", "secret", "--json", "--all").stdout

    assert [json.loads(line)["headline"] for line in shown.splitlines()] == ["Secret 3"]
    assert len(everything.splitlines()) == 4


def test_query_says_how_to_write_a_time(running: Running) -> None:
    """A wrong time is one line that shows right ones."""
    ended = running.newsflow("query", "--since", "yesterdayish")

    assert ended.returncode == 1
    assert ended.stderr == (
        "newsflow: not a time: 'yesterdayish'; write 2026-11-23, 2026-11-23T18:30, 30m, 2h or 7d\n"
    )


def test_publish_says_of_each_file_what_came_of_it(running: Running, tmp_path: Path) -> None:
    """Good files go through, bad ones are named with their reason, and the exit code is 1."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text('{"headline": "Published from a file", "body": "Words."}')
    bad.write_text("{")

    ended = running.newsflow("publish", str(good), str(bad), "--json")

    assert ended.returncode == 1
    [line] = ended.stdout.splitlines()
    assert json.loads(line)["file"] == str(good)
    assert ended.stderr.startswith(f"could not publish {bad}: not JSON (line 1, column 2)")
    assert (
        running.document(headline="Published from a file")["_id"] == json.loads(line)["article_id"]
    )


def test_what_is_piped_is_not_sent_to_the_progress_bar(running: Running, tmp_path: Path) -> None:
    """Many files, a terminal for errors, a pipe for what was published: a line each in the pipe."""
    for number in range(101):
        (tmp_path / f"{number}.json").write_text(json.dumps({"headline": f"Piped {number}"}))
    ours, theirs = pty.openpty()
    terminal = Thread(target=_seen, args=(ours,), daemon=True)  # else what it holds is full soon
    terminal.start()

    ended = subprocess.run(
        [sys.executable, "-m", "services.cli", "publish", *map(str, tmp_path.iterdir()), "--json"],
        cwd=running.folder,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    os.close(theirs)
    terminal.join()
    os.close(ours)

    assert ended.returncode == 0
    assert len({json.loads(line)["file"] for line in ended.stdout.splitlines()}) == 101


def _seen(terminal: int) -> None:
    with contextlib.suppress(OSError):  # the other end is closed
        while os.read(terminal, 4096):
            pass


def test_status_shows_every_stage_well(running: Running) -> None:
    """Health, lag and pending of each stage; URLs that a client can use."""

    def at_rest() -> dict[str, object] | None:
        ended = running.newsflow("status", "--json")
        view = json.loads(ended.stdout)
        waiting = [stage for stage in view["stages"] if stage["lag"] or stage["pending"]]
        return view if ended.returncode == 0 and not waiting else None

    view = until(at_rest)

    assert [stage["stage"] for stage in view["stages"]] == ["ingest", "enrich", "store"]  # type: ignore[attr-defined]
    with MongoClient[dict[str, object]](str(view["mongo_url"])) as client:
        assert view["documents"] == client["newsflow"]["articles"].count_documents({})


LINES = """{"uri": "urn:lines:1", "headline": "First of two lines"}
{"uri": "urn:lines:2", "headline": "Second of
"""


def test_files_can_be_followed_and_have_receipts(running: Running) -> None:
    """`status --files` says how far each is, `receipt` what came of it and what to mend."""
    (running.folder / "inbox" / "lines.jsonl").write_text(LINES)
    (running.folder / "inbox" / "bad.json").write_text("{")
    until(lambda: running.newsflow("receipt", "lines.jsonl").returncode == 0)
    until(lambda: running.newsflow("receipt", "bad.json").returncode == 0)

    def lives() -> dict[str, dict[str, object]] | None:
        shown = json.loads(running.newsflow("status", "--files", "--json").stdout)
        files = {file["path"]: file for file in shown["files"]}
        states = [files.get(name, {}).get("state") for name in ("lines.jsonl", "bad.json")]
        return files if states == ["archived", "failed"] else None

    files = until(lives)
    table = running.newsflow("status", "--files", "--limit", "0").stdout
    receipt = json.loads(running.newsflow("receipt", "lines.jsonl", "--json").stdout)
    said = running.newsflow("receipt", "lines.jsonl").stdout
    refused = running.newsflow("receipt", "bad.json").stdout
    unknown = running.newsflow("receipt", "nothing.txt")

    assert (files["lines.jsonl"]["published"], files["lines.jsonl"]["failed"]) == (1, 1)
    assert "lines.jsonl" in table
    assert (receipt["records"], receipt["published"], receipt["failed"]) == (2, 1, 1)
    assert "record 2, bytes " in said
    assert "not JSON (column 46): unexpected end of data" in said
    assert "inbox/.failed/lines.rest.jsonl" in said
    assert "refused" in refused
    assert unknown.returncode == 1
    assert "no receipt of nothing.txt here" in unknown.stderr


def test_a_pipe_may_hold_any_format(running: Running) -> None:
    """Any format, record by record; each bad one is named."""
    ended = running.newsflow("publish", "-", stdin=LINES)

    assert ended.returncode == 1
    assert len(ended.stdout.splitlines()) == 1
    assert "record 2: not JSON (column 46)" in ended.stderr


def test_a_command_without_servers_says_what_to_do(tmp_path: Path) -> None:
    """One line, exit code 1."""
    ended = newsflow("dead", "list", cwd=tmp_path)

    assert ended.returncode == 1
    assert "start it with `newsflow up` or set NEWSFLOW_REDIS_URL" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_second_stack_in_one_folder_is_refused(running: Running) -> None:
    """Two stacks would share data; the second says that the first runs."""
    ended = running.newsflow("up")

    assert ended.returncode == 1
    assert "newsflow already runs in" in ended.stderr


def test_stopping_leaves_no_process_and_the_next_start_has_the_articles(tmp_path: Path) -> None:
    """Ctrl-C ends everything; data and ports are the same in the next run."""
    first = start(tmp_path)
    first.newsflow("publish", "-", stdin='{"headline": "Kept", "body": "Words."}')
    first.document(headline="Kept")
    address, children = first.address, _children(first.process.pid)
    first.process.send_signal(signal.SIGINT)
    code = first.process.wait(60)
    gone = not any(_is_alive(pid) for pid in children)
    second = start(tmp_path)
    kept = second.document(headline="Kept")
    again = second.address
    second.process.send_signal(signal.SIGTERM)
    second.process.wait(60)

    assert (code, gone) == (0, True)
    assert kept["text"] == "Kept\nWords."
    assert (again.redis_url, again.mongo_url) == (address.redis_url, address.mongo_url)


def test_killing_the_parent_leaves_no_orphan(tmp_path: Path) -> None:
    """After kill -9 of `newsflow up` the kernel ends servers and services."""
    stack = start(tmp_path)
    children = _children(stack.process.pid)
    stack.process.kill()
    stack.process.wait()

    def all_gone() -> bool:
        return not any(_is_alive(pid) for pid in children)

    until(all_gone)
    assert len(children) == 6


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"  # ended; only its parent has not asked yet
