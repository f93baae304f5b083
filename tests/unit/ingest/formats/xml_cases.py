"""What the tests of the XML formats share: reading, and documents with something broken in them."""

from typing import Any

from hypothesis import strategies as st
from pydantic import ValidationError

from services.ingest.formats import Format
from services.ingest.records import Document, Record
from shared.errors import Unreadable
from shared.messages import Provenance, RawArticle
from tests.builders import NOON


def records(known: Format, data: str | bytes) -> list[Record]:
    return list(known.read(Document.of(data if isinstance(data, bytes) else data.encode())))


def recognised(known: Format, data: str | bytes) -> bool:
    return known.recognises(Document.of(data if isinstance(data, bytes) else data.encode()))


def fields(known: Format, data: str | bytes) -> dict[str, Any]:
    """Return the fields of the only record, which hold the contract."""
    [record] = records(known, data)
    assert record.fields is not None, record.reason
    validated(record)
    return dict(record.fields)


def validated(record: Record) -> RawArticle:
    ours = {"received_at": NOON, "provenance": Provenance()}
    return RawArticle.model_validate({**(record.fields or {}), **ours})


def reason(known: Format, data: str | bytes) -> str:
    """Return why there is no article in `data`."""
    try:
        [record] = records(known, data)
    except Unreadable as error:
        return str(error)
    assert record.reason is not None, record.fields
    return record.reason


def survives(known: Format, data: bytes) -> bool:
    """Say whether `data` ends as articles and reasons; anything else is raised."""
    recognised(known, data)
    try:
        found = records(known, data)
    except Unreadable as error:
        return bool(str(error))
    for record in found:
        try:
            assert record.reason or validated(record).article_id
        except ValidationError:
            continue
    return True


def broken(document: str) -> st.SearchStrategy[bytes]:
    """Return `document` cut, with a byte of it changed, or with a piece of it once more."""
    data = document.encode()
    place = st.integers(0, len(data) - 1)
    cut = place.map(lambda at: data[:at])
    changed = st.builds(
        lambda at, byte: data[:at] + bytes([byte]) + data[at + 1 :], place, st.integers(0, 255)
    )
    repeated = st.builds(
        lambda start, end, at: data[:at] + data[min(start, end) : max(start, end)] + data[at:],
        *(place, place, place),
    )
    return st.one_of(cut, changed, repeated)
