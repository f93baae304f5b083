"""Wiring of the enrich service: settings in, a service out."""

from typing import Final

from services.enrich.settings import EnrichSettings
from services.enrich.worker import Worker
from shared import streams, traces
from shared.delivery.broker import create_broker
from shared.delivery.delivery import Consumer
from shared.delivery.desk import Work
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.part import Part
from shared.service import Service

_UNREAD_BATCH: Final = 200  # no tagger sets the pace


def create(settings: EnrichSettings) -> Service:
    """Return the service; nothing is loaded or connected before it serves."""
    if settings.read_later and "batch_size" not in settings.model_fields_set:
        settings = settings.model_copy(update={"batch_size": _UNREAD_BATCH})
    metrics = Metrics("enrich")
    broker = create_broker(settings, metrics=metrics)
    broker.publisher(
        stream=streams.ENRICHED, schema=EnrichedArticle, title="enrich writes articles.enriched"
    )
    worker = Worker(settings)
    work = Work(
        hop=streams.ENRICH,
        message=RawArticle,
        handler=worker.enrich,
        limit_bytes=settings.max_article_bytes,
    )
    tracer = traces.create("enrich", settings, metrics)
    consumer = Consumer(broker, work, settings=settings, metrics=metrics, traces=tracer)
    parts: dict[str, Part] = {**traces.parts(tracer), "tagger": worker, "delivery": consumer}
    return Service("enrich", broker=broker, parts=parts, settings=settings, metrics=metrics)
