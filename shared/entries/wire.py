"""The shapes in which an article may stand in a stream entry. Pure.

The contract: one field `data` that holds a JSON object. Beside it `producer` says who sends it,
and `message_id` names the message; further fields are ignored.

    XADD articles.raw * data '{"headline": "...", "body": "..."}'

Also understood, because people send them:

    XADD articles.raw * headline '...' body '...'     flat fields, each one text
    broker.publish(article, stream="articles.raw")    FastStream's own envelope in `__data__`

Fields of ours beside them begin with `newsflow.`, and are no part of the article: what a dead
letter that was sent again tells of itself (shared/letters/replays.py), and an entry of more fields
than a script hands over, as one field.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

import orjson
from pydantic import ValidationError

from shared.entries import envelope
from shared.entries.accounts import entry_origin
from shared.errors import InvalidMessage, Problem, TooLarge
from shared.messages import ENTRY, Message

M = TypeVar("M", bound=Message)

DATA: Final = b"data"
OURS: Final = b"newsflow."
PACKED: Final = b"newsflow.fields"

_TEXT_FIELDS: Final = (b"headline", b"body", b"body_html")
_SHOWN_PROBLEMS: Final = 5
_LENGTH_DIGITS: Final = 12  # of a netstring; Redis takes values of 512 MB


def encode(message: Message) -> dict[bytes, bytes]:
    """Return the fields of a stream entry that carries `message`, by the contract."""
    return {DATA: message.model_dump_json(exclude_none=True, exclude_defaults=True).encode()}


def decode(
    fields: Mapping[bytes, bytes],
    message: type[M],
    *,
    stream: str,
    entry_id: str,
    limit_bytes: int | None = None,
) -> M:
    """Return the message that the entry `entry_id` of `stream` carries.

    Raises InvalidMessage, with a reason for people, when the fields are of none of the shapes, or
    the JSON object is not a `message`; TooLarge when the JSON is larger than `limit_bytes`.
    """
    text = body(fields)
    if limit_bytes is not None and len(text) > limit_bytes:
        raise TooLarge(too_large(len(text), limit_bytes))
    origin = entry_origin(fields, stream=stream, entry_id=entry_id)
    try:
        return message.model_validate_json(text, context={ENTRY: origin})
    except ValidationError as error:
        raise InvalidMessage(explain(error), problems(error)) from None


def too_large(size: int, limit_bytes: int) -> str:
    """Return the reason why an article of `size` bytes is refused."""
    return f"too large: {size} bytes; the limit is {limit_bytes} (NEWSFLOW_MAX_ARTICLE_BYTES)"


def explain(error: ValidationError) -> str:
    """Return what is wrong with an article, for its publisher: field by field, in one line."""
    found = [_problem(details) for details in error.errors(include_url=False)]
    shown = "; ".join(found[:_SHOWN_PROBLEMS])
    more = len(found) - _SHOWN_PROBLEMS
    return f"{shown}; and {more} more" if more > 0 else shown


def problems(error: ValidationError) -> list[Problem]:
    """Return the same for programs: where it is (RFC 6901), and which rule it breaks."""
    return [
        Problem(_pointer(details["loc"]), details["type"], _problem(details))
        for details in error.errors(include_url=False)
    ]


def _pointer(steps: Iterable[str | int]) -> str:
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def _problem(details: Any) -> str:  # noqa: ANN401 (pydantic's ErrorDetails differs by version)
    field = ".".join(str(step) for step in details["loc"])
    match details["type"]:
        case "json_invalid":
            return f"not JSON: {details['ctx']['error']}"
        case "model_type":
            return "not a JSON object"
        case "value_error":
            text = str(details["ctx"]["error"])
        case _:
            text = f"{details['msg'][:1].lower()}{details['msg'][1:]}"
    given = "" if not field or details["type"] == "missing" else f", got {details['input']!r:.60}"
    return f"`{field}`: {text}{given}" if field else text


def body(fields: Mapping[bytes, bytes]) -> bytes:
    """Return the JSON of an entry, whichever shape it has; raises InvalidMessage if it has none."""
    if any(name.startswith(OURS) for name in fields):
        fields = sent(fields)
    if envelope.FIELD in fields:
        return envelope.body(fields[envelope.FIELD])
    data = fields.get(DATA)
    flat = any(field in fields for field in _TEXT_FIELDS)
    if data is not None and (data.lstrip()[:1] == b"{" or not flat):
        return data
    if not flat:
        names = ", ".join(f"`{name.decode('utf-8', 'replace')}`" for name in list(fields)[:5])
        msg = f"no article: an entry needs a field `data` with a JSON object; this one has {names}"
        raise InvalidMessage(msg)
    return _object_of(fields)


def sent(fields: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return the fields of an entry as its producer sent them, without those of ours.

    Raises InvalidMessage when a field that only we write is not as we write it.
    """
    theirs = {name: value for name, value in fields.items() if not name.startswith(OURS)}
    return theirs | unpack(fields[PACKED]) if PACKED in fields else theirs


def pack(fields: Mapping[bytes, bytes]) -> bytes:
    """Return names and values in turn, as netstrings (cr.yp.to/proto/netstrings.txt)."""
    return b"".join(b"%d:%s," % (len(part), part) for pair in fields.items() for part in pair)


def unpack(packed: bytes) -> dict[bytes, bytes]:
    """Return what was packed; raises InvalidMessage when it was not packed by `pack`."""
    parts: list[bytes] = []
    at = 0
    try:
        while at < len(packed):
            colon = packed.index(b":", at, at + _LENGTH_DIGITS)
            end = colon + 1 + int(packed[at:colon])
            parts.append(packed[colon + 1 : end])
            if end < colon or packed[end : end + 1] != b",":
                raise ValueError  # noqa: TRY301 (the same as what int and index say)
            at = end + 1
        return dict(zip(parts[::2], parts[1::2], strict=True))
    except ValueError:
        msg = f"`{PACKED.decode()}`: not packed as we pack"
        raise InvalidMessage(msg) from None


def _object_of(fields: Mapping[bytes, bytes]) -> bytes:
    """Return flat fields as a JSON object; an empty field counts as left out."""
    try:
        return orjson.dumps(
            {name.decode(): value.decode() for name, value in fields.items() if value}
        )
    except UnicodeDecodeError as error:
        broken = next(name for name, value in fields.items() if error.object in (name, value))
        msg = f"`{broken.decode('utf-8', 'replace')}`: not UTF-8 (byte {error.start})"
        raise InvalidMessage(msg) from None
