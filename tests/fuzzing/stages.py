"""The two stages behind articles.raw, moved step by step, each step by a consumer of its own.

Groups, desks, scripts, the store's handler and both servers are the real ones. Only who reads when
is the test's: so that a consumer can be killed, or frozen and woken, between any two steps.
"""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any, Generic

from redis.asyncio import Redis

from services.store.handler import store
from services.store.mongo import Mongo
from shared import streams
from shared.delivery.desk import Desk, M, Work
from shared.delivery.group import Entry, Group
from shared.errors import PermanentError
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.outcome import Outcome
from shared.settings import Settings
from tests.contract.services_in_process import passed_on

_NEVER = 1_000_000  # deliveries: no entry is taken for one that kills its process


class Killed(BaseException):
    """What ends a consumer in the middle: nothing of ours may catch it."""


class Stage(Generic[M]):
    """A stage that works when it is told to."""

    def __init__(self, redis: Redis, work: Work[M]) -> None:
        self._redis: Any = redis
        self._work: Work[M] = work
        self._names = count()
        self._settings = Settings(max_deliveries=_NEVER)
        self._metrics = Metrics(work.hop.stage)

    async def read(self, most: int) -> list[Entry]:
        """Read what is new as a consumer that nobody has met before."""
        name = f"consumer-{next(self._names)}"
        hop = self._work.hop
        reply = await self._redis.xreadgroup(hop.stage, name, {hop.source: ">"}, count=most)
        page = reply[0][1] if reply else []
        return [Entry(id_, fields, 1) for id_, fields in page if fields]

    async def claim(self) -> list[Entry]:
        """Take over whatever is pending, as if all who held it were long silent."""
        group = self._group()
        pending = await group.abandoned(0)
        return await group.claim(pending, 0) if pending else []

    async def work(self, entries: Sequence[Entry], *, dies: bool = False) -> None:
        """Bring entries to their ends; killed, it has done its work and told nobody."""
        desk = Desk(self._dying() if dies else self._work, *self._desk())
        await desk.take(entries)
        await desk.rest()

    async def trim(self) -> None:
        await self._group().trim()

    async def ensure(self) -> None:
        await self._group().ensure()

    async def drain(self) -> None:
        """Work until nothing is left to read and nothing is pending."""
        while entries := [*await self.claim(), *await self.read(100)]:
            await self.work(entries)

    async def left(self) -> int:
        """Return how many entries have no end yet."""
        return (await self._group().state()).waiting

    def _group(self) -> Group:
        return Group(self._redis, self._work.hop, f"consumer-{next(self._names)}")

    def _desk(self) -> tuple[Group, Settings, Metrics]:
        return self._group(), self._settings, self._metrics

    def _dying(self) -> Work[M]:
        async def handler(articles: Sequence[M]) -> Sequence[Outcome | PermanentError]:
            await self._work.handler(articles)
            raise Killed

        hop, message, limit = self._work.hop, self._work.message, self._work.limit_bytes
        return Work(hop=hop, message=message, handler=handler, limit_bytes=limit)


async def _pass_on(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
    await asyncio.sleep(0)
    return [passed_on(article) for article in articles]


def enrich(redis: Redis) -> Stage[RawArticle]:
    """Return a stage that learns nothing about articles, and passes them on."""
    return Stage(redis, Work(hop=streams.ENRICH, message=RawArticle, handler=_pass_on))


def storing(redis: Redis, mongo: Mongo) -> Stage[EnrichedArticle]:
    """Return the stage that stores."""

    async def handler(
        articles: Sequence[EnrichedArticle],
    ) -> Sequence[Outcome | PermanentError]:
        return await store(articles, library=mongo)

    return Stage(redis, Work(hop=streams.STORE, message=EnrichedArticle, handler=handler))
