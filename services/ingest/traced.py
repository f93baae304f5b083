"""Intake (intake.py) with a span for every file, and for every article it publishes."""

from collections.abc import Sequence
from typing import Final

from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, set_span_in_context

from services.ingest.intake import Intake
from services.ingest.reading import Batch, Reading
from services.ingest.settings import IngestSettings
from shared import streams
from shared.metrics import Metrics
from shared.traces import spans
from shared.traces.exporting import Traces

_IN_ONE: Final = 100  # articles of a file in its trace; a collector shows no trace of a million


class TracedIntake(Intake):
    """Gives each file a span, until all of it is published, and its articles spans below that.

    Of a file of many articles only the first hundred are in its trace; each further one begins a
    trace of its own, with a link to the file's.
    """

    def __init__(self, settings: IngestSettings, *, metrics: Metrics, traces: Traces) -> None:
        super().__init__(settings, metrics=metrics)
        self._tracer = traces.tracer
        self._files: dict[str, Span] = {}

    async def _publish(self, batches: Sequence[tuple[Reading, Batch]]) -> bool:
        begun: list[Span] = []
        traced: list[tuple[Reading, Batch]] = []
        for reading, batch in batches:
            sending = self._sending(self._file(reading), batch)
            begun += sending
            step = batch.step._replace(parents=[spans.traceparent(span) for span in sending])
            traced.append((reading, batch._replace(step=step)))
        published = await super()._publish(traced)
        for span in begun if published else ():
            span.end()
        return published

    def _finish(self, readings: Sequence[Reading]) -> None:
        super()._finish(readings)
        for reading in readings:
            life = reading.life
            if reading.done and (span := self._files.pop(life.id, None)):
                span.set_attribute("newsflow.records", life.records)
                span.set_attribute("newsflow.published", life.published)
                span.set_attribute("newsflow.refused", life.failed)
                if life.failed:
                    spans.failed(span, spans.safe(life.reason))
                span.end()

    def _file(self, reading: Reading) -> Span:
        """Return the span of a file; it begins when this process opened it first."""
        life = reading.life
        span = self._files.get(life.id)
        if span is None:
            span = self._files[life.id] = self._tracer.start_span(
                "ingest file",
                context=Context(),
                attributes={"file.path": life.path, "file.size": life.size},
                start_time=reading.opened_ns,
            )
        return span

    def _sending(self, file: Span, batch: Batch) -> list[Span]:
        """Begin a span for each article of a batch."""
        first = batch.step.after.published - len(batch.published)
        within = set_span_in_context(file, Context())
        link = [Link(file.get_span_context())]
        begun = []
        for number, article_id in enumerate(batch.published, first):
            span = (
                spans.publishing(self._tracer, streams.RAW, within)
                if number < _IN_ONE
                else spans.publishing(self._tracer, streams.RAW, Context(), links=link)
            )
            span.set_attribute(spans.ARTICLE_ID, article_id)
            begun.append(span)
        return begun
