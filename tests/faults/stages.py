"""Services as processes of their own on given servers, any number of each, and what they hold."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.processes import Child
from shared import streams
from shared.streams import Hop

STOP_WITHIN_S: Final = 20  # NEWSFLOW_STOP_WITHIN_S
_GRACE_S: Final = 10  # for the interpreter's own end, on a busy machine


@dataclass
class Stages:
    """Processes of the services, in one folder, on one Redis and one MongoDB."""

    folder: Path
    redis: Redis
    redis_url: str
    mongo_url: str

    def service(self, name: str) -> Child:
        """Return a process of the service `name` (`enrich-2` is another of enrich), not started."""
        environment = {
            "NEWSFLOW_REDIS_URL": self.redis_url,
            "NEWSFLOW_MONGO_URL": self.mongo_url,
            "NEWSFLOW_INBOX_DIR": str(self.folder / "inbox"),
            "NEWSFLOW_ARCHIVE_DIR": str(self.folder / "archive"),
            "NEWSFLOW_BATCH_SIZE": "25",
            "NEWSFLOW_STOP_WITHIN_S": str(STOP_WITHIN_S),
            "NEWSFLOW_MAX_BACKLOG": "1000000",
            "NEWSFLOW_LOG_FORMAT": "json",
        }
        module = f"services.{name.partition('-')[0]}"
        log = self.folder / f"{name}.log"
        return Child(name, [sys.executable, "-m", module], log=log, env=environment)

    async def started(self, child: Child) -> None:
        """Start `child`, and wait until it says that it is ready."""
        before = self.count_ready(child)
        child.start()

        async def is_ready() -> bool:
            assert child.pid, child.last_lines()
            return self.count_ready(child) > before

        await until(is_ready)

    @staticmethod
    def count_ready(child: Child) -> int:
        return child.log.read_text().count('"event":"ready"') if child.log.exists() else 0

    async def stopped(self, child: Child) -> int | None:
        """Stop `child` by SIGTERM; return its exit code, None when it had to be killed."""
        in_time = await asyncio.to_thread(child.stop, STOP_WITHIN_S + _GRACE_S)
        return child.exit_code if in_time else None

    async def group(self, hop: Hop) -> dict[str, int]:
        """Return `lag`, `pending` and the number of `consumers` of a stage's group."""
        client: Any = self.redis
        for group in await client.xinfo_groups(hop.source):
            if group["name"] == hop.stage.encode():
                return {name: group[name] for name in ("lag", "pending", "consumers")}
        return {}

    async def consumers(self) -> set[int]:
        """Return the process ids of all consumers that the groups know; names end in them."""
        client: Any = self.redis
        return {
            int(consumer["name"].split(b"-")[-2])
            for hop in streams.HOPS
            for consumer in await client.xinfo_consumers(hop.source, hop.stage)
        }

    async def is_at_rest(self) -> bool:
        """Say whether both groups have ended all there is."""
        for hop in streams.HOPS:
            group = await self.group(hop)
            if not group or group["lag"] or group["pending"]:
                return False
        return True

    def stored(self) -> dict[str, int]:
        """Return how often each uri is a document."""
        found: dict[str, int] = {}
        with MongoClient[dict[str, Any]](self.mongo_url) as client:
            for head in client["newsflow"]["articles"].find({}, {"uri": 1}):
                found[head["uri"]] = found.get(head["uri"], 0) + 1
        return found

    async def count_stored(self) -> int:
        return sum((await asyncio.to_thread(self.stored)).values())


def article(number: int) -> dict[str, str]:
    place = ("Oslo", "Lima", "Kigali", "Hanoi")[number % 4]
    return {
        "uri": f"urn:stage:{number}",
        "headline": f"Storm number {number} reaches {place}",
        "body": f"{place.upper()} (Test Wire) - A storm closed the port on Monday, police said.",
    }


def drop(inbox: Path, name: str, text: str) -> None:
    """Move a file into the inbox whole, as a careful producer does."""
    inbox.mkdir(exist_ok=True)
    half = inbox / f".{name}.part"
    half.write_text(text)
    half.rename(inbox / name)


async def add(redis: Redis, numbers: range) -> None:
    """Publish articles to articles.raw."""
    pipe: Any = redis.pipeline(transaction=False)
    for number in numbers:
        pipe.xadd(streams.RAW, {"data": json.dumps(article(number))})
    await pipe.execute()


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 120) -> None:
    """Wait until `condition` holds; fail when it does not in time."""
    async with asyncio.timeout(within_s):
        while not await condition():
            await asyncio.sleep(0.05)
