"""The shapes in which an article may stand in a stream entry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entries import wire
from shared.errors import InvalidMessage, TooLarge
from shared.messages import EnrichedArticle, Message, RawArticle
from tests.builders import enriched_article, raw_article

LIMIT = 100_000


def decoded(fields: dict[bytes, bytes], limit_bytes: int = LIMIT) -> RawArticle:
    return wire.decode(
        fields, RawArticle, stream="articles.raw", entry_id="1-1", limit_bytes=limit_bytes
    )


@pytest.mark.parametrize("message", [raw_article(uri="urn:a"), enriched_article(source="Wire")])
def test_what_is_encoded_is_decoded(message: RawArticle | EnrichedArticle) -> None:
    """Services read what services write."""
    fields = wire.encode(message)

    again: Message = wire.decode(
        fields, type(message), stream="s", entry_id="1-1", limit_bytes=LIMIT
    )

    assert again == message
    assert list(fields) == [b"data"]


@pytest.mark.parametrize(
    "fields",
    [
        {b"data": b'{"headline": "H", "body": "B"}'},
        {b"data": b'  \n{"headline": "H", "body": "B"}', b"message_id": b"17"},
        {b"headline": b"H", b"body": b"B"},
        {b"headline": b"H", b"body": b"B", b"data": b"of last week"},
        {b"headline": b"H", b"body": b"B", b"url": b""},
        {b"__data__": b'{"headline": "H", "body": "B"}'},
        {b"__data__": b'{"data": "{\\"headline\\": \\"H\\", \\"body\\": \\"B\\"}", "headers": {}}'},
    ],
)
def test_every_shape_that_people_send_is_understood(fields: dict[bytes, bytes]) -> None:
    """The contract, flat fields, FastStream's envelopes."""
    article = decoded(fields)

    assert (article.headline, article.body) == ("H", "B")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "no article: an entry needs a field `data` with a JSON object; this one has "),
        ({b"title": b"x"}, "this one has `title`"),
        ({b"headline": b"\xff"}, "`headline`: not UTF-8 (byte 0)"),
        ({b"headline": b"x", b"\xff": b"x"}, "not UTF-8 (byte 0)"),
        ({b"data": b"\xff{"}, "not JSON"),
        ({b"data": b"hello"}, "not JSON: expected value at line 1 column 1"),
        ({b"__data__": b"\x89BIN\x0d\x0a\x1a\x0a"}, "`__data__`: FastStream's envelope is cut off"),
        ({b"newsflow.fields": b"4:data,"}, "`newsflow.fields`: not packed as we pack"),
        ({b"newsflow.fields": b"-3:data"}, "`newsflow.fields`: not packed as we pack"),
    ],
)
def test_every_other_entry_is_refused_with_a_reason(
    fields: dict[bytes, bytes], reason: str
) -> None:
    """InvalidMessage, in words for the producer."""
    with pytest.raises(InvalidMessage) as raised:
        decoded(fields)

    assert reason in str(raised.value)


def test_an_article_that_is_too_large_is_an_error_of_its_own() -> None:
    """It may be the setting's fault, and then nearly all are."""
    with pytest.raises(TooLarge, match="too large: 100012 bytes; the limit is 100000"):
        decoded({b"data": b'{"body": "%s"}' % (b"x" * LIMIT)})


FIELDS = st.dictionaries(st.binary(max_size=20), st.binary(max_size=200), max_size=5)


@given(FIELDS, FIELDS)
def test_fields_of_ours_are_no_part_of_the_article(
    fields: dict[bytes, bytes], others: dict[bytes, bytes]
) -> None:
    """Packed or not, what a producer sent comes out as it went in."""
    theirs = {name: value for name, value in fields.items() if not name.startswith(wire.OURS)}
    ours = {wire.OURS + name: value for name, value in others.items() if name != b"fields"}

    assert wire.sent({**theirs, **ours}) == theirs
    assert wire.sent({wire.PACKED: wire.pack(theirs), **ours}) == theirs


def test_an_article_that_was_sent_again_is_read_like_any_other() -> None:
    """With what it tells of that beside it, whatever its shape."""
    for fields in (
        {b"data": b'{"headline": "H", "body": "B"}'},
        {b"headline": b"H", b"body": b"B"},
        {b"newsflow.fields": b"8:headline,1:H,4:body,1:B,"},
    ):
        article = decoded({**fields, b"newsflow.replayed": b'{"times":1,"letters":["1-1"]}'})

        assert (article.headline, article.body) == ("H", "B")


@given(st.dictionaries(st.binary(max_size=20), st.binary(max_size=200), max_size=5))
def test_no_entry_whatever_breaks_the_reader(fields: dict[bytes, bytes]) -> None:
    """Any bytes are an article or an InvalidMessage."""
    try:
        said = decoded(fields).text
    except InvalidMessage as error:
        said = str(error)

    assert said


@given(st.binary(max_size=300))
def test_no_envelope_whatever_breaks_the_reader(data: bytes) -> None:
    """Also when it pretends to be FastStream's."""
    for shape in (data, b"\x89BIN\x0d\x0a\x1a\x0a" + data):
        with pytest.raises(InvalidMessage):
            decoded({b"__data__": shape})
