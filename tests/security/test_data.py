"""What comes in is data: no operator of MongoDB, no object of Python, no JavaScript."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from services.cli import reenrich
from services.store.handler import store
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared.entries import wire
from shared.errors import InvalidMessage
from shared.messages import RawArticle
from tests.builders import enriched_article

WORDS = "$where: {$ne: null} $$ROOT $100"
OPERATORS: dict[str, Any] = {
    "uri": "$set",
    "headline": WORDS,
    "body": "$body {$gt: 1} $$REMOVE",
    "source": "$source",
    "summary": "$summary",
    "subjects": [{"id": "$id", "name": "$$NOW"}],
    "alt_ids": {"$set": "a.b", "a.b": "$c", "$where.x": "return true"},
}
READS_AN_ARTICLE = """
import sys
seen = []
sys.addaudithook(lambda event, args: seen.append(args) if event == "pickle.find_class" else None)
from datetime import UTC, datetime
from services.enrich.handler import enrich, load_tools
from tests.builders import raw_article
article = raw_article(body="LIMA (AFP) - Barack Obama opened the port of Lima, Peru, police said.")
[read] = enrich([article], tools=load_tools(), now=datetime.now(UTC), learned=[frozenset()])
assert read.entities
import pickle
print(len(seen), pickle.loads(pickle.dumps(datetime)) and len(seen))
"""


async def test_operators_in_an_article_are_stored_as_they_came(mongo_url: str) -> None:
    """In a value, in a key, twice: an update reads none of them."""
    mongo = Mongo(StoreSettings(mongo_url=mongo_url))
    await mongo.open()
    for _ in range(2):
        await store([enriched_article(**OPERATORS)], library=mongo)
    await mongo.close()

    with MongoClient[dict[str, Any]](mongo_url) as client:
        for name in ("articles", "article_revisions"):
            [stored] = client["newsflow"][name].find({}, {"_id": False})
            assert stored["headline"] == WORDS
            assert (stored["source"], stored["summary"]) == ("$source", "$summary")
            assert stored["subjects"] == [{"id": "$id", "name": "$$NOW"}]
            given = {one["role"]: one["value"] for one in stored["alt_ids"]}
            assert given == OPERATORS["alt_ids"]


def test_a_field_that_is_an_operator_is_no_text() -> None:
    """`{"$ne": null}` where a text belongs is refused, and an unknown field is left out."""
    with pytest.raises(InvalidMessage, match="`headline`"):
        _decoded({"headline": {"$ne": None}, "body": "B"})
    assert "$set" not in _decoded({"headline": "H", "$set": {"a": 1}}).model_dump()


def _decoded(said: dict[str, Any]) -> RawArticle:
    fields = {b"data": json.dumps(said).encode()}
    return wire.decode(fields, RawArticle, stream="articles.raw", entry_id="1-1")


def test_mongodb_runs_no_javascript(mongo_url: str) -> None:
    """The server that `newsflow up` starts refuses to, whoever asks."""
    with MongoClient[dict[str, Any]](mongo_url) as client:
        client["newsflow"]["articles"].insert_one({"_id": 1})
        with pytest.raises(OperationFailure, match="no globalScriptEngine"):
            client["newsflow"]["articles"].find_one({"$where": "sleep(1) || true"})


def test_the_command_takes_no_javascript(capsys: pytest.CaptureFixture[str]) -> None:
    """`newsflow reenrich --where` is a filter, however deep it hides."""
    deep = {"$expr": {"$function": {"body": "f", "args": [], "lang": "js"}}}
    for where in ({"$where": "1"}, {"$or": [{"headline": "H"}, deep]}):
        with pytest.raises(typer.Exit) as ended:
            reenrich._filter(json.dumps(where))  # noqa: SLF001 (what reads the option)

        assert ended.value.exit_code == 2
        assert "--where takes no JavaScript: $" in capsys.readouterr().err


def test_no_object_is_unpickled_to_read_an_article(root: Path) -> None:
    """Loading weights and reading, under an audit hook that sees what pickle looks up."""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READS_AN_ARTICLE],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stdout == "0 1\n", ended.stderr
