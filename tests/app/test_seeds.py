"""The pipeline makes of every seed file what seeds/expected/ says."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.app.conftest import Running, until

SEEDS = Path(__file__).parent.parent.parent / "seeds"
NAMES = sorted(path.name for path in SEEDS.iterdir() if path.is_file() and path.name != "README.md")


@pytest.fixture(scope="module")
def dropped(running: Running) -> Running:
    """Every seed, dropped into the inbox."""
    for name in NAMES:
        shutil.copy(SEEDS / name, running.folder / "inbox" / f".{name}.part")
        (running.folder / "inbox" / f".{name}.part").rename(running.folder / "inbox" / name)
    return running


def expected(name: str) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads((SEEDS / "expected" / f"{name}.json").read_text())
    return wanted


def test_every_seed_says_what_is_expected_of_it() -> None:
    """No seed without its expectation, no expectation without its seed."""
    assert [f"{name}.json" for name in NAMES] == sorted(
        path.name for path in (SEEDS / "expected").iterdir()
    )


@pytest.mark.parametrize("name", [name for name in NAMES if "refused" in expected(name)])
def test_a_broken_seed_is_put_aside_with_its_reason(dropped: Running, name: str) -> None:
    """The file is kept as it came, beside it the reason."""
    failed = dropped.folder / "inbox" / ".failed"
    until((failed / f"{name}.reason.json").exists)
    note = json.loads((failed / f"{name}.reason.json").read_text())

    assert note["reason"].startswith(expected(name)["refused"])
    assert (failed / name).read_bytes() == (SEEDS / name).read_bytes()


@pytest.mark.parametrize("name", [name for name in NAMES if "superseded_by" in expected(name)])
def test_a_superseded_seed_is_a_revision_of_the_newer(dropped: Running, name: str) -> None:
    """The head is the newer version; the older is kept."""
    newer = expected(name)["superseded_by"]
    head = dropped.document(**{"provenance.file.path": newer})
    with MongoClient[dict[str, Any]](dropped.address.mongo_url) as client:
        revisions = client["newsflow"]["article_revisions"]
        until(lambda: revisions.find_one({"provenance.file.path": name}))
        files = revisions.distinct("provenance.file.path", {"article_id": head["_id"]})

    assert sorted(files) == sorted([name, newer])


@pytest.mark.parametrize("name", [name for name in NAMES if "articles" in expected(name)])
def test_a_seed_of_records_becomes_the_documents_expected(dropped: Running, name: str) -> None:
    """Each with what its format says of it; those that are no articles are in the receipt."""
    receipt = until(lambda: _receipt(dropped, name))
    wanted = expected(name)

    assert receipt["published"] == len(wanted["articles"])
    reasons = [failure["reason"] for failure in receipt["failures"]]
    assert len(reasons) == len(wanted.get("failed", []))
    assert all(map(str.startswith, reasons, wanted.get("failed", [])))
    for article in wanted["articles"]:
        headline = article["headline"]
        found = {"provenance.file.path": name, "headline": headline}
        document = dropped.document(**found)
        given = {field: document[field] for field in article.keys() - _OURS}
        assert _as_json(given) == {field: article[field] for field in given}
        types = {entity["name"]: entity["type"] for entity in document["entities"]}
        assert article["entities"].items() <= types.items()
        assert not [part for part in article.get("not_in_text", ()) if part in document["text"]]


_OURS = {"entities", "not_in_text"}


def _as_json(given: dict[str, Any]) -> dict[str, Any]:
    return {
        field: value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        for field, value in given.items()
    }


def _receipt(running: Running, name: str) -> dict[str, Any] | None:
    ended = running.newsflow("receipt", name, "--json")
    receipt: dict[str, Any] = json.loads(ended.stdout) if ended.returncode == 0 else {}
    return receipt or None


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in NAMES
        if not {"refused", "superseded_by", "articles"} & expected(name).keys()
    ],
)
def test_a_seed_becomes_the_document_that_is_expected(dropped: Running, name: str) -> None:
    """Text, dateline, footer, entities, topics; and every mention stands where it says."""
    wanted = expected(name)
    document = dropped.document(**{"provenance.file.path": name})
    text = document["text"]

    for field in ("headline", "language", "source", "version", "pub_status"):
        if field in wanted:
            assert document[field] == wanted[field]
    assert text.startswith(wanted.get("text", ""))
    _check_dateline(document.get("dateline"), wanted.get("dateline"))
    if "footer" in wanted:
        assert text[document["footer"]["start"] :].startswith(wanted["footer"])
    _check_entities(document["entities"], text, wanted)
    topics = [topic["id"] for topic in document["topics"]]
    assert set(wanted["topics"]) <= set(topics)
    assert topics[:1] == wanted["topics"][:1] or not wanted["topics"]
    assert not (wanted.get("only_topics") and topics)


def _check_dateline(found: dict[str, Any] | None, wanted: dict[str, Any] | None) -> None:
    if wanted is None:
        return
    assert found is not None
    assert found["place"] == wanted["place"]
    assert found.get("date", "").endswith(wanted.get("date", ""))
    assert found.get("agencies", []) == wanted.get("agencies", [])


def _check_entities(found: list[dict[str, Any]], text: str, wanted: dict[str, Any]) -> None:
    types = {entity["name"]: entity["type"] for entity in found}
    assert {name: types.get(name) for name in wanted["entities"]} == wanted["entities"]
    ids = {entity["name"]: entity["id"] for entity in found}
    assert wanted.get("ids", {}).items() <= ids.items()
    assert not types.keys() & set(wanted.get("not_entities", ()))
    assert not (wanted.get("only_entities") and types)
    for entity in found:
        mentions = entity["mentions"]
        assert entity["count"] == len(mentions)
        assert all(text[one["start"] : one["end"]] == one["text"] for one in mentions)
        forms = {one["text"] for one in mentions}
        assert set(wanted.get("mentions", {}).get(entity["name"], ())) <= forms
