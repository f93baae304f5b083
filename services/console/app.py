"""Wiring of the console: settings in, an ASGI application out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

from fastapi import FastAPI
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.middleware.gzip import GZipMiddleware

from services.console import answers
from services.console.access import Access
from services.console.assets import Assets
from services.console.desk import Desk
from services.console.guard import Guard
from services.console.pages import ROUTERS
from services.console.settings import ConsoleSettings
from services.console.templating import Pages
from services.console.watch import Watch
from services.inspection.flow import Lookout
from services.store.mongo import Mongo
from shared import partitions, tasks

_WITHIN_S = 2.0  # a server that needs longer is away: people wait before a page
_GZIP_FROM = 500  # bytes


def create(settings: ConsoleSettings, *, token: str) -> FastAPI:
    """Return the application; nothing is connected before it is asked something."""
    pages = Pages(Assets())
    access = Access(token)
    redis = partitions.client(
        settings.redis_url,
        settings.partition,
        socket_timeout=_WITHIN_S,
        socket_connect_timeout=_WITHIN_S,
        retry=Retry(NoBackoff(), 1),  # once: a connection that an idle server has closed
    )
    mongo = Mongo(settings)
    lookout = Lookout(redis, mongo, settings.console_stages, settings.inbox_dir)
    watch = Watch(lookout.look)
    app = FastAPI(
        title="Newsflow console",
        version="1",
        openapi_url="/api/openapi.json",
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=partial(_living, redis=redis, mongo=mongo, watch=watch),
    )
    app.state.desk = Desk(settings, redis, mongo, watch, pages, access)
    for router in ROUTERS:
        app.include_router(router)
    answers.install(app, pages)
    app.add_middleware(GZipMiddleware, minimum_size=_GZIP_FROM)
    app.add_middleware(Guard, settings=settings, access=access, pages=pages)
    return app


@contextlib.asynccontextmanager
async def _living(
    _app: FastAPI, *, redis: Redis, mongo: Mongo, watch: Watch
) -> AsyncIterator[None]:
    watching = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        watch.end()
        await tasks.end([watching], within_s=5)
        await redis.aclose()
        await mongo.close()
