"""Wiring of the ingest service: settings in, a service out."""

from typing import TYPE_CHECKING

from services.ingest.intake import Intake
from services.ingest.settings import IngestSettings
from shared import streams, traces
from shared.delivery.broker import create_broker
from shared.messages import RawArticle
from shared.metrics import Metrics
from shared.part import Part
from shared.service import Service

if TYPE_CHECKING:
    from shared.traces.exporting import Traces


def create(settings: IngestSettings) -> Service:
    """Return the service; nothing is connected before it serves."""
    metrics = Metrics("ingest")
    broker = create_broker(settings, metrics=metrics)
    broker.publisher(stream=streams.RAW, schema=RawArticle, title="ingest writes articles.raw")
    tracer = traces.create("ingest", settings, metrics)
    parts: dict[str, Part] = {**traces.parts(tracer), "inbox": _intake(settings, metrics, tracer)}
    return Service("ingest", broker=broker, parts=parts, settings=settings, metrics=metrics)


def _intake(settings: IngestSettings, metrics: Metrics, tracer: "Traces | None") -> Intake:
    if tracer is None:
        return Intake(settings, metrics=metrics)
    from services.ingest.traced import TracedIntake  # noqa: PLC0415 (OpenTelemetry is an extra)

    return TracedIntake(settings, metrics=metrics, traces=tracer)
