"""Entries of every broken kind end as dead letters, each with its reason, and harm nobody."""

import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from services.enrich import app as enrich_app
from services.enrich.settings import EnrichSettings
from services.store import app as store_app
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery.group import Group
from shared.letters import deadletters
from tests.builders import seeded
from tests.contract.services_in_process import until
from tests.faults.newsroom import newsroom
from tests.fuzzing.malformed import Entry, malformed, odd

FEW: Final = 3_000
MANY: Final = 100_000
EVERY_ARTICLE: Final = 50  # entries from one article to the next
CHUNK: Final = 1_000


class Sent:
    """What was sent, by a seed: articles by uri, dead letters by entry id."""

    def __init__(self, seed: int) -> None:
        print(f"seed {seed}")  # noqa: T201 (makes the same entries again)
        self._chance = seeded(seed)
        self._numbers = count()
        self.uris: set[str] = set()
        self.poison: set[str] = set()

    async def send(self, redis: Redis, entries: int) -> None:
        """Publish `entries` more of them."""
        client: Any = redis
        for _ in range(0, entries, CHUNK):
            pipe = client.pipeline(transaction=False)
            uris = []
            for _ in range(CHUNK):
                uri, fields = self._next()
                uris.append(uri)
                pipe.xadd(streams.RAW, fields)
            ids: list[bytes] = await pipe.execute()
            self.uris |= {uri for uri in uris if uri}
            self.poison |= {id_.decode() for uri, id_ in zip(uris, ids, strict=True) if not uri}

    def _next(self) -> tuple[str, Entry]:
        number = next(self._numbers)
        if number % EVERY_ARTICLE:
            return "", malformed(self._chance)
        uri = f"urn:odd:{number}"
        return uri, odd(self._chance, uri)


async def at_rest(redis: Redis, within_s: float) -> None:
    """Wait until neither stage has anything before it."""
    groups = [Group(redis, hop, "test") for hop in streams.HOPS]

    async def rests() -> bool:
        return not any([(await group.state()).waiting for group in groups])

    await until(rests, within_s)


async def shortfalls(sent: Sent, redis: Redis, mongo_url: str) -> list[str]:
    """Return what did not come of what was sent; [] is what a test wants."""
    letters = Counter[str]()
    found = []
    async for letter in deadletters.letters(redis):
        letters[letter.entry_id] += 1
        if letter.cause != "invalid" or not letter.reason:
            found.append(f"{letter.entry_id}: {letter.cause}, {letter.reason!r}")
    with MongoClient[dict[str, Any]](mongo_url) as client:
        stored = Counter(one["uri"] for one in client["newsflow"]["articles"].find())
    if letters != Counter(sent.poison):
        found.append(f"{len(letters)} letters of {len(sent.poison)}")
    if stored != Counter(sent.uris):
        found.append(f"{len(stored)} articles of {len(sent.uris)}")
    return found


@asynccontextmanager
async def in_process(redis_url: str, mongo_url: str) -> AsyncIterator[None]:
    """Run enrich and store, as they are, in this process."""
    async with AsyncExitStack() as stack:
        for service in (
            enrich_app.create(EnrichSettings(redis_url=redis_url)),
            store_app.create(StoreSettings(redis_url=redis_url, mongo_url=mongo_url)),
        ):
            await stack.enter_async_context(service.app.start_lifespan_context())
        yield


async def test_some_thousand_malformed_entries_have_a_reason_each(
    redis: Redis, redis_server: RedisServer, mongo_url: str
) -> None:
    """And every article between them is stored."""
    sent = Sent(secrets.randbits(32))
    await sent.send(redis, FEW)

    async with in_process(redis_server.url, mongo_url):
        await at_rest(redis, within_s=60)

    assert await shortfalls(sent, redis, mongo_url) == []


@pytest.mark.long
async def test_a_hundred_thousand_malformed_entries_end_no_service(tmp_path: Path) -> None:
    """On processes of their own: none ends, and none grows."""
    sent = Sent(secrets.randbits(32))
    async with newsroom(tmp_path, seed=0) as room:
        before = _services(room.rig.children)
        sizes = []
        began = time.monotonic()
        for _ in range(10):
            await sent.send(room.redis, MANY // 10)
            await at_rest(room.redis, within_s=300)
            sizes.append({name: _resident_mb(pid) for name, pid in before.items()})
        took = time.monotonic() - began
        print(f"{MANY / took:.0f} entries/s; MB: {sizes}")  # noqa: T201 (for docs/delivery.md)

        assert _services(room.rig.children) == before
        assert await shortfalls(sent, room.redis, room.rig.address.mongo_url) == []
        for name in before:
            assert sizes[-1][name] < sizes[1][name] * 1.1 + 5, name


def _services(children: dict[str, Any]) -> dict[str, int]:
    return {name: children[name].pid for name in ("enrich", "store")}


def _resident_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) // 1024
