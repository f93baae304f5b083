"""What our spans have in common: how they are named beside an article, and what they may say.

Attributes are named by OpenTelemetry's semantic conventions for messaging, and `newsflow.*`.
"""

from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from shared.letters.deadletters import Cause

ARTICLE_ID: Final = "newsflow.article_id"
STATUS: Final = "newsflow.status"
_CUT: Final = 200  # characters of a reason


def named(parent: bytes) -> SpanContext:
    """Return the span that a traceparent names, see shared/entries/traceparent.py."""
    _, trace, span, flags = parent.decode().split("-")
    return SpanContext(
        int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )


def below(parent: bytes | None) -> Context:
    """Return the context of a span whose parent is named; of a root where none is."""
    return set_span_in_context(NonRecordingSpan(named(parent)), Context()) if parent else Context()


def traceparent(span: Span) -> bytes:
    """Return what names `span` beside an article."""
    known = span.get_span_context()
    return f"00-{known.trace_id:032x}-{known.span_id:016x}-{known.trace_flags:02x}".encode()


def publishing(tracer: Tracer, stream: str, context: Context, **more: object) -> Span:
    """Begin the span of one article that is put on `stream`."""
    attributes = {
        "messaging.system": "redis",
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": stream,
    }
    return tracer.start_span(
        f"publish {stream}",
        context=context,
        kind=SpanKind.PRODUCER,
        attributes=attributes,
        **more,  # type: ignore[arg-type]  # links
    )


def failed(span: Span, why: str) -> None:
    """Mark a span as ended by an error; `why` holds nothing of an article, see `safe`."""
    span.set_status(Status(StatusCode.ERROR, why[:_CUT]))


def safe(reason: str, cause: Cause = "invalid") -> str:
    """Return of a reason what holds no text of the article: that is cut off.

    A reason by the contract ends with the value it is about; an exception may say anything.
    """
    return reason.partition(":")[0] if cause == "failed" else reason.partition(", got ")[0]
