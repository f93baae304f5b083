"""A newsroom that sends whatever happens, and remembers what was taken.

Stories go as messages and as files, some twice, in versions out of order, some killed; between them
poison of every kind. What Redis returned an id for and what lay complete in the inbox counts as
accepted: `tests/faults/sums.py` says what the promises of README demand of it and does not find.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final

from pymongo import MongoClient
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff, NoBackoff
from redis.exceptions import RedisError

from services.cli.reconcile import Audit, audited
from services.cli.running import overview, ready, settings
from services.inspection.overview import Overview
from shared import streams
from tests.faults.rig import Rig
from tests.faults.stories import ORDERS, Fields, Poison, Version, poisons, uri_of, versions

_POISON_EVERY: Final = 25  # stories
_FILE_EVERY: Final = 40  # stories; and so many of them go as a file
_IN_A_FILE: Final = 10
_EARLIEST: Final = timedelta(milliseconds=1)  # clocks of Redis and Python are cut to milliseconds
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_AGAIN_S: Final = 0.05
REST_WITHIN_S: Final = 300  # generous: other work may share the machine


@dataclass
class Story:
    """One article as it was sent: its versions, and when the first of them can have come in."""

    versions: dict[str, Version] = field(default_factory=dict)  # by content hash
    not_before: datetime = _NEVER
    not_after: datetime = _NEVER

    @property
    def newest(self) -> Version:
        return max(self.versions.values(), key=lambda version: version.rank)


@dataclass
class Parcel:
    """One thing published: to which stream, and under which ids Redis took it.

    `unsure` counts attempts without a reply: each may be one more entry.
    """

    stream: str
    fields: Fields
    story: str | None = None
    poison: Poison | None = None
    entry_ids: list[str] = field(default_factory=list)
    unsure: int = 0

    @property
    def taken_at(self) -> datetime:
        """When Redis took it last."""
        return _time_of(self.entry_ids[-1])


@dataclass
class Dropped:
    """A file as it was dropped: how many records, and how many of them are no article."""

    data: bytes
    good: int
    bad: int


@dataclass
class Newsroom:
    """What was accepted since it was last emptied."""

    rig: Rig
    redis: Redis  # the publishers' connections, straight to the server; nothing is sent twice
    desk: Redis  # another, which asks until it is answered
    chance: Random
    stories: dict[str, Story] = field(default_factory=dict)
    parcels: list[Parcel] = field(default_factory=list)
    files: dict[str, Dropped] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what a fault itself found wrong
    poisoned: tuple[str, ...] = (streams.RAW, streams.ENRICHED)
    clock_doubt: timedelta = timedelta(0)  # by how much a service's clock was wrong
    is_robbed: bool = False  # a fault took what Redis had
    open: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is sent while it is not
    _numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.draw(self.chance)
        self.open.set()

    def draw(self, chance: Random) -> None:
        """Send from here on what `chance` draws."""
        self.chance = chance
        self._poisons = poisons(chance)

    # ── sending ───────────────────────────────────────────────────────────────────────────────

    async def send(self, stories: int, *, per_s: float, until: asyncio.Event) -> None:
        """Send at least `stories`, and on until the event is set, at a pace."""
        began, sent = time.monotonic(), 0
        while sent < stories or not until.is_set():
            await self.open.wait()
            if sent % _FILE_EVERY == 0:
                self.drop_some(_IN_A_FILE)
                sent += _IN_A_FILE
            else:
                await self.send_story()
                sent += 1
            if sent % _POISON_EVERY == 0:
                await self.send_poison()
            ahead_s = sent / per_s - (time.monotonic() - began)
            if ahead_s > 0.01:  # a timer's own step
                await asyncio.sleep(ahead_s)

    async def send_story(self, *, order: str | None = None, entry_id: str = "*") -> None:
        """Publish one story in some order of its versions; the first under `entry_id`."""
        number = next(self._numbers)
        for version in versions(number, order or self.chance.choice(ORDERS)):
            await self.publish(self._message(uri_of(number), version), entry_id=entry_id)
            entry_id = "*"

    async def send_poison(self) -> None:
        poison = next(one for one in self._poisons if one.stream in self.poisoned)
        await self.publish(Parcel(poison.stream, poison.fields, poison=poison))

    def _message(self, uri: str, version: Version) -> Parcel:
        self.stories.setdefault(uri, Story()).versions[version.content_hash] = version
        fields = {b"data": json.dumps(version.fields).encode()}
        return Parcel(streams.RAW, fields, story=uri)

    async def publish(self, parcel: Parcel, *, entry_id: str = "*") -> None:
        """Publish until Redis returns an id: only then is it accepted."""
        self.parcels.append(parcel)
        await self._publish(parcel, entry_id)

    async def publish_again(self, lost: Sequence[Parcel]) -> None:
        """Publish once more what was lost, as a publisher that was told of it."""
        for parcel in lost:
            if parcel.story is not None:  # its first coming may be what was lost
                self.stories[parcel.story].not_after = _NEVER
            await self._publish(parcel, "*")

    async def _publish(self, parcel: Parcel, entry_id: str) -> None:
        client: Any = self.redis
        while True:
            tried = datetime.now(UTC)
            try:
                taken: bytes = await client.xadd(parcel.stream, parcel.fields, id=entry_id)
            except (RedisError, OSError):
                parcel.unsure += 1
                self._came_in(parcel, tried - _EARLIEST, None)
                await asyncio.sleep(_AGAIN_S)
                continue
            parcel.entry_ids.append(taken.decode())
            self._came_in(parcel, parcel.taken_at, parcel.taken_at)
            return

    def _came_in(self, parcel: Parcel, low: datetime, high: datetime | None) -> None:
        if parcel.story is not None:
            story = self.stories[parcel.story]
            story.not_before = min(story.not_before, low)
            story.not_after = min(story.not_after, high or story.not_after)

    # ── files ─────────────────────────────────────────────────────────────────────────────────

    def drop_some(self, stories: int) -> None:
        """Drop stories as files: one of many records with a broken one, one alone, one broken."""
        lines = []
        for _ in range(stories - 1):
            lines += self._records()
        lines.insert(self.chance.randrange(len(lines)), b'{"headline": "cut')
        number = next(self._numbers)
        self.drop(f"{number}.jsonl", lines)
        alone, *later = self._records()
        self.drop(f"{number}.json", [alone])
        for at, line in enumerate(later):
            self.drop(f"{number}-{at}.json", [line])
        self.drop(f"{number}-bad.json", [b'{"headline": '])

    def _records(self) -> list[bytes]:
        number = next(self._numbers)
        uri = uri_of(number)
        story = self.stories.setdefault(uri, Story())
        story.not_before = min(story.not_before, datetime.now(UTC) - _EARLIEST)
        sent = versions(number, self.chance.choice(ORDERS))
        story.versions |= {version.content_hash: version for version in sent}
        return [json.dumps(version.fields).encode() for version in sent]

    def drop(self, name: str, lines: list[bytes]) -> None:
        """Move a file of `lines` into the inbox, whole; one that ends within JSON is broken."""
        inbox = self.rig.folder / "inbox"
        data = b"\n".join(lines) + b"\n"
        half = inbox / f".{name}.part"
        half.write_bytes(data)
        bad = sum(not line.endswith(b"}") for line in lines)
        self.files[name] = Dropped(data, len(lines) - bad, bad)
        half.rename(inbox / name)

    def drop_large(self, megabytes: int) -> str:
        """Drop a file of so many lines of a megabyte that are no JSON, each before a story."""
        name = f"{next(self._numbers)}-large.jsonl"
        junk = b'{"headline": "' + b"x" * 1_000_000
        lines = [line for _ in range(megabytes) for line in (junk, *self._records())]
        self.drop(name, lines)
        return name

    def drop_again(self, since: datetime) -> None:
        """Move back into the inbox what was archived since, as somebody who was told of a loss."""
        for receipt in (self.rig.folder / "archive").rglob("*.receipt.json"):
            finished = datetime.fromisoformat(json.loads(receipt.read_text())["finished_at"])
            file = receipt.with_name(receipt.name.removesuffix(".receipt.json"))
            if finished >= since and file.name in self.files and file.is_file():
                file.rename(self.rig.folder / "inbox" / file.name)

    # ── rest ──────────────────────────────────────────────────────────────────────────────────

    async def at_rest(self, within_s: float = REST_WITHIN_S) -> str | None:
        """Wait until nothing is on its way; return what still is after `within_s`."""
        until = time.monotonic() + within_s
        while (why := await self._unrest()) and time.monotonic() < until:
            await asyncio.sleep(0.2)
        return why

    async def _unrest(self) -> str | None:
        inbox = self.rig.folder / "inbox"
        if files := [path.name for path in inbox.glob("[!.]*") if path.is_file()]:
            return f"{len(files)} files stay in the inbox, {files[:3]}"
        view: Overview = await overview(self.rig)
        for stage in view.stages:
            if stage.lag or stage.pending:
                return f"{stage.stage} has {stage.lag} unread and {stage.pending} pending entries"
        wrong = [f"{stage.stage}: {stage.problems}" for stage in view.stages if stage.problems]
        return None if view.ok else f"not well: {view.problems} {wrong}"

    async def audit(self, accept: str | None = None) -> Audit:
        """Return what `newsflow reconcile` says, having it accepted if there is a reason."""
        archive = self.rig.folder / "archive"
        return await audited(settings(self.rig), archive, accept=accept)

    async def clear(self) -> None:
        """Forget everything, empty the database and the dead letters, and let reconcile know."""
        with MongoClient[dict[str, Any]](self.rig.address.mongo_url) as client:
            for name in ("articles", "article_revisions"):
                client["newsflow"][name].delete_many({})
        await self.desk.delete(streams.DEAD)
        desk: Any = self.desk
        last = (await desk.xinfo_stream(streams.RAW))["last-generated-id"]
        if int(last.partition(b"-")[0]) > (time.time() + 60) * 1000:  # a clock was set back
            await self.desk.delete(streams.RAW, streams.ENRICHED)
        await self.audit(accept="emptied for the next case")
        for known in (self.stories, self.parcels, self.files, self.notes):
            known.clear()
        self.clock_doubt = timedelta(0)
        self.is_robbed = False


def _time_of(entry_id: str) -> datetime:
    return datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, UTC)


def mark(fields: Mapping[bytes, bytes]) -> bytes:
    """Return what tells one entry's bytes from another's."""
    return sha256(repr(sorted(fields.items())).encode()).digest()


@asynccontextmanager
async def newsroom(
    folder: Path, *, seed: int, nodes: int = 1, settings: dict[str, str] | None = None
) -> AsyncIterator[Newsroom]:
    """Run a whole stack, tended like `newsflow up` does, until the block ends."""
    rig = Rig(folder, nodes=nodes, settings=settings)
    rig.start()
    tending = asyncio.create_task(_tend(rig))
    url = rig.address.redis_url
    redis = Redis.from_url(url, socket_timeout=2, retry=Retry(NoBackoff(), 0))
    desk = Redis.from_url(url, socket_timeout=2, retry=Retry(ConstantBackoff(0.1), 100))
    try:
        await ready(rig, asyncio.Event())
        yield Newsroom(rig, redis, desk, Random(seed))  # noqa: S311 (what is sent, no secret)
    finally:
        tending.cancel()
        await redis.aclose()
        await desk.aclose()
        left = rig.close()
        assert left == []


async def _tend(rig: Rig) -> None:
    while True:
        await asyncio.sleep(0.1)
        rig.tend()
