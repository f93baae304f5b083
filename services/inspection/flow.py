"""How the flow is now: rates, what waits, what died, by stage and process."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import BaseModel
from pymongo.errors import PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from services.ingest.ledger import Ledger
from services.ingest.shelf import failures
from services.inspection import books
from services.inspection.asking import Answer, Health, ask
from services.store.mongo import Mongo
from shared import streams
from shared.delivery.group import Group
from shared.errors import NewsflowError, RedisUnavailable
from shared.outcome import STATUSES
from shared.streams import Hop

_WITHIN_S: Final = 2.0
_OVER_S: Final = 5.0  # what rates are measured over
_READING: Final = 100  # files that changed last, among which those being read are looked for


class Process(BaseModel):
    """A process of a stage: what it says of itself, and what Redis knows of it as a consumer."""

    name: str
    health: Health = "unknown"
    problems: list[str] = []
    rate: float | None = None  # articles ended a second
    pending: int | None = None
    idle_seconds: float | None = None  # since it last asked for entries


class Stage(BaseModel):
    """A stage and what waits before it."""

    stage: str
    stream: str | None = None  # it reads
    health: Health = "unknown"
    rate: float | None = None  # articles ended a second
    lag: int | None = None  # entries nobody has read
    pending: int | None = None  # entries read and not ended
    oldest_seconds: float | None = None  # of these two
    processes: list[Process] = []


class Reading(BaseModel):
    """A file that is being read."""

    path: str
    size: int
    bytes_read: int
    records: int


class Flow(BaseModel):
    """The whole route at one moment. What is None is not known."""

    at: datetime
    ok: bool
    problems: list[str] = []  # a sentence for each server that is away
    files_complete: int | None = None  # in the inbox, not taken yet
    files_arriving: int | None = None
    files_failed: int | None = None
    reading: list[Reading] = []
    published_rate: float | None = None  # entries a second on articles.raw, whoever adds them
    stages: list[Stage] = []
    documents: int | None = None
    documents_rate: float | None = None
    dead: int | None = None
    dead_rate: float | None = None


class _Sample(NamedTuple):
    at_s: float
    counts: Mapping[str, float]


class Rates:
    """Rates of counters over the last seconds; a counter that fell has begun anew. Pure."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque()

    def add(self, at_s: float, counts: Mapping[str, float]) -> None:
        """Note what the counters are; samples that are too old are forgotten."""
        self._samples.append(_Sample(at_s, counts))
        while len(self._samples) > 2 and at_s - self._samples[1].at_s >= _OVER_S:  # noqa: PLR2004 (a span has two ends)
            self._samples.popleft()

    def of(self, name: str) -> float | None:
        """Return how fast a counter grows, a second; None when that is not known."""
        known = [one for one in self._samples if name in one.counts]
        if len(known) < 2 or known[-1].at_s <= known[0].at_s:  # noqa: PLR2004 (a span has two ends)
            return None
        grown = known[-1].counts[name] - known[0].counts[name]
        return max(0.0, grown / (known[-1].at_s - known[0].at_s))


