"""The header of a mail, decoded: its encoded words (RFC 2047), its bytes beyond ASCII. Pure."""

import binascii
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any, Final

from services.ingest import charset
from services.ingest.formats.json_based import json_values
from services.ingest.formats.web import declared_charset
from shared.errors import Unreadable

_WORD: Final = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]{0,2000})\?=")
_LONGEST_FIELD: Final = 20_000  # characters that are decoded
_LONGEST_ADDRESS: Final = 1000  # characters; Python recurses into comments
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


def fields(message: Message) -> dict[str, Any]:
    """Return what the header says of the article; what cannot be read is left out."""
    name, address = _sender(_raw(message, "from"))
    return json_values.filled(
        {
            "guid": line(_raw(message, "message-id")).strip("<> "),
            "headline": line(_raw(message, "subject")),
            "byline": name,
            "source": line(_raw(message, "organization")) or address.rpartition("@")[2],
            "language": _language(line(_raw(message, "content-language"))),
            "subjects": json_values.distinct(
                (None, word.strip() or None)
                for word in re.split("[,;]", line(_raw(message, "keywords")))
            ),
            "published_at": _moment(line(_raw(message, "date"))),
        }
    )


def line(raw: str) -> str:
    """Return a field as text on one line, its encoded words decoded."""
    text = _text(raw.encode("utf-8", "surrogateescape")[:_LONGEST_FIELD])
    pieces: list[str] = []
    data, encoding, at = b"", "", 0  # of the encoded words before, which may share a character
    for word in _WORD.finditer(text):
        between = text[at : word.start()]
        named = word[1].partition("*")[0].lower()
        if data and (between.strip() or named != encoding):
            pieces.append(_decoded(data, encoding))
            data = b""
        if between.strip() or not at:
            pieces.append(between)
        data, encoding, at = data + _bytes(word[2], word[3]), named, word.end()
    return " ".join("".join([*pieces, _decoded(data, encoding), text[at:]]).split())


def _raw(message: Message, name: str) -> str:
    """Return a field as it came, its bytes beyond ASCII as lone surrogates."""
    values = (str(value) for key, value in message.raw_items() if key.lower() == name)
    return next(values, "")


def _text(data: bytes) -> str:
    try:
        return charset.decode(data) if data.strip() else ""
    except Unreadable:
        return data.decode("ascii", "replace").replace("\0", " ")


def _bytes(encoding: str, encoded: str) -> bytes:
    """Return the bytes of an encoded word; the word itself where it is broken."""
    data = encoded.encode()
    try:
        if encoding in "bB":
            return binascii.a2b_base64(data + b"==")
        return binascii.a2b_qp(data, header=True)
    except binascii.Error:
        return data


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return declared_charset.decode(data, encoding) if data else ""
    except Unreadable:
        return data.decode("ascii", "replace").replace("\0", " ")


def _sender(raw: str) -> tuple[str, str]:
    """Return name and address of who sent it."""
    try:
        name, address = parseaddr(raw[:_LONGEST_ADDRESS])
    except (IndexError, RecursionError, TypeError, ValueError):
        return "", ""
    name, address = line(name), line(address)
    return ("" if "@" in name else name.strip("'\" ")), address if "@" in address else ""


def _language(word: str) -> str | None:
    match = _LANGUAGE.fullmatch(word.partition(",")[0].strip())
    return match[0] if match else None


def _moment(written: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
        return found.astimezone(UTC) if found.tzinfo else found
    except (IndexError, OverflowError, TypeError, ValueError):
        return json_values.likely_moment(written)
