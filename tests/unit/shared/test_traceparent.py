"""The span that an entry names is read in any shape, and nothing else is taken for one."""

import orjson
import pytest

from shared.entries import traceparent, wire
from shared.messages import RawArticle

SPAN = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


def envelope(**headers: str) -> bytes:
    """Return what FastStream before 0.6 writes; the binary one is tested with FastStream itself."""
    return orjson.dumps({"data": '{"headline": "A"}', "headers": headers})


@pytest.mark.parametrize(
    "fields",
    [
        {b"data": b"{}", b"traceparent": SPAN},
        {b"headline": b"A", b"traceparent": SPAN},
        {b"data": b"{}", b"newsflow.traceparent": SPAN},
        {b"data": b"{}", b"newsflow.traceparent": SPAN, b"traceparent": OTHER},
        {b"__data__": envelope(traceparent=SPAN.decode())},
        {b"data": b"{}", b"traceparent": b"cc" + SPAN[2:] + b"-what-comes-later"},
    ],
)
def test_a_span_is_named_beside_an_article(fields: dict[bytes, bytes]) -> None:
    """Ours counts before the producer's own; later versions of the form are read as the first."""
    assert traceparent.parent(fields) == SPAN


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"00",
        SPAN.upper(),
        b"ff" + SPAN[2:],
        SPAN[:-3],
        b"00-" + b"0" * 32 + SPAN[35:],
        SPAN[:36] + b"0" * 16 + b"-01",
        SPAN + b"\n",
        b"\xff" * 55,
    ],
)
def test_what_names_no_span_is_passed_over(said: bytes) -> None:
    """A wrong traceparent harms no article: a trace begins here."""
    assert traceparent.parent({b"data": b"{}", b"traceparent": said}) is None


def test_a_stage_that_traces_nothing_passes_ours_on_and_nobody_elses() -> None:
    """Without traces anywhere an entry is byte for byte what it was."""
    assert traceparent.carried({b"data": b"{}", traceparent.TRACEPARENT: SPAN}) == {
        traceparent.TRACEPARENT: SPAN
    }
    assert traceparent.carried({b"data": b"{}", b"traceparent": SPAN}) == {}


@pytest.mark.parametrize(
    "fields",
    [{b"data": b'{"headline": "A"}'}, {b"headline": b"A"}, {b"__data__": envelope()}],
)
def test_an_article_is_the_same_with_a_span_beside_it(fields: dict[bytes, bytes]) -> None:
    """So services of before traces read what newer ones publish."""
    with_span = {**fields, traceparent.TRACEPARENT: SPAN}
    read = [
        wire.decode(each, RawArticle, stream="articles.raw", entry_id="1-0")
        for each in (fields, with_span)
    ]

    assert read[0] == read[1]
    assert wire.sent(with_span) == fields
