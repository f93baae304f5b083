"""The way of spans out of this process: a bounded queue, a thread, OTLP over HTTP.

A collector that is slow or away costs spans, never articles: what has no room is dropped and
counted, and said once.
"""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from redis.asyncio import Redis

from shared.metrics import Metrics
from shared.observability import get_logger
from shared.part import Running
from shared.settings import Settings, process_name

# Spans: a step of intake ends 2,000 at once, a batch of store 800; the SDK's own is 2,048.
_QUEUE: Final = 8_192
_LINKS: Final = 1_000  # of a span: a batch of store has 400 articles; the SDK's own is 128
_FLUSH_WITHIN_S: Final = 3.0
_PATH: Final = "/v1/traces"


class Traces:
    """A part of a service: its `tracer` makes spans, which are sent until it is closed."""

    def __init__(self, stage: str, settings: Settings, metrics: Metrics) -> None:
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)  # we say it, once
        self._queue = _Queue(_Counted(_exporter(settings)), stage, metrics)
        named = "OTEL_SPAN_LINK_COUNT_LIMIT" in os.environ
        self._provider = TracerProvider(
            resource=_resource(stage),
            span_limits=SpanLimits(max_links=None if named else _LINKS),
            shutdown_on_exit=False,  # `close` does it, within its time
        )
        self._provider.add_span_processor(self._queue)
        self.tracer = self._provider.get_tracer("newsflow", _version())

    async def open(self, redis: Redis) -> Sequence[Running]:  # noqa: ARG002 (a part's signature)
        return []

    async def close(self) -> None:
        """Send what waits, for three seconds at most."""
        loop, sent = asyncio.get_running_loop(), asyncio.Event()

        def send() -> None:
            self._provider.shutdown()
            with contextlib.suppress(RuntimeError):  # the loop has not waited
                loop.call_soon_threadsafe(sent.set)

        # A thread that nobody waits for: what the pool of asyncio runs must end before the process.
        threading.Thread(target=send, daemon=True).start()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(sent.wait(), _FLUSH_WITHIN_S)

    async def problem(self) -> str | None:
        return None  # traces that are lost harm no article


class _Counted(SpanExporter):
    """An exporter that tells its queue how each batch ended."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self.queue: _Queue

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.queue.left(len(spans))
        try:
            result = self._exporter.export(spans)
        except Exception:  # noqa: BLE001 (a bug of the exporter costs spans, and is counted so)
            result = SpanExportResult.FAILURE
        if result is SpanExportResult.SUCCESS:
            self.queue.sent()
        else:
            self.queue.dropped(len(spans), "the collector does not take them")
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Queue(BatchSpanProcessor):
    """The SDK's queue, which does not tell what it drops: so it is never given too much."""

    def __init__(self, exporter: _Counted, stage: str, metrics: Metrics) -> None:
        self._most = int(os.environ.get("OTEL_BSP_MAX_QUEUE_SIZE") or _QUEUE)
        self._waiting = 0
        self._lock = threading.Lock()
        self._metrics = metrics
        self._log = get_logger(stage)
        self._said = False
        exporter.queue = self
        super().__init__(exporter, max_queue_size=self._most)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue a span, or drop it."""
        with self._lock:
            full = self._waiting >= self._most
            self._waiting += not full
        if full:
            self.dropped(1, "the collector is too slow")
        else:
            super().on_end(span)

    def left(self, count: int) -> None:
        """Take note that spans are in the exporter's hands."""
        with self._lock:
            self._waiting -= count

    def sent(self) -> None:
        """Take note that the collector takes spans."""
        if self._said:
            self._said = False
            self._log.info("traces go out again")

    def dropped(self, count: int, why: str) -> None:
        """Count spans that are lost; say so, once until the collector takes some."""
        self._metrics.spans_dropped.inc(count)
        if not self._said:
            self._said = True
            self._log.warning("traces are lost, articles are not", reason=why)


def _version() -> str:
    try:
        return version("newsflow")
    except PackageNotFoundError:  # in the image the code is copied, not installed
        return ""


def _exporter(settings: Settings) -> OTLPSpanExporter:
    """Return the SDK's exporter; the OTEL_EXPORTER_OTLP_* variables set the rest of it."""
    if not settings.otlp_endpoint:
        return OTLPSpanExporter()
    return OTLPSpanExporter(settings.otlp_endpoint.rstrip("/").removesuffix(_PATH) + _PATH)


def _resource(stage: str) -> Resource:
    ours = {
        "service.name": f"newsflow-{stage}",
        "service.namespace": "newsflow",
        "service.version": _version(),
        "service.instance.id": process_name(stage),
    }
    # What the environment says (OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES) is put last, to count.
    return Resource.create(ours).merge(OTELResourceDetector().detect())
