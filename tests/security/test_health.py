"""/health, /live and /metrics: on loopback, of bounded number, without a word of an article."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer, free_port
from services.enrich.settings import EnrichSettings
from services.ingest.settings import IngestSettings
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.broker import create_broker
from shared.delivery.delivery import Consumer
from shared.delivery.desk import Work
from shared.messages import RawArticle
from shared.metrics import Metrics
from shared.service import Service
from shared.settings import Settings
from tests.contract.services_in_process import Recorder, all_acknowledged, until

SECRET = "Harbour of Port Vesper"  # noqa: S105 (what is looked for)


def test_every_service_listens_on_loopback_unless_told() -> None:
    """Nobody outside this machine gets at it by default."""
    for settings in (IngestSettings, EnrichSettings, StoreSettings):
        assert settings.model_fields["health_host"].default == "127.0.0.1"


@pytest.fixture
async def port(redis_server: RedisServer, redis: Redis) -> AsyncIterator[int]:
    """A stage that serves, in this process."""
    assert await redis.ping()
    settings = Settings(redis_url=redis_server.url, health_port=free_port())
    metrics = Metrics("enrich")
    broker = create_broker(settings, metrics=metrics)
    work = Work(hop=streams.ENRICH, message=RawArticle, handler=Recorder())
    consumer = Consumer(broker, work, settings=settings, metrics=metrics)
    parts: Any = {"delivery": consumer}
    service = Service("enrich", broker=broker, parts=parts, settings=settings, metrics=metrics)
    serving = asyncio.create_task(service.serve())
    await until(lambda: _is(settings.health_port, 200))
    yield settings.health_port
    service._stop()  # noqa: SLF001 (what SIGTERM calls)
    assert await serving == 0


async def asked(port: int, path: str = "/health") -> tuple[int, str]:
    def ask() -> tuple[int, str]:
        try:
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    return await asyncio.to_thread(ask)


async def _is(port: int, status: int) -> bool:
    return (await asked(port))[0] == status


async def test_nothing_of_an_article_is_told(port: int, redis: Redis) -> None:
    """Good ones and dead ones: counts alone. And there is no fourth page."""
    await redis.xadd(streams.RAW, {"headline": SECRET, "body": SECRET})
    await redis.xadd(streams.RAW, {SECRET: SECRET})
    await until(lambda: all_acknowledged(redis))

    for path in ("/health", "/live", "/metrics"):
        status, said = await asked(port, path)
        assert status == 200
        assert SECRET not in said
    for path in ("/", "/docs", "/asyncapi", "/health/x", "/../etc/passwd"):
        assert (await asked(port, path))[0] == 404


async def test_many_connections_take_no_more_than_their_number(port: int, redis: Redis) -> None:
    """Above a hundred the answer is 503; the stage works on, and answers once they are gone."""
    silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(120)]
    await until(lambda: _is(port, 503))
    await redis.xadd(streams.RAW, {"headline": "Harbour reopens"})
    await until(lambda: all_acknowledged(redis))

    for _, writer in silent:
        writer.close()
    await until(lambda: _is(port, 200))
