"""Which trace an article belongs to, told beside it: W3C Trace Context. Pure.

    newsflow.traceparent   00-TRACE-SPAN-FLAGS   ours, from stage to stage and through dead letters
    traceparent            the same by a producer, as a field or a header of FastStream's envelope

The form: https://www.w3.org/TR/trace-context/#traceparent-header. `tracestate` is not passed on.
"""

import re
from collections.abc import Mapping
from typing import Final

from shared.entries import envelope

TRACEPARENT: Final = b"newsflow.traceparent"
_THEIRS: Final = b"traceparent"
_FORM: Final = re.compile(
    rb"(?!ff)[0-9a-f]{2}-((?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2})(?:-.{0,200})?"
)


def parent(fields: Mapping[bytes, bytes]) -> bytes | None:
    """Return the span that the fields of an entry name, as version 00 writes it, if any does."""
    said = fields.get(TRACEPARENT) or fields.get(_THEIRS)
    if said is None and envelope.FIELD in fields:
        said = envelope.headers(fields[envelope.FIELD]).get(_THEIRS)
    known = _FORM.fullmatch(said) if said else None
    return b"00-" + known[1] if known else None


def field(named: bytes | None) -> dict[bytes, bytes]:
    """Return the field that names a span; none when there is none."""
    return {TRACEPARENT: named} if named else {}


def carried(fields: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return the field that goes on with an article where nothing is traced; none for most."""
    return field(parent(fields)) if TRACEPARENT in fields else {}
