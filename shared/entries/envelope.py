"""FastStream's own envelope, as `broker.publish(article, stream="articles.raw")` sends it. Pure.

    magic, version, where headers start, where data starts, number of headers, headers, data

A header is a name and a value, each behind its length in two bytes. FastStream 0.7 writes that
length in characters where bytes are meant, so what follows a value that is not ASCII is not read.
"""

import struct
from typing import Final

import orjson

from shared.errors import InvalidMessage

FIELD: Final = b"__data__"
_MAGIC: Final = b"\x89BIN\x0d\x0a\x1a\x0a"
_HEAD: Final = struct.Struct(">HII")  # version, where headers start, where data starts
_LENGTH: Final = struct.Struct(">H")
_MOST_HEADERS: Final = 100


def body(data: bytes) -> bytes:
    """Return the body within the envelope, binary or the JSON one of FastStream < 0.6.

    The headers are skipped by the offset in the head. Raises InvalidMessage when it is cut off.
    """
    if data.startswith(_MAGIC):
        try:
            _, _, start = _HEAD.unpack_from(data, len(_MAGIC))
        except struct.error:
            msg = "`__data__`: FastStream's envelope is cut off"
            raise InvalidMessage(msg) from None
        return data[start:]
    old = _old(data)
    return data if old is None else str(old["data"]).encode()


def headers(data: bytes) -> dict[bytes, bytes]:
    """Return the headers, as far as they can be read; none of what is no envelope."""
    if not data.startswith(_MAGIC):
        old = _old(data)
        sent = old["headers"] if old else {}
        return (
            {str(name).encode(): str(value).encode() for name, value in sent.items()}
            if isinstance(sent, dict)
            else {}
        )
    found: dict[bytes, bytes] = {}
    try:
        _, at, end = _HEAD.unpack_from(data, len(_MAGIC))
        (count,) = _LENGTH.unpack_from(data, at)
        at += _LENGTH.size
        for _ in range(min(count, _MOST_HEADERS)):
            name, at = _text(data, at)
            value, at = _text(data, at)
            if at > end:
                break
            found[name] = value
    except struct.error:
        pass  # what was read before it counts
    return found


def _text(data: bytes, at: int) -> tuple[bytes, int]:
    (length,) = _LENGTH.unpack_from(data, at)
    at += _LENGTH.size
    return data[at : at + length], at + length


def _old(data: bytes) -> dict[str, object] | None:
    try:
        envelope = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if isinstance(envelope, dict) and envelope.keys() == {"data", "headers"}:
        return envelope
    return None
