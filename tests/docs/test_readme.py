"""README and docs are true: their commands run, their names exist, their drawing is the code's."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer.main

from services.cli import app
from shared import streams
from shared.metrics import Metrics
from shared.outcome import STATUSES
from tests.app.conftest import Running, running, until

__all__ = ["running"]  # the fixture

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

# `redis-cli -u URL WORD...` for machines without it: the words as they are, over the protocol.
REDIS_CLI = """#!{python}
import sys, redis
assert sys.argv[1] == "-u"
print(redis.Redis.from_url(sys.argv[2], decode_responses=True).execute_command(*sys.argv[3:]))
"""


def block(page: Path, language: str) -> str:
    """Return the first code block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_readmes_session_can_be_pasted(running: Running, tmp_path: Path) -> None:
    """Drop, publish, query: word for word, in the folder where `newsflow up` runs."""
    (running.folder / "seeds").symlink_to(ROOT / "seeds")
    (running.folder / ".venv").symlink_to(sys.prefix)
    if not shutil.which("redis-cli"):
        tool = tmp_path / "redis-cli"
        tool.write_text(REDIS_CLI.format(python=sys.executable))
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    session = block(ROOT / "README.md", "sh").replace(
        "newsflow query",
        "sleep 2; newsflow query",  # a person is slower than this test
    )
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", session],
        cwd=running.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stderr
    assert "Floods close airport" in ended.stdout
    assert "Talks on Lake Tana water treaty to resume in Addis Ababa next week" in ended.stdout


def test_readme_draws_the_route_of_the_code() -> None:
    """One drawing, in both."""
    drawing = (streams.__doc__ or "").partition("\n\n")[2].strip()

    assert drawing in (ROOT / "README.md").read_text()


def test_readmes_document_is_the_one_that_is_stored(running: Running) -> None:
    """Every value of the example, the dots and the year of the run aside."""
    shown = json.loads(block(ROOT / "README.md", "json"))
    inbox = running.folder / "inbox"
    shutil.copyfile(ROOT / "seeds" / "01-wire-two-agencies.txt", inbox / "again.txt")
    document = until(lambda: running.document(_id=shown["_id"]))

    assert document["headline"] == shown["headline"]
    assert document["text"].startswith(shown["text"].removesuffix(" ..."))
    assert document["dateline"]["date"][4:] == shown["dateline"]["date"][4:]
    for field in ("place", "agencies"):
        assert document["dateline"][field] == shown["dateline"][field]
    [entity] = shown["entities"]
    assert entity in document["entities"]
    assert shown["topics"][0] in document["topics"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_tests_that_are_named_exist(page: Path) -> None:
    """A path or a test in backticks is one of this project."""
    text = page.read_text()
    paths = re.findall(r"`((?:services|shared|tests|seeds|deploy|docs)/[\w./-]+\w)`", text)
    tests = re.findall(r"`(test_\w+)`", text)
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    assert [path for path in paths if not (ROOT / path).exists()] == []
    assert [test for test in tests if f"def {test}(" not in sources] == []


def test_every_command_is_documented_and_has_an_example() -> None:
    """README names each; its help ends with an example."""
    readme = (ROOT / "README.md").read_text()
    for name, command in _commands(typer.main.get_command(app)):
        assert name.split()[-1] in readme, name
        assert command.help, name
        assert command.epilog, name


def test_every_metric_and_status_is_documented() -> None:
    """operations.md lists the metrics, journey.md the statuses."""
    names = {metric.name for metric in Metrics("enrich").registry.collect()}
    operations = (ROOT / "docs" / "operations.md").read_text()
    journey = (ROOT / "docs" / "journey.md").read_text()

    assert [name for name in names if f"`{name}" not in operations] == []
    assert [status for status in STATUSES if f"| `{status}` |" not in journey] == []


def _commands(command: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Return every command by its full name; a group is its commands."""
    if not hasattr(command, "commands"):
        return [(prefix.strip(), command)]
    return [
        found
        for name, below in command.commands.items()
        for found in _commands(below, f"{prefix} {name}")
    ]
