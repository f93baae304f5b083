"""Whose an article is: what stands beside it counts, and what it says of itself does not."""

import asyncio
import json

import pytest
from faststream.redis.parser.binary import BinaryMessageFormatV1

from shared import streams
from shared.entries import accounts, envelope, wire
from shared.messages import EnrichedArticle, RawArticle
from tests.builders import NOON, raw_article

FILE = {"path": "a.json", "sha256": "f" * 64, "record": 1, "start": 0, "end": 9}


def first_read(data: object, **beside: bytes) -> RawArticle:
    """Return an article as enrich reads it."""
    fields = {b"data": json.dumps(data).encode()}
    fields |= {name.encode(): value for name, value in beside.items()}
    return wire.decode(fields, RawArticle, stream=streams.RAW, entry_id="1795470694568-3")


def enveloped(data: dict[str, str], headers: dict[str, str]) -> dict[bytes, bytes]:
    """Return the fields of an entry that FastStream publishes."""
    encode = BinaryMessageFormatV1.encode(
        message=data, reply_to=None, headers=headers, correlation_id="c"
    )
    return {envelope.FIELD: asyncio.run(encode)}


def test_an_article_cannot_claim_another_entry_or_producer() -> None:
    """What it says of its own provenance is not what the stream knows."""
    claimed = {"entry": {"stream": "x", "entry_id": "1-1", "producer": "inbox"}}

    entry = first_read({"headline": "x", "provenance": claimed}, producer=b"wire").provenance.entry

    assert entry is not None
    assert entry.model_dump() == {
        "stream": streams.RAW,
        "entry_id": "1795470694568-3",
        "producer": "wire",
        "message_id": None,
    }


def test_an_article_of_a_file_names_its_entry_too() -> None:
    """Both are kept: where it stood, and what brought it."""
    article = first_read({"headline": "x", "provenance": {"file": FILE}}, producer=b"inbox")

    assert article.provenance.file is not None
    assert article.provenance.entry is not None
    assert accounts.owner_of({}, article).producer == "inbox"


def test_what_an_earlier_enrich_handed_on_is_counted_for_its_file() -> None:
    """Its messages name no entry; the second stream's is not taken for the first's."""
    raw = raw_article(provenance={"file": FILE})
    old = EnrichedArticle(article_id=raw.article_id, article=raw, enriched_at=NOON)
    read = wire.decode(wire.encode(old), EnrichedArticle, stream=streams.ENRICHED, entry_id="1-1")

    owner = accounts.owner_of({}, read, entry_id="1-1")

    assert read.article.provenance.entry is None
    assert (owner.producer, owner.path) == (accounts.UNNAMED, "a.json")
    assert owner.life == f"{'f' * 64}:{int(NOON.timestamp() * 1000)}"


def test_faststreams_headers_say_who_sent_it() -> None:
    """Its producers have no fields of their own to set."""
    fields = enveloped({"headline": "x"}, {"message_id": "m1", "producer": "wire"})

    entry = wire.decode(fields, RawArticle, stream=streams.RAW, entry_id="1-1").provenance.entry

    assert entry is not None
    assert (entry.message_id, entry.producer) == ("m1", "wire")


def test_headers_behind_one_that_is_not_ascii_are_not_read() -> None:
    """FastStream 0.7 counts characters where bytes are meant; the body is found all the same."""
    sent = {"producer": "wire", "note": "Zürich, Genève", "message_id": "m1"}
    fields = enveloped({"headline": "x"}, sent)

    article = wire.decode(fields, RawArticle, stream=streams.RAW, entry_id="1-1")

    assert article.headline == "x"
    assert accounts.beside(fields).get(b"producer") == b"wire"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89BIN\x0d\x0a\x1a\x0a",
        b"\x89BIN\x0d\x0a\x1a\x0a" + b"\xff" * 10,
        b"\x89BIN\x0d\x0a\x1a\x0a\x00\x01" + b"\x00\x00\x00\x12\x00\x00\x00\x20\xff\xff\xff\xff",
        b'{"data": "x", "headers": 5}',
    ],
)
def test_a_broken_envelope_has_no_headers(data: bytes) -> None:
    """Nor does it raise."""
    assert envelope.headers(data) == {}


def test_names_are_one_line_and_bounded() -> None:
    """They are keys of a hash in Redis, and columns of a table."""
    read = first_read(
        {"headline": "x"}, producer=b" a\n\x00b " + b"c" * 1000, message_id=b"\xff" + b"m" * 1000
    )
    entry = read.provenance.entry

    assert entry is not None
    assert entry.producer == "a b " + "c" * 60
    assert entry.message_id == "\ufffd" + "m" * 255
