"""`newsflow query` as it is typed, on the corpus."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from services.cli import main
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from tests.recipes.corpus import stored


class Ended(NamedTuple):
    """How a command ended, and what it printed."""

    returncode: object
    stdout: str
    stderr: str


Run = Callable[..., Awaitable[Ended]]


@pytest.fixture
async def run(
    mongo_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """`newsflow query` with the corpus in MongoDB; in this process, where names are read once."""
    adapter = Mongo(StoreSettings(mongo_url=mongo_url))
    await stored(adapter, mongo_url)
    await adapter.close()
    monkeypatch.setenv("NEWSFLOW_MONGO_URL", mongo_url)
    monkeypatch.chdir(tmp_path)

    async def typed(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["newsflow", "query", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(main)
        return Ended(ended.value.code or 0, *capsys.readouterr())

    return typed


async def test_every_question_has_an_option(run: Run) -> None:
    """Counted, so that each is one number."""
    counts = {
        words: (await run(*words.split(), "--count")).stdout.strip()
        for words in (
            "--place kabul --within 100km",
            "--near 34.53,69.17 --within 20km",
            "--country afghanistan",
            "--id geonames:1138958",
            "--topic conflict --fold",
            "--language es",
        )
    }

    assert list(counts.values()) == ["5", "4", "6", "4", "2", "1"]


async def test_speakers_are_asked_with_spaces(run: Run) -> None:
    """As a name is written, in any case."""
    found = (await run("--quotes-of", "ada okoro", "--json")).stdout.splitlines()

    assert [json.loads(line)["headline"] for line in found] == ["Talks", "𝒜 day of talks"]


async def test_articles_are_drawn_over_time(run: Run) -> None:
    """A bar a period; with --top a line for each."""
    drawn = (await run("--histogram", "--since", "2026-11-16")).stdout
    tops = (await run("--top", "topics", "--by", "day")).stdout
    as_json = (await run("--top", "sources", "--json")).stdout.splitlines()

    assert "2026-11-19         2  █" in drawn
    assert "█▁" not in drawn
    assert "conflict, war and peace  medtop:16000000  ██ █" in tops
    assert [json.loads(line)["articles"] for line in as_json] == [4, 2]


async def test_explain_names_the_index_and_warns_of_a_scan(run: Run) -> None:
    """`entity_time` serves an entity; nothing serves a country alone without the time."""
    served = await run("--entity", "Kabul", "--explain")
    folded = json.loads((await run("--cluster", "x", "--explain", "--json")).stdout)

    assert "index      entity_time" in served.stdout
    assert "4 returned" in served.stdout
    assert served.stderr == ""
    assert (folded["scans"], folded["indexes"]) == (False, ["reruns"])


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["--within", "5km"], "--within needs a centre", 1),
        (["--near", "Kabul"], "write latitude, then longitude", 1),
        (["--by", "day"], "--by needs something to count", 2),
        (["--count", "--histogram"], "--count is one number", 2),
        (["--top", "words"], "'words' is not one of", 2),
    ],
)
async def test_what_makes_no_sense_is_said(
    run: Run, words: list[str], said: str, code: int
) -> None:
    """One line, before anything is asked of MongoDB."""
    ended = await run(*words)

    assert ended.returncode == code
    assert said in " ".join(ended.stderr.split())
