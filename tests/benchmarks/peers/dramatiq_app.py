"""dramatiq with Redis: an actor a stage, acknowledged once done, two processes of four threads."""

import os
from typing import Any

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Middleware
from pymongo import MongoClient

from shared.messages import EnrichedArticle, RawArticle
from tests.benchmarks.peers import work

_kept: dict[str, Any] = {}


class _Connect(Middleware):
    def before_worker_boot(self, _broker: object, _worker: object) -> None:
        _kept["articles"] = work.articles(MongoClient(os.environ["NEWSFLOW_MONGO_URL"]))


broker = RedisBroker(  # type: ignore[no-untyped-call]  # dramatiq's Redis has no types
    url=os.environ["NEWSFLOW_REDIS_URL"],
    heartbeat_timeout=work.LEFT_AFTER_S * 1000,
    maintenance_chance=10_000,  # per million calls; dead workers are looked for only so often
)
broker.add_middleware(_Connect())
dramatiq.set_broker(broker)


@dramatiq.actor(actor_name="enrich", max_retries=None)
def enrich(article: str) -> None:
    one = work.enriched(RawArticle.model_validate_json(article))
    store.send(one.model_dump_json(exclude_defaults=True))


@dramatiq.actor(actor_name="store", max_retries=None)
def store(article: str) -> None:
    id_, head = work.document(EnrichedArticle.model_validate_json(article))
    _kept["articles"].replace_one({"_id": id_}, head, upsert=True)
