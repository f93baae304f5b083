"""`newsflow topics`, which needs no servers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli import app
from services.enrich.handler import enrich
from services.enrich.tools import load_tools
from shared.messages import EnrichedArticle, RawArticle
from tests.builders import NOON

SEEDS = Path(__file__).parent.parent.parent.parent / "seeds"
DESK = '[sport]\nid = "medtop:15000000"\nname = "sport"\nphrases = "treaty"\n'
STORY = "Treaty signed in the evening\nThe ministers of both countries came to the parliament.\n"


def newsflow(*words: str | Path, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(map(str, words)), input=typed)


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A newsroom's own lexicon."""
    file = tmp_path / "desk.toml"
    file.write_text(DESK)
    return file


def test_check_says_that_nothing_is_wrong(desk: Path) -> None:
    """Exit code 0, and what the lexicon holds; without a file it is the one that enrich reads."""
    own, shipped = newsflow("topics", "check", desk), newsflow("topics", "check")

    assert (own.exit_code, own.stdout) == (0, f"{desk}: 1 topics, 1 phrases, nothing wrong\n")
    assert (shipped.exit_code, shipped.stdout[:17]) == (0, "the lexicon that ")


def test_check_says_every_problem_with_its_line(desk: Path) -> None:
    """Exit code 1, and a line each on standard error, as an editor can jump to."""
    desk.write_text(f'{DESK}weight = 0\n[crime]\nname = "crime"\n')

    checked = newsflow("topics", "check", desk)

    assert (checked.exit_code, checked.stdout) == (1, "")
    assert [one.split(" ")[0] for one in checked.stderr.splitlines()] == [
        f"{desk}:5:",
        f"{desk}:6:",
    ]


def test_check_tells_programs_too(desk: Path) -> None:
    """With --json the problems are on standard output."""
    desk.write_text(f"{DESK}weight = 0\n")

    checked = newsflow("topics", "check", desk, "--json")

    [problem] = json.loads(checked.stdout)["problems"]
    assert (checked.exit_code, problem["file"], problem["line"]) == (1, str(desk), 5)


def test_check_reads_the_lexicon_of_the_environment(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What enrich would start with."""
    monkeypatch.setenv("NEWSFLOW_TOPICS_FILE", str(desk))

    assert newsflow("topics", "check").stdout.startswith(f"{desk}: 1 topics")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_check_knows_what_editors_do_to_files(desk: Path, encoding: str) -> None:
    """A mark before UTF-8 and lines that end otherwise are no matter; other encodings are said."""
    desk.write_bytes(DESK.replace("\n", "\r\n").encode(encoding))

    checked = newsflow("topics", "check", desk)

    if encoding == "utf-8-sig":
        assert checked.exit_code == 0
    else:
        assert checked.stderr == f"{desk}:1: not UTF-8; save it as UTF-8\n"


@pytest.mark.parametrize("command", ["check", "explain"])
def test_file_that_is_not_there_is_said(tmp_path: Path, command: str) -> None:
    """One line on standard error, exit code 1."""
    ended = newsflow("topics", command, tmp_path / "none")

    assert ended.exit_code == 1
    assert ended.stderr.endswith("none: No such file or directory\n")


def test_explain_shows_phrases_and_where_they_stand(tmp_path: Path) -> None:
    """For every topic its confidence, id, and what speaks for it, strongest first."""
    story = tmp_path / "story.txt"
    story.write_text(STORY)

    shown = newsflow("topics", "explain", story).stdout.splitlines()

    assert shown[0] == "Treaty signed in the evening"
    assert "politics and government  medtop:11000000  100% of all evidence" in shown[1]
    assert shown[2].endswith("Treaty  (headline)")
    assert any(line.endswith("parliament  (lead)") for line in shown)


def test_explain_reads_standard_input_and_tries_a_lexicon(desk: Path) -> None:
    """Before it is in service."""
    shown = newsflow("topics", "explain", "-", "--topics", desk, "--json", typed=STORY)

    told = json.loads(shown.stdout)
    [topic] = told["topics"]
    assert topic["id"] == "medtop:15000000"
    assert topic["phrases"] == [
        {"text": "Treaty", "places": {"headline": 1}, "evidence": topic["evidence"]}
    ]


def test_explain_tells_what_nearly_was_a_topic() -> None:
    """Below the threshold, and never a lower topic without the one above it."""
    told = json.loads(
        newsflow("topics", "explain", SEEDS / "01-wire-two-agencies.txt", "--json").stdout
    )

    assigned = {topic["id"] for topic in told["topics"]}
    assert told["nearly"]
    for topic in told["nearly"]:
        assert 0.1 <= topic["confidence"] < told["assigned_from"]
        assert topic["broader"] is None or topic["broader"] in assigned


def test_explain_reads_every_record_and_says_which_is_none() -> None:
    """As the inbox would; exit code 1 if one was refused."""
    ended = newsflow("topics", "explain", SEEDS / "24-lines.jsonl", "--json")

    expected = json.loads((SEEDS / "expected" / "24-lines.jsonl.json").read_text())
    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [one["headline"] for one in told] == [one["headline"] for one in expected["articles"]]
    assert ended.exit_code == bool(expected.get("failed"))
    assert len(ended.stderr.splitlines()) == len(expected.get("failed", []))


def test_explain_says_what_is_not_read() -> None:
    """Topics are told of English only."""
    shown = newsflow("topics", "explain", SEEDS / "09-french.txt").stdout

    assert "  in fr: topics are told of English\n" in shown


def test_explain_tells_what_enrich_assigns(tmp_path: Path) -> None:
    """The same topics with the same confidence."""
    body = (SEEDS / "01-wire-two-agencies.txt").read_text()
    article = RawArticle(body=body, received_at=NOON)

    [enriched] = enrich([article], tools=load_tools(), now=NOON)
    (tmp_path / "story.txt").write_text(body)
    told = json.loads(newsflow("topics", "explain", tmp_path / "story.txt", "--json").stdout)

    assert isinstance(enriched, EnrichedArticle)
    assert [(topic["id"], topic["confidence"]) for topic in told["topics"]] == [
        (topic.id, topic.confidence) for topic in enriched.topics
    ]


def test_query_says_what_is_wrong_with_the_lexicon(
    desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names of topics come from it; a mistake in it is no traceback."""
    desk.write_text("[sport")
    monkeypatch.setenv("NEWSFLOW_TOPICS_FILE", str(desk))

    ended = newsflow("query", "--topic", "sport")

    assert str(ended.exception).startswith(f"{desk}:1: not TOML: ")
