"""Whatever happens, in whatever order: what was accepted is accounted for, and nothing else."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from datetime import timedelta
from typing import Any, Final, TypeVar
from uuid import uuid4

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    rule,
    run_state_machine_as_test,
)
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from services.store import mongo
from services.store.documents import Document, Record
from services.store.indexes import ARTICLES, REVISIONS
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import streams
from shared.delivery import redis_scripts
from shared.delivery.group import Entry
from shared.entries import wire
from shared.letters import deadletters
from shared.letters.deadletters import DeadLetter
from shared.messages import RawArticle
from tests.builders import NOON
from tests.contract.services_in_process import dead
from tests.fuzzing.promises import Promises
from tests.fuzzing.stages import Stage, enrich, storing

T = TypeVar("T")

POISON: Final = (b"{", b"[]", b'{"headline": 5}', b"\xff\xfe\x00", b'{"headline": "\\ud800"}')
# How many runs of up to how many steps; `make fuzz` asks for the long ones.
SHORT: Final = settings(max_examples=40, stateful_step_count=20, deadline=None)
LONG: Final = settings(max_examples=2_000, stateful_step_count=60, deadline=None)


class Newsroom:
    """The servers and both stages, on a loop of their own."""

    def __init__(self, redis_url: str, mongo_url: str) -> None:
        self._runner = asyncio.Runner()
        self._redis_url = redis_url
        self._mongo_url = mongo_url
        self.do(self._open())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(work)

    async def _open(self) -> None:
        self.redis = Redis.from_url(self._redis_url)
        self.mongo = Mongo(StoreSettings(mongo_url=self._mongo_url))
        await self.mongo.open()

    def close(self) -> None:
        self.do(self.mongo.close())
        self.do(self.redis.aclose())
        self._runner.close()


class Pipeline(RuleBasedStateMachine):
    """Publishers, consumers that die, freeze and wake, and somebody who replays."""

    room: Newsroom  # set before it is made

    held = Bundle("held")  # what a consumer that was killed or frozen has read

    def __init__(self) -> None:
        super().__init__()
        self.run = uuid4().hex  # MongoDB keeps what earlier runs stored
        self.promises = Promises()
        self.do = self.room.do
        self.enrich = enrich(self.room.redis)
        self.store = storing(self.room.redis, self.room.mongo)
        self.do(self._begin())

    async def _begin(self) -> None:
        await self.room.redis.flushall()
        await self.enrich.ensure()
        await self.store.ensure()

    # ── what publishers do ────────────────────────────────────────────────────────────────────

    @rule(
        name=st.integers(0, 2),
        hour=st.integers(0, 3),
        words=st.sampled_from(["one", "$100", "{$ne: 1}"]),
        twice=st.booleans(),
    )
    def publish(self, name: int, hour: int, words: str, *, twice: bool) -> None:
        """A version of an article, perhaps older than what is there; perhaps sent twice."""
        said = {"headline": f"Storm {words}", "body": words, "updated_at": _at(hour)}
        for _ in range(1 + twice):
            self._send({"uri": f"urn:{self.run}:{name}", **said})

    @rule(name=st.integers(0, 2), hour=st.integers(0, 3))
    def cancel(self, name: int, hour: int) -> None:
        """A kill, before or after the versions that it kills."""
        self._send(
            {
                "uri": f"urn:{self.run}:{name}",
                "pub_status": "canceled",
                "updated_at": _at(hour),
                "alt_ids": {"$set": "a.b", "x.y": "$where"},
            }
        )

    @rule(data=st.sampled_from(POISON))
    def poison(self, data: bytes) -> None:
        """An entry that is no article."""
        self.promises.poison.add(self._add(data))

    # ── what consumers do ─────────────────────────────────────────────────────────────────────

    @rule(target=held, of_store=st.booleans(), most=st.integers(1, 5))
    def read_and_freeze(self, most: int, *, of_store: bool) -> tuple[bool, list[Entry]]:
        """Read some, and do nothing about it: killed at once, or asleep."""
        return of_store, self.do(self._stage(of_store).read(most))

    @rule(target=held, of_store=st.booleans(), most=st.integers(1, 5))
    def read_and_die(self, most: int, *, of_store: bool) -> tuple[bool, list[Entry]]:
        """Do the work, and be killed before anything is acknowledged."""
        entries = self.do(self._stage(of_store).read(most))
        self.do(self._stage(of_store).work(entries, dies=True))
        return of_store, entries

    @rule(one=consumes(held))
    def wake(self, one: tuple[bool, list[Entry]]) -> None:
        """Whoever was asleep goes on, though others may have ended its entries long ago."""
        of_store, entries = one
        self.do(self._stage(of_store).work(entries))

    @rule(of_store=st.booleans(), most=st.integers(1, 5))
    def work(self, most: int, *, of_store: bool) -> None:
        """Read some and bring it to its end."""
        entries = self.do(self._stage(of_store).read(most))
        self.do(self._stage(of_store).work(entries))

    @rule(of_store=st.booleans(), dies=st.booleans())
    def take_over(self, *, of_store: bool, dies: bool) -> None:
        """Claim all that is pending; perhaps be killed over it, too."""
        entries = self.do(self._stage(of_store).claim())
        self.do(self._stage(of_store).work(entries, dies=dies))

    @rule(of_store=st.booleans())
    def trim(self, *, of_store: bool) -> None:
        """Drop what every group has acknowledged."""
        self.do(self._stage(of_store).trim())

    # ── what people do ────────────────────────────────────────────────────────────────────────

    @rule(mended=st.booleans(), name=st.integers(0, 2))
    def replay(self, name: int, *, mended: bool) -> None:
        """Send the oldest dead letter again, as it was or as an article."""
        letters = self.do(dead(self.room.redis))
        if not letters:
            return
        letter = letters[-1]
        said = {"uri": f"urn:{self.run}:{name}", "headline": "Mended", "updated_at": _at(1)}
        data = json.dumps(said).encode() if mended else None
        new = self.do(deadletters.replay(self.room.redis, letter, data=data))
        assert new is not None
        assert self.do(deadletters.replay(self.room.redis, letter)) is None
        self.promises.poison.remove(letter.entry_id)
        if mended:
            self._accept(new, json.dumps(said).encode())
        else:
            self.promises.poison.add(new)

    # ── what must hold in the end ─────────────────────────────────────────────────────────────

    def teardown(self) -> None:
        """Let everything come to rest, then compare."""
        self.do(self.enrich.drain())
        self.do(self.store.drain())

        assert self.do(self.enrich.left()) == self.do(self.store.left()) == 0
        letters: list[DeadLetter] = self.do(dead(self.room.redis))
        assert Counter(one.entry_id for one in letters) == Counter(self.promises.poison)
        assert all(one.cause == "invalid" and one.original for one in letters)
        assert self.do(self._heads()) == self.promises.heads()
        assert self.do(self._revisions()) == Counter(self.promises.revisions())

    async def _heads(self) -> dict[str, Any]:
        wanted = ("content_hash", "pub_status", "first_seen_at", "last_seen_at")
        found = self.room.mongo._database[ARTICLES].find({"uri": {"$regex": f"^urn:{self.run}"}})  # noqa: SLF001 (what is stored, not what is shown)
        return {one["_id"]: tuple(one[name] for name in wanted) async for one in found}

    async def _revisions(self) -> Counter[tuple[str, str]]:
        found = self.room.mongo._database[REVISIONS].find({"uri": {"$regex": f"^urn:{self.run}"}})  # noqa: SLF001 (as above)
        return Counter([(one["article_id"], one["content_hash"]) async for one in found])

    # ── helpers ───────────────────────────────────────────────────────────────────────────────

    def _stage(self, of_store: bool) -> Stage[Any]:
        return self.store if of_store else self.enrich

    def _send(self, said: dict[str, Any]) -> None:
        data = json.dumps(said).encode()
        self._accept(self._add(data), data)

    def _add(self, data: bytes) -> str:
        client: Any = self.room.redis
        entry_id: bytes = self.do(client.xadd(streams.RAW, {"data": data}))
        return entry_id.decode()

    def _accept(self, entry_id: str, data: bytes) -> None:
        fields = {b"data": data}
        self.promises.accept(wire.decode(fields, RawArticle, stream=streams.RAW, entry_id=entry_id))


def _at(hour: int) -> str:
    return (NOON + timedelta(hours=hour)).isoformat()


@pytest.fixture
def room(redis_server: RedisServer, mongo_url: str) -> Iterator[Newsroom]:
    room = Newsroom(redis_server.url, mongo_url)
    yield room
    room.close()


def test_publish_kill_wake_replay_and_cancel_in_any_order_end_as_promised(room: Newsroom) -> None:
    """Hypothesis looks for an order of steps after which the model and the servers differ."""
    Pipeline.room = room
    is_long = os.environ.get("HYPOTHESIS_PROFILE") == "long"

    run_state_machine_as_test(Pipeline, settings=LONG if is_long else SHORT)


def _acknowledge_first(monkeypatch: pytest.MonkeyPatch) -> None:
    read: Any = Redis.xreadgroup

    def reading(*given: Any, **options: Any) -> Any:
        return read(*given, **options, noack=True)

    monkeypatch.setattr(Redis, "xreadgroup", reading)


def _publish_whoever_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = redis_scripts.SETTLE.replace("stage, id) == 1", "stage, id) >= 0")
    assert broken != redis_scripts.SETTLE
    monkeypatch.setattr(redis_scripts, "SETTLE", broken)


def _replace_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    def replaced(record: Record) -> list[Document]:
        seen = {"first_seen_at": record.seen_at, "last_seen_at": record.seen_at}
        return [{"$replaceWith": {"$literal": record.head}}, {"$set": seen}]

    monkeypatch.setattr(mongo, "head_update", replaced)


@pytest.mark.parametrize(
    "broken",
    [
        _acknowledge_first,
        _replace_the_head,
        pytest.param(_publish_whoever_ends_it, marks=pytest.mark.long),
    ],
)
def test_a_broken_pipeline_is_caught(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch, broken: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """What is acknowledged first, published twice or replaced fails within some hundred runs."""
    Pipeline.room = room
    broken(monkeypatch)
    hunt = settings(SHORT, max_examples=300, phases=[Phase.generate], database=None)

    with pytest.raises((AssertionError, ExceptionGroup)):
        run_state_machine_as_test(Pipeline, settings=hunt)
