"""FastStream as its tutorial shows it: one message at a time, `@publisher`, a process a stage.

python -m tests.benchmarks.peers.tutorial enrich|store
"""

import asyncio
import os
import sys
from typing import Any

from faststream import AckPolicy, FastStream
from faststream.redis import RedisBroker, StreamSub
from motor.motor_asyncio import AsyncIOMotorClient

from shared.messages import EnrichedArticle, RawArticle
from tests.benchmarks.peers import work

RAW, ENRICHED = "tutorial.raw", "tutorial.enriched"

broker = RedisBroker(os.environ["NEWSFLOW_REDIS_URL"])
app = FastStream(broker)


def _subscriber(stream: str, stage: str) -> Any:
    of = StreamSub(stream, group=stage, consumer=f"{stage}-{os.getpid()}", last_id="0")
    return broker.subscriber(stream=of, ack_policy=AckPolicy.NACK_ON_ERROR)


def enriching() -> None:
    publisher: Any = broker.publisher(stream=ENRICHED)

    @_subscriber(RAW, "enrich")  # type: ignore[untyped-decorator]  # faststream types it by overloads
    @publisher  # type: ignore[untyped-decorator]
    async def enrich(article: RawArticle) -> EnrichedArticle:
        return work.enriched(article)


def storing() -> None:
    articles = work.articles(AsyncIOMotorClient(os.environ["NEWSFLOW_MONGO_URL"]))

    @_subscriber(ENRICHED, "store")  # type: ignore[untyped-decorator]
    async def store(article: EnrichedArticle) -> None:
        id_, head = work.document(article)
        await articles.replace_one({"_id": id_}, head, upsert=True)


if __name__ == "__main__":
    {"enrich": enriching, "store": storing}[sys.argv[1]]()
    asyncio.run(app.run())
