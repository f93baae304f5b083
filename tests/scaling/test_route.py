"""The whole route over partitions of a real cluster, whose masters are killed under load."""

import asyncio
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from services.cli.reconcile import Audit, audited
from services.devstack.processes import Child
from services.store.settings import StoreSettings
from shared import streams
from shared.identity import article_id
from shared.partitions import client, partition_of, tag
from tests.faults.run import SEED
from tests.scaling import cluster
from tests.scaling.cluster import Cluster

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

NAMES = ("p1", "p2", "p3")
WITHIN_S = 120


class Room:
    """Enrich and store of every partition, and a producer that sends again what was not taken."""

    def __init__(self, folder: Path, made: Cluster, mongo_url: str) -> None:
        self.folder = folder
        self.cluster = made
        self.mongo_url = mongo_url
        self.sent: Counter[str] = Counter()  # accepted, by uri
        self.retried = 0
        self.services = [
            self._service(stage, name) for name in NAMES for stage in ("enrich", "store")
        ]

    def _service(self, stage: str, partition: str) -> Child:
        environment = {
            "NEWSFLOW_REDIS_URL": self.cluster.url,
            "NEWSFLOW_PARTITION": partition,
            "NEWSFLOW_MONGO_URL": self.mongo_url,
            "NEWSFLOW_READ_LATER": "true",  # the tagger is not what is tested
            "NEWSFLOW_RECLAIM_AFTER_MS": "2000",
            "NEWSFLOW_BATCH_SIZE": "25",
            "NEWSFLOW_LOG_FORMAT": "json",
        }
        argv = [sys.executable, "-m", f"services.{stage}"]
        log = self.folder / f"{stage}-{partition}.log"
        return Child(f"{stage}-{partition}", argv, log=log, env=environment)

    async def send(self, until: asyncio.Event, *, replicated: bool) -> None:
        """Send articles, every tenth twice, until asked to stop."""
        async with AsyncExitStack() as stack:
            clients = [client(self.cluster.url, name, socket_timeout=2) for name in NAMES]
            for one in clients:
                stack.push_async_callback(one.aclose)
            for number in count():
                if until.is_set():
                    return
                uri = f"urn:cluster:{number}"
                for _ in range(2 if number % 10 == 0 else 1):
                    known = article_id(uri=uri, guid=None, url=None, source=None, text="")
                    await self._add(clients[partition_of(known, 3)], uri, replicated=replicated)
                    self.sent[uri] += 1
                await asyncio.sleep(0.005)

    async def _add(self, redis: Redis, uri: str, *, replicated: bool) -> None:
        article = {"uri": uri, "headline": f"Storm {uri}", "body": f"The port is closed: {uri}."}
        while True:
            try:
                async with redis.client() as own:
                    one: Any = own  # WAIT speaks of what this connection wrote
                    await one.xadd(streams.RAW, {"data": json.dumps(article)})
                    if not replicated or await one.execute_command("WAIT", 1, 2000):
                        return
            except (RedisError, OSError):
                await asyncio.sleep(0.1)
            self.retried += 1

    async def audits(self, **options: Any) -> list[Audit]:
        """Reconcile every partition."""
        return [
            await audited(
                StoreSettings(redis_url=self.cluster.url, partition=name, mongo_url=self.mongo_url),
                self.folder / "archive",
                **options,
            )
            for name in NAMES
        ]

    async def at_rest(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    audits = await self.audits(quick=True)
                except SystemExit:  # a partition is between two nodes
                    audits = []
                if audits and all(audit.books.at_rest for audit in audits):
                    return
                await asyncio.sleep(0.2)

    def stored(self) -> Counter[str]:
        with MongoClient[dict[str, Any]](self.mongo_url) as mongo:
            heads = mongo["newsflow"]["articles"].find({}, {"uri": 1})
            return Counter(head["uri"] for head in heads)


async def _killed(made: Cluster, partitions: Sequence[str], *, again: bool) -> None:
    """Kill the master of each partition in turn; start it again at once, or once it has a heir."""
    for name in partitions:
        await asyncio.sleep(2)
        owner = await made.owner(key_slot(tag(name)))
        owner.child.kill()
        if again:
            await asyncio.sleep(1)
        else:
            async with asyncio.timeout(WITHIN_S):
                while await made.owner(key_slot(tag(name))) is owner:
                    await asyncio.sleep(0.1)
        owner.child.start()
        await made.settled(0 if again else 3)


@pytest.mark.parametrize("replicas", [True, False], ids=["promoted", "restarted"])
async def test_masters_killed_under_load_lose_nothing(
    tmp_path: Path, mongo_url: str, replicas: bool
) -> None:
    """One after the other: its replica takes over, or it comes back with its log; all adds up."""
    async with cluster.running(tmp_path / "cluster", replicas=replicas) as made:
        room = Room(tmp_path, made, mongo_url)
        over = asyncio.Event()
        try:
            for service in room.services:
                service.start()
            sending = asyncio.create_task(room.send(over, replicated=replicas))
            names = list(NAMES)
            random.Random(SEED).shuffle(names)  # noqa: S311 (an order, no secret)
            await _killed(made, names, again=not replicas)
            await asyncio.sleep(2)
            over.set()
            await sending
            await room.at_rest()
            audits = await room.audits()
            stopped = [await asyncio.to_thread(child.stop, 30) for child in room.services]
        finally:
            for child in room.services:
                child.kill()
        stored = room.stored()

    sys.stderr.write(f"{len(room.sent)} articles, {room.retried} sent again\n")  # shown by -s
    assert set(stored) == set(room.sent)
    assert set(stored.values()) == {1}
    assert all(stopped)
    assert [audit.books.letters for audit in audits] == [0, 0, 0]
    assert [audit.findings for audit in audits] == [[], [], []]