class Lookout:
    """Looks at the flow; keeps what rates need from one look to the next."""

    def __init__(
        self, redis: Redis, mongo: Mongo, health_urls: Mapping[str, str], inbox: Path
    ) -> None:
        self._redis = redis
        self._mongo = mongo
        self._health_urls = health_urls
        self._inbox = inbox
        self._rates = Rates()

    async def look(self) -> Flow:
        """Return how things are now; a server that is away is said to be, and nothing raises."""
        asked = [ask(name, url) for name, url in self._health_urls.items()]
        redis, documents, *answers = await asyncio.gather(
            self._redis_state(), self._documents(), *asked
        )
        counts: dict[str, float] = dict(redis.counts)
        if isinstance(documents, int):
            counts["documents"] = documents
        counts |= {f"process:{one.name}": one.ended for one in answers if one.ended is not None}
        self._rates.add(time.monotonic(), counts)
        stages = [self._stage(name, redis, answers) for name in ("ingest", "enrich", "store")]
        problems = [*redis.problems, *([] if isinstance(documents, int) else [documents])]
        wrong = [one for one in stages if one.health in {"bad", "away"}]
        return Flow(
            at=datetime.now(UTC),
            ok=not problems and not wrong,
            problems=problems,
            stages=stages,
            documents=documents if isinstance(documents, int) else None,
            documents_rate=self._rates.of("documents"),
            published_rate=self._rates.of("raw"),
            dead_rate=self._rates.of("parked"),
            files_failed=await asyncio.to_thread(_failed, self._inbox),
            **redis.shown,
        )

    async def _redis_state(self) -> "_RedisState":
        try:
            return await _read(self._redis)
        except (RedisError, RedisUnavailable, OSError):
            return _RedisState(["Redis does not answer; is it running?"])

    async def _documents(self) -> int | str:
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await self._mongo.count()
        except (PyMongoError, NewsflowError, TimeoutError):
            return "MongoDB does not answer; is it running?"

    def _stage(self, name: str, redis: "_RedisState", answers: list[Answer]) -> Stage:
        mine = [one for one in answers if one.name.partition("-")[0] == name]
        said = [
            Process(
                name=one.name,
                health=one.health,
                problems=one.problems,
                rate=self._rates.of(f"process:{one.name}"),
            )
            for one in mine
        ]
        known = redis.stages.get(name, {})
        rate = self._rates.of(name) if known else _sum([one.rate for one in said])
        return Stage(
            stage=name,
            health=_worst([one.health for one in said]),
            rate=rate,
            processes=_joined(said, redis.consumers.get(name, [])),
            **known,
        )


class _RedisState(NamedTuple):
    problems: list[str]
    counts: Mapping[str, float] = {}
    stages: Mapping[str, dict[str, Any]] = {}
    consumers: Mapping[str, list[Process]] = {}
    shown: Mapping[str, Any] = {}


async def _read(redis: Redis) -> _RedisState:
    kept, _ = await books.snapshot(redis)
    counts: dict[str, float] = {"raw": kept.raw.added, "parked": kept.counts.get("dead:parked", 0)}
    stages, consumers = {}, {}
    for hop, flow in zip(streams.HOPS, (kept.raw, kept.enriched), strict=True):
        state = await Group(redis, hop, "console").state()
        counts[hop.stage] = sum(kept.counts.get(f"{hop.stage}:{status}", 0) for status in STATUSES)
        stages[hop.stage] = {
            "stream": hop.source,
            "lag": flow.unread,
            "pending": flow.pending,
            "oldest_seconds": state.oldest_ms / 1000 if flow.unread or flow.pending else None,
        }
        consumers[hop.stage] = await _consumers(redis, hop)
    ledger = Ledger(redis)
    waiting, reading = await ledger.waiting(), await ledger.in_state("reading", _READING)
    shown = {
        "dead": kept.letters,
        "files_complete": waiting.complete,
        "files_arriving": waiting.arriving_count,
        "reading": [
            Reading(path=one.path, size=one.size, bytes_read=one.bytes_read, records=one.records)
            for one in reading
        ],
    }
    return _RedisState([], counts, stages, consumers, shown)


async def _consumers(redis: Redis, hop: Hop) -> list[Process]:
    client: Any = redis  # redis-py types each reply as the union of all that any server may send
    try:
        found = await client.xinfo_consumers(hop.source, hop.stage)
    except ResponseError:  # no stream, or no group yet
        return []
    return [
        Process(
            name=one["name"].decode("utf-8", "replace"),
            pending=one["pending"],
            idle_seconds=one["idle"] / 1000,
        )
        for one in found
    ]


def _joined(said: list[Process], consumers: list[Process]) -> list[Process]:
    """Return the processes of a stage; one that answers and one consumer are the same."""
    if len(said) == len(consumers) == 1:
        [process], [consumer] = said, consumers
        seen = {"pending": consumer.pending, "idle_seconds": consumer.idle_seconds}
        return [process.model_copy(update=seen)]
    return [*said, *consumers]


def _worst(healths: list[Health]) -> Health:
    order: tuple[Health, ...] = ("away", "bad", "warning", "unknown", "ok")
    return next((one for one in order if one in healths), "unknown")


def _sum(rates: list[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known else None


def _failed(inbox: Path) -> int | None:
    try:
        return len(failures(inbox))
    except (OSError, ValueError):
        return None
