"""Where an article came from is told of whatever its bytes are."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entries import wire
from shared.letters.origins import Origin, origin
from shared.messages import FileOrigin, Provenance
from tests.builders import enriched_article, raw_article

FILE = FileOrigin(path="ap/1.jsonl", sha256="0" * 64, record=7, start=10, end=20)


@pytest.mark.parametrize("make", [raw_article, enriched_article])
def test_an_article_of_a_file_tells_file_record_and_bytes(make: Any) -> None:
    """On either stream."""
    fields = wire.encode(make(source="Wire", provenance=Provenance(file=FILE)))

    told = origin(fields)

    assert (told.source, told.file) == ("Wire", FILE)
    assert told.received_at == "2026-11-23T12:00:00Z"


def test_what_is_no_article_tells_what_it_can() -> None:
    """Its JSON is read, whatever the contract says."""
    broken = {"headline": 5, "source": "Wire", "provenance": {"file": 3}}

    assert origin({b"data": json.dumps(broken).encode()}) == Origin("Wire")
    assert origin({b"headline": b"H", b"source": b"Wire"}) == Origin("Wire")
    assert origin({b"data": b'{"source": ["Wire"]}'}) == Origin()


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
NAMES = st.sampled_from(["article", "source", "provenance", "file", "path"])


@given(st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON)) | JSON)
def test_no_json_whatever_breaks_it(value: object) -> None:
    """It raises nothing."""
    assert isinstance(origin({b"data": json.dumps(value).encode()}), Origin)


@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=200), max_size=5))
def test_no_entry_whatever_breaks_it(fields: dict[bytes, bytes]) -> None:
    """Nor any bytes."""
    assert isinstance(origin(fields), Origin)
