"""Wiring of the ingest service: settings in, a service out."""

from services.ingest.intake import Intake
from services.ingest.settings import IngestSettings
from shared import streams
from shared.delivery.broker import create_broker
from shared.messages import RawArticle
from shared.metrics import Metrics
from shared.service import Service


def create(settings: IngestSettings) -> Service:
    """Return the service; nothing is connected before it serves."""
    metrics = Metrics("ingest")
    broker = create_broker(settings, metrics=metrics)
    broker.publisher(stream=streams.RAW, schema=RawArticle, title="ingest writes articles.raw")
    parts = {"inbox": Intake(settings, metrics=metrics)}
    return Service("ingest", broker=broker, parts=parts, settings=settings, metrics=metrics)
