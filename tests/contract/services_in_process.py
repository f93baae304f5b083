"""A stage with a handler of the test's own, on a real Redis, in this process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis

from shared import streams
from shared.delivery.broker import create_broker
from shared.delivery.delivery import Consumer
from shared.delivery.desk import Work
from shared.entries import wire
from shared.errors import PermanentError
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.outcome import Outcome
from shared.service import Service
from shared.settings import Settings
from tests.builders import NOON

Handle = Callable[[Sequence[RawArticle]], Awaitable[Sequence[Outcome | PermanentError]]]


@dataclass
class Recorder:
    """A handler that passes every article on, and remembers how it was called."""

    calls: list[list[RawArticle]] = field(default_factory=list)

    async def __call__(self, articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        self.calls.append(list(articles))
        return [passed_on(article) for article in articles]

    @property
    def headlines(self) -> list[str | None]:
        return [article.headline for call in self.calls for article in call]


def passed_on(article: RawArticle) -> Outcome:
    """Return the end of an article that nothing was learned about."""
    message = EnrichedArticle(
        article_id=article.article_id, article=article, headline=article.headline, enriched_at=NOON
    )
    return Outcome("enriched", message)


@asynccontextmanager
async def enriching(
    redis: Redis,
    handler: Handle,
    *,
    waits: bool = False,
    limit_bytes: int | None = None,
    metrics: Metrics | None = None,
    **settings: Any,
) -> AsyncIterator[Consumer[RawArticle]]:
    """Run a consumer of articles.raw until the block ends, then stop it as SIGTERM would."""
    options = redis.connection_pool.connection_kwargs
    url = f"redis://{options['host']}:{options['port']}/0"
    quick = {"redis_url": url, "reclaim_after_ms": 300, "stop_within_s": 5}
    loaded = Settings(**{**quick, **settings})
    metrics = metrics or Metrics("enrich")
    broker = create_broker(loaded, metrics=metrics)
    work = Work(
        hop=streams.ENRICH,
        message=RawArticle,
        handler=handler,
        waits=waits,
        limit_bytes=limit_bytes,
    )
    consumer = Consumer(broker, work, settings=loaded, metrics=metrics)
    parts = {"delivery": consumer}
    service = Service("enrich", broker=broker, parts=parts, settings=loaded, metrics=metrics)
    async with service.app.start_lifespan_context():
        yield consumer


async def add(redis: Redis, count: int = 1) -> list[bytes]:
    """Publish articles as any client would: headline "1", "2", ... and a body."""
    client: Any = redis
    return [
        await client.xadd(streams.RAW, {"data": f'{{"headline": "{number}", "body": "Words."}}'})
        for number in range(1, count + 1)
    ]


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 15) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.02)


async def all_acknowledged(redis: Redis) -> bool:
    """Say whether the group has read and acknowledged all of articles.raw."""
    client: Any = redis
    groups = await client.xinfo_groups(streams.RAW)
    return any((g["name"], g["lag"], g["pending"]) == (b"enrich", 0, 0) for g in groups)


async def enriched(redis: Redis) -> list[str | None]:
    """Return the headlines on articles.enriched."""
    client: Any = redis
    return [
        wire.decode(fields, EnrichedArticle, stream="", entry_id=id_.decode()).headline
        for id_, fields in await client.xrange(streams.ENRICHED)
    ]


async def dead(redis: Redis) -> list[DeadLetter]:
    """Return the dead letters, newest first."""
    return [letter async for letter in deadletters.letters(redis)]
