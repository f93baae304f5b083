"""Wiring of the store service: settings in, a service out."""

from datetime import UTC, datetime
from functools import partial

from services.store.handler import store
from services.store.mongo import Mongo
from services.store.parts import side_by_side
from services.store.settings import StoreSettings
from shared import streams, traces
from shared.delivery.broker import create_broker
from shared.delivery.delivery import Consumer
from shared.delivery.desk import Work
from shared.messages import EnrichedArticle
from shared.metrics import Metrics
from shared.part import Part
from shared.service import Service


def create(settings: StoreSettings) -> Service:
    """Return the service; nothing is connected before it serves."""
    metrics = Metrics("store")
    broker = create_broker(settings, metrics=metrics)
    mongo = Mongo(settings)
    handler = partial(side_by_side, handler=partial(store, library=mongo, clock=_now))
    work = Work(hop=streams.STORE, message=EnrichedArticle, handler=handler, waits=True)
    tracer = traces.create("store", settings, metrics)
    consumer = Consumer(broker, work, settings=settings, metrics=metrics, traces=tracer)
    parts: dict[str, Part] = {**traces.parts(tracer), "mongo": mongo, "delivery": consumer}
    return Service("store", broker=broker, parts=parts, settings=settings, metrics=metrics)


def _now() -> datetime:
    return datetime.now(UTC)
