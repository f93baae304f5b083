"""Wiring of the enrich service: settings in, a service out."""

from services.enrich.settings import EnrichSettings
from services.enrich.worker import Worker
from shared import streams
from shared.broker import create_broker
from shared.delivery import Consumer
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.part import Part
from shared.service import Service


def create(settings: EnrichSettings) -> Service:
    """Return the service; nothing is loaded or connected before it serves."""
    metrics = Metrics("enrich")
    broker = create_broker(settings, metrics=metrics)
    broker.publisher(
        stream=streams.ENRICHED, schema=EnrichedArticle, title="enrich writes articles.enriched"
    )
    worker = Worker(settings)
    consumer = Consumer(
        broker,
        worker.enrich,
        hop=streams.ENRICH,
        message=RawArticle,
        settings=settings,
        metrics=metrics,
    )
    parts: dict[str, Part] = {"tagger": worker, "delivery": consumer}
    return Service("enrich", broker=broker, parts=parts, settings=settings, metrics=metrics)
