"""A newsroom that sends articles whatever happens, and counts what became of them.

It sends good articles as files and as messages, some twice, some in an older version after the
newer one, and between them poison of every kind. What Redis or the inbox accepted is remembered:
`shortfalls` says what the promises of README demand of it and does not find.
"""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError

from services.cli.overview import Overview
from services.cli.running import overview, ready
from services.devstack.stack import Stack
from shared import deadletters, streams
from tests.builders import NOON

POISON: list[dict[str, str | bytes]] = [
    {"data": "{"},
    {"data": '{"headline": 5}'},
    {"data": b"\xff\xfe\x00"},
    {"headline": b"\xff"},
    {"neither": "one nor the other"},
    {"data": "[]"},
]


@dataclass
class Newsroom:
    """What was accepted: versions by uri, poison entries, files that cannot be read."""

    stack: Stack
    redis: Redis
    accepted: dict[str, set[int]] = field(default_factory=dict)
    poison: set[str] = field(default_factory=set)
    bad_files: set[str] = field(default_factory=set)

    async def send_messages(self, count: int, *, first: int = 0) -> None:
        """Publish `count` articles, every tenth twice and in two versions, and some poison."""
        for number in range(first, first + count):
            versions = [2, 1, 2] if number % 10 == 0 else [1]
            for version in versions:
                await self._add({"data": json.dumps(article(number, version))})
            self.accepted[uri(number)] = set(versions)
            if number % 100 == 50:
                entry_id = await self._add(POISON[number // 100 % len(POISON)])
                self.poison.add(entry_id)

    async def send_files(self, count: int, *, first: int) -> None:
        """Drop `count` articles into the inbox, moved in whole, and some that cannot be read."""
        inbox = self.stack.folder / "inbox"
        for number in range(first, first + count):
            drop(inbox, f"{number}.json", json.dumps(article(number, 1)))
            self.accepted[uri(number)] = {1}
            if number % 100 == 50:
                drop(inbox, f"{number}-bad.json", '{"headline": ')
                self.bad_files.add(f"{number}-bad.json")
            if number % 10 == 0:
                await asyncio.sleep(0.005)

    async def _add(self, fields: Mapping[str, str | bytes]) -> str:
        """Publish until Redis returns an id: only then is it accepted."""
        client: Any = self.redis
        while True:
            with suppress(RedisError, OSError):
                entry_id: bytes = await client.xadd(streams.RAW, fields)
                return entry_id.decode()
            await asyncio.sleep(0.05)

    async def at_rest(self) -> None:
        """Wait until nothing is on its way, as `newsflow status` sees it."""
        async with asyncio.timeout(120):
            while not await self._rests():
                await asyncio.sleep(0.2)

    async def _rests(self) -> bool:
        inbox = self.stack.folder / "inbox"
        if any(path.is_file() for path in inbox.glob("[!.]*")):
            return False
        view: Overview = await overview(self.stack)
        waiting = [stage for stage in view.stages if stage.lag or stage.pending]
        return view.ok and not waiting

    async def shortfalls(self) -> list[str]:
        """Return every promise that does not hold; [] is what a test wants."""
        found: list[str] = []
        with MongoClient[dict[str, Any]](self.stack.address.mongo_url, tz_aware=True) as client:
            database = client["newsflow"]
            heads = {head["uri"]: head for head in database["articles"].find()}
            revisions = Counter(one["uri"] for one in database["article_revisions"].find())
            doubled = database["articles"].count_documents({}) - len(heads)
        if missing := self.accepted.keys() - heads.keys():
            found.append(f"{len(missing)} articles lost, {sorted(missing)[:3]}")
        if extra := heads.keys() - self.accepted.keys():
            found.append(f"{len(extra)} articles nobody sent")
        if doubled:
            found.append(f"{doubled} documents doubled")
        for name, versions in self.accepted.items():
            if name in heads and heads[name]["version"] != str(max(versions)):
                found.append(f"{name}: head is version {heads[name]['version']}, not the newest")
            if revisions[name] != len(versions):
                found.append(f"{name}: {revisions[name]} revisions of {len(versions)}")
        letters = [letter async for letter in deadletters.letters(self.redis)]
        parked = Counter(letter.entry_id for letter in letters)
        if lost := self.poison - parked.keys():
            found.append(f"{len(lost)} poison entries without a dead letter")
        innocent = [letter for letter in letters if letter.cause != "invalid"]
        found += [f"dead without guilt: {letter.reason}" for letter in innocent[:3]]
        found += [f"dead twice: {one}" for one, times in parked.items() if times > 1]
        failed = self.stack.folder / "inbox" / ".failed"
        if lost := {name for name in self.bad_files if not (failed / name).is_file()}:
            found.append(f"{len(lost)} unreadable files gone")
        return found


def uri(number: int) -> str:
    return f"urn:newsml:test:{number}"


def article(number: int, version: int) -> dict[str, Any]:
    """Return a short article; a higher version is an hour younger."""
    place = ("Oslo", "Lima", "Kigali", "Hanoi")[number % 4]
    return {
        "uri": uri(number),
        "version": str(version),
        "headline": f"Storm number {number} reaches {place}, version {version}",
        "body": f"{place.upper()} (Test Wire) - A storm closed the port on Monday, police said.",
        "updated_at": (NOON + timedelta(hours=version)).isoformat(),
    }


def drop(inbox: Path, name: str, text: str) -> None:
    half = inbox / f".{name}.part"
    half.write_text(text)
    half.rename(inbox / name)


@asynccontextmanager
async def newsroom(folder: Path, **settings: str) -> AsyncIterator[Newsroom]:
    """Run a whole stack, tended like `newsflow up` does, until the block ends."""
    quick = {"NEWSFLOW_RECLAIM_AFTER_MS": "2000"}
    stack = Stack(folder, settings={**quick, **settings})
    stack.start()
    tending = asyncio.create_task(_tend(stack))
    again = Retry(ConstantBackoff(0.1), 5)  # a connection from before a kill is a broken one
    redis = Redis.from_url(stack.address.redis_url, socket_timeout=2, retry=again)
    try:
        await ready(stack, asyncio.Event())
        yield Newsroom(stack, redis)
    finally:
        tending.cancel()
        await redis.aclose()
        stack.stop()


async def _tend(stack: Stack) -> None:
    while True:
        await asyncio.sleep(0.1)
        stack.tend()
