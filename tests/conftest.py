"""Real servers for every test that needs one: started once, on free ports, emptied in between."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.servers import MongoServer, RedisServer, start_mongo, start_redis
from shared import observability

# How many examples each fuzzer draws; `make fuzz` asks for the long run.
settings.register_profile("short", max_examples=30, deadline=None)
settings.register_profile("long", max_examples=3000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "short"))

os.environ["NEWSFLOW_CONSOLE_PORT"] = "0"  # stacks of tests run side by side


@pytest.fixture(scope="session", autouse=True)
def _logs() -> None:
    observability.configure(level="info", log_format="json")


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder = tmp_path_factory.mktemp("redis")
    server = start_redis(folder, log=folder / "log")
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[Redis]:
    """An empty Redis."""
    client = Redis.from_url(redis_server.url)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def mongo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongoServer]:
    folder = tmp_path_factory.mktemp("mongo")
    often = ("--setParameter", "ttlMonitorSleepSecs=1")  # looks for what expired; 60 by default
    server = start_mongo(folder, log=folder / "log", options=often)
    server.wait_ready()
    yield server
    server.stop()


@pytest.fixture
def mongo_url(mongo_server: MongoServer) -> str:
    """A MongoDB without Newsflow's database."""
    with MongoClient[dict[str, object]](mongo_server.url) as client:
        client.drop_database("newsflow")
    return mongo_server.url


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parent.parent
