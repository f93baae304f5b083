"""How a running Newsflow is, at a glance: what `newsflow status` and the screen of `up` show."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from services.ingest.ledger import Ledger, Life
from services.ingest.shelf import failures
from services.inspection.asking import Health, ask
from services.store.driver_errors import said
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import partitions, streams
from shared.addresses import without_password
from shared.delivery.group import Group
from shared.errors import NewsflowError, RedisUnavailable

_WITHIN_S = 2.0
_LAST_FILES = 100  # that changed last, among which those being read are looked for


class StageView(BaseModel):
    """One stage: its health, and what waits before it."""

    stage: str
    health: Health = "unknown"
    problems: list[str] = []
    lag: int | None = None
    pending: int | None = None
    oldest_seconds: float | None = None

    @property
    def waits(self) -> bool:
        """Whether it has anything before it."""
        return bool(self.lag or self.pending)


class Overview(BaseModel):
    """The whole: servers, stages, what was stored, what was set aside."""

    ok: bool
    redis_url: str
    mongo_url: str
    health_urls: dict[str, str]
    problems: list[str]
    stages: list[StageView]
    documents: int | None
    dead: int | None
    failed_files: int
    reading: list[Life] = []


async def look(settings: StoreSettings, *, health_urls: Mapping[str, str], inbox: Path) -> Overview:
    """Return how things are now; what does not answer within two seconds is said to be away."""
    redis = partitions.client(
        settings.redis_url, settings.partition, socket_timeout=_WITHIN_S, socket_connect_timeout=1
    )
    problems: list[str] = []
    answers = await asyncio.gather(*(ask(name, url) for name, url in health_urls.items()))
    known = {
        one.name: StageView(stage=one.name, health=one.health, problems=one.problems)
        for one in answers
    } or {name: StageView(stage=name) for name in ("ingest", "enrich", "store")}
    dead = None
    reading: list[Life] = []
    try:
        for hop in streams.HOPS:
            state = await Group(redis, hop, "status").state()
            view = known.setdefault(hop.stage, StageView(stage=hop.stage))
            view.lag, view.pending = state.lag, state.pending
            view.oldest_seconds, dead = state.oldest_ms / 1000, state.dead
        reading = await Ledger(redis).in_state("reading", _LAST_FILES)
    except (RedisUnavailable, RedisError, OSError) as error:
        problems.append(f"Redis: {error}")
    finally:
        await redis.aclose()
    documents = None
    try:
        documents = await _documents(settings)
    except (PyMongoError, TimeoutError, NewsflowError) as error:
        problems.append(f"MongoDB: {said(error) or 'no answer'}"[:200])
    views = list(known.values())
    return Overview(
        ok=not problems and all(view.health not in {"bad", "away"} for view in views),
        redis_url=without_password(settings.redis_url),
        mongo_url=without_password(settings.mongo_url),
        health_urls=dict(health_urls),
        problems=problems,
        stages=views,
        documents=documents,
        dead=dead,
        failed_files=len(failures(inbox)),
        reading=reading,
    )


async def _documents(settings: StoreSettings) -> int:
    mongo = Mongo(settings)
    try:
        async with asyncio.timeout(_WITHIN_S):
            return await mongo.count()
    finally:
        await mongo.close()
