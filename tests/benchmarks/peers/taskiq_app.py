"""taskiq on Redis streams: a task a stage, acknowledged once done, two processes."""

import os
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from taskiq import TaskiqEvents, TaskiqState
from taskiq_redis import RedisStreamBroker

from shared.messages import EnrichedArticle, RawArticle
from tests.benchmarks.peers import work

broker = RedisStreamBroker(
    os.environ["NEWSFLOW_REDIS_URL"],
    queue_name="taskiq",
    consumer_id="0",
    idle_timeout=work.LEFT_AFTER_S * 1000,
    unacknowledged_lock_timeout=work.LEFT_AFTER_S,
)
_kept: dict[str, Any] = {}


@broker.on_event(TaskiqEvents.WORKER_STARTUP)
async def _connect(_: TaskiqState) -> None:
    _kept["articles"] = work.articles(AsyncIOMotorClient(os.environ["NEWSFLOW_MONGO_URL"]))


@broker.task(task_name="enrich")
async def enrich(article: str) -> None:
    one = work.enriched(RawArticle.model_validate_json(article))
    await store.kiq(one.model_dump_json(exclude_defaults=True))


@broker.task(task_name="store")
async def store(article: str) -> None:
    id_, head = work.document(EnrichedArticle.model_validate_json(article))
    await _kept["articles"].replace_one({"_id": id_}, head, upsert=True)
