"""The three services as processes, on real servers, with a collector of the test's own."""

import asyncio
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.processes import Child
from services.devstack.servers import RedisServer, free_port
from tests.traces.collector import Collector, Span

WITHIN_S = 40


class Traced:
    """Services that are started as a test says, and a collector that takes everything."""

    def __init__(
        self, redis: Redis, redis_url: str, mongo_url: str, folder: Path, collector: Collector
    ) -> None:
        self.redis: Any = redis
        self.folder = folder
        self.collector = collector
        self._mongo_url = mongo_url
        self._children: dict[str, Child] = {}
        self._ports: dict[str, int] = {}
        self._env = {
            "NEWSFLOW_REDIS_URL": redis_url,
            "NEWSFLOW_MONGO_URL": mongo_url,
            "NEWSFLOW_INBOX_DIR": str(folder / "inbox"),
            "NEWSFLOW_ARCHIVE_DIR": str(folder / "archive"),
            "NEWSFLOW_RECLAIM_AFTER_MS": "300",
            "NEWSFLOW_LOG_FORMAT": "json",
            "NEWSFLOW_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }

    def start(self, *stages: str, **env: str) -> None:
        for stage in stages:
            port = self._ports[stage] = free_port()
            child = self._children[stage] = Child(
                stage,
                [sys.executable, "-m", f"services.{stage}"],
                log=self.folder / f"{stage}.log",
                env={**self._env, "NEWSFLOW_HEALTH_PORT": str(port), **env},
            )
            child.start()

    def stop(self, within_s: float = 25) -> list[int | None]:
        """Stop all as an operator does; return how they ended."""
        for child in self._children.values():
            child.stop(within_s)
        return [child.exit_code for child in self._children.values()]

    def log(self, stage: str) -> str:
        return self._children[stage].log.read_text()

    def metrics(self, stage: str) -> str:
        """Return what a service exports; nothing before it listens."""
        url = f"http://127.0.0.1:{self._ports[stage]}/metrics"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                text: str = answer.read().decode()
        except OSError:
            return ""
        return text

    def metric(self, stage: str, name: str) -> float:
        lines = self.metrics(stage).splitlines()
        return float(next(line for line in lines if line.startswith(name)).split()[-1])

    async def stored(self, count: int) -> None:
        """Wait until there are so many documents."""
        with MongoClient[dict[str, Any]](self._mongo_url) as client:
            articles = client["newsflow"]["articles"]
            await self.until(lambda: articles.count_documents({}) >= count)

    async def spans(self, name: str, count: int = 1) -> list[Span]:
        """Wait for spans of this name; return them in the order in which they began."""

        def those() -> list[Span]:
            return [span for span in self.collector.spans if span.name == name]

        await self.until(lambda: len(those()) >= count)
        return sorted(those(), key=lambda span: span.nanoseconds)

    async def until(self, look: Callable[[], bool]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not look():
                ended = {
                    name: child.last_lines()
                    for name, child in self._children.items()
                    if child.exit_code is not None
                }
                assert not ended
                await asyncio.sleep(0.05)


@pytest.fixture
def traced(
    redis: Redis, redis_server: RedisServer, mongo_url: str, tmp_path: Path
) -> Iterator[Traced]:
    (tmp_path / "inbox").mkdir()
    with Collector(lambda: 200).listening() as collector:
        services = Traced(redis, redis_server.url, mongo_url, tmp_path, collector)
        yield services
        services.stop()
