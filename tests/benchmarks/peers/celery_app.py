"""Celery with Redis: a task a stage, acknowledged late, two processes of its default pool."""

import os
from typing import Any

from celery import Celery, signals
from pymongo import MongoClient

from shared.messages import EnrichedArticle, RawArticle
from tests.benchmarks.peers import work

app = Celery("peer", broker=os.environ["NEWSFLOW_REDIS_URL"])
app.conf.update(
    broker_transport_options={"visibility_timeout": work.LEFT_AFTER_S},
    task_acks_late=True,
    task_ignore_result=True,
    task_reject_on_worker_lost=True,
    worker_concurrency=2,
    worker_prefetch_multiplier=50,
)
_kept: dict[str, Any] = {}


@signals.worker_process_init.connect  # type: ignore[untyped-decorator]  # Celery has no types
def _connect(**_: object) -> None:
    _kept["articles"] = work.articles(MongoClient(os.environ["NEWSFLOW_MONGO_URL"]))


@app.task(name="enrich")  # type: ignore[untyped-decorator]
def enrich(article: str) -> None:
    one = work.enriched(RawArticle.model_validate_json(article, context={}))
    store.delay(one.model_dump_json(exclude_defaults=True))


@app.task(name="store")  # type: ignore[untyped-decorator]
def store(article: str) -> None:
    id_, head = work.document(EnrichedArticle.model_validate_json(article))
    _kept["articles"].replace_one({"_id": id_}, head, upsert=True)
