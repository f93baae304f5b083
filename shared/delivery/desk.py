"""What is done with a batch of entries until each of them has its end.

    decode ──► handler ──► settle: acknowledge, and publish the result or a dead letter, at once
       │           ├─ TransientError: wait and try again for ever; nothing is counted
       │           ├─ PermanentError for one article: that one is parked
       │           └─ else, a bug: each article by itself, and parked after `max_deliveries`
       └─ not an article: parked

Only some of the last hundred articles may be parked (judge.py): what would be beyond that
stays pending, uncounted, and the desk's problem says so.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from redis.exceptions import RedisError

from shared.delivery.ends import End, Ends
from shared.delivery.group import Entry, Group
from shared.delivery.judge import Judge
from shared.delivery.retry import delay_s
from shared.entries import wire
from shared.errors import InvalidMessage, PermanentError, TransientError
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.observability import get_logger, together
from shared.outcome import Outcome
from shared.part import Notice
from shared.settings import Settings
from shared.streams import Hop

_LONG_PAUSE: Final = 20  # attempts, after which a pause is as long as it gets
_SLOW_S: Final = 0.5  # for a batch of store: five times what it takes under full load

M = TypeVar("M", bound=RawArticle | EnrichedArticle)
Handler = Callable[[Sequence[M]], Awaitable[Sequence[Outcome | PermanentError]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[M]):
    """What a stage does: which articles it reads, and what it makes of them.

    `handler` takes articles in the order of the stream and returns one Outcome or PermanentError
    for each, in that order. It may raise TransientError for all of them. It is never called twice
    at a time, and may see an article again: it has to be idempotent. `waits` says that what takes
    it long is a server it waits for, and not the articles: then nothing counts as a delivery.
    Articles of more than `limit_bytes` are parked unread.
    """

    hop: Hop
    message: type[M]
    handler: Handler[M]
    waits: bool = False
    limit_bytes: int | None = None


class Read(NamedTuple, Generic[M]):
    """An entry and the article it carries."""

    entry: Entry
    article: M


class Batch(NamedTuple, Generic[M]):
    """What was read together: articles, entries that raised as they were read, and ends."""

    entries: Sequence[Entry]
    read: list[Read[M]]
    unread: list[tuple[Entry, Exception]]
    ends: list[End]


class Desk(Generic[M]):
    """Brings entries to their ends: one batch is worked on while the next is decoded."""

    def __init__(self, work: Work[M], group: Group, settings: Settings, metrics: Metrics) -> None:
        self.held: dict[bytes, Entry] = {}  # what is in hand, here or waiting for its turn
        self.judge = Judge(work.hop, settings, metrics)
        self._end = Ends(work.hop, group.name)
        self._work: Work[M] = work
        self._group = group
        self._settings = settings
        self._metrics = metrics
        self._log = get_logger(work.hop.stage)
        self._turn = asyncio.Lock()  # held by the batch that is worked on
        self._telling = asyncio.Lock()  # and by the one whose ends are told to Redis
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self._outage: str | None = None
        self._is_slow = False  # the handler waits for longer than it should
        self._uncounted: set[bytes] = set()  # what is in hand and counts as not delivered to us

    @property
    def is_waiting(self) -> bool:
        """Whether the world is in the way, so that more entries would only wait too."""
        return self._outage is not None

    def stop_waiting(self) -> None:
        """Leave what waits for the world pending, from now on."""
        self._stopping.set()

    def problem(self) -> str | None:
        """Return what is wrong, in one sentence, or None; a Notice when it stops nothing."""
        judged = self.judge.problem()
        return self._outage or judged if isinstance(judged, Notice) else judged or self._outage

    async def take(self, entries: Sequence[Entry]) -> None:
        """Begin to work on `entries`, once those before them are worked on; return then.

        So the next batch is read and decoded while this one is worked on, and no further one.
        What has no end when the work is done stays pending.
        """
        began = time.perf_counter()
        self.held |= {entry.id: entry for entry in entries}
        try:
            batch = self._decode(entries)
            if self._is_slow:
                await self._uncount(entries)  # it only waits for its turn
            await self._turn.acquire()
        except BaseException:
            self._put_down(entries)
            raise
        task = asyncio.create_task(self._bring(batch))
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._put_down(entries)
            self._metrics.batch_s.observe(time.perf_counter() - began)
            if not task.cancelled() and (error := task.exception()):
                self._log.error("a batch stays pending", exc_info=error)

        task.add_done_callback(done)

    async def rest(self, ids: AbstractSet[bytes] | None = None) -> None:
        """Wait until what was begun has come to rest: these entries, or all."""
        while self._tasks and (ids is None or self.held.keys() & ids):
            await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)

    def _put_down(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.held.pop(entry.id, None)
            self._uncounted.discard(entry.id)

    async def bury(self, entries: Sequence[Entry]) -> None:
        """Park entries unread that never ended, however often they were delivered."""
        ends = [
            self._end.parked(
                entry,
                f"delivered {entry.deliveries - 1} times and never finished: "
                "it seems to end the process that works on it",
                cause="crashed",
            )
            for entry in entries
        ]
        await self._settle(await self._judged(entries, ends))

    # ── to an end ─────────────────────────────────────────────────────────────────────────────

    def _decode(self, entries: Sequence[Entry]) -> Batch[M]:
        """Return what `entries` carry; what is no article has its end."""
        batch = Batch[M](entries, [], [], [])
        for entry in entries:
            try:
                article = wire.decode(
                    entry.fields,
                    self._work.message,
                    stream=self._work.hop.source,
                    entry_id=entry.id.decode(),
                    limit_bytes=self._work.limit_bytes,
                )
            except InvalidMessage as error:
                end = self._end.parked(entry, str(error), cause="invalid", problems=error.problems)
                batch.ends.append(end)
            except PermanentError as error:
                batch.ends.append(self._end.parked(entry, str(error), cause="rejected"))
            except Exception as error:  # noqa: BLE001 (a bug harms the article it is met with only)
                batch.unread.append((entry, error))
            else:
                batch.read.append(Read(entry, article))
        return batch

    async def _bring(self, batch: Batch[M]) -> None:
        """Bring a batch to its ends; Redis is told in the order of turns, outside of them."""
        try:
            await self._count(batch.entries)
            ends = await self._judged(batch.entries, batch.ends)
            ends += await self._ends(batch.read)
            for entry, error in batch.unread:
                ends += await self._bug(entry, None, error)
            if self.judge.is_stuck:
                await self._pause(_LONG_PAUSE)
            await self._telling.acquire()
        finally:
            self._turn.release()
        try:
            await self._settle(ends)
        finally:
            self._telling.release()

    async def _judged(self, entries: Sequence[Entry], ends: Sequence[End]) -> list[End]:
        """Return the ends that may be; what may not die now stays pending, uncounted."""
        kept: list[End] = []
        held: list[End] = []
        for end in ends:
            may_be = self.judge.may_end(end.entry_id, end.cause, end.reason)
            (kept if may_be else held).append(end)
        if held:
            ids = {end.entry_id for end in held}
            reason = held[0].reason or ""
            await self._hold([entry for entry in entries if entry.id in ids], reason)
            self._log.warning("held back", articles=len(held), reason=reason)
        return kept

    async def _ends(self, batch: Sequence[Read[M]]) -> list[End]:
        """Return the ends of a batch; none for those that stay pending."""
        attempt = 0
        while batch:
            try:
                outcomes = await self._handle(batch)
            except TransientError as error:
                attempt += 1
                await self._found_slow()
                if not await self._wait_out(error, attempt):
                    return []
            except Exception as error:  # noqa: BLE001 (a bug harms the article it is met with only)
                await self._count([read.entry for read in batch])
                if len(batch) > 1:
                    return [end for read in batch for end in await self._ends([read])]
                [read] = batch
                return await self._bug(read.entry, read.article, error)
            else:
                self._outage, self._is_slow = None, False
                ends = [
                    self._end.of(read.entry, read.article, outcome)
                    for read, outcome in zip(batch, outcomes, strict=True)
                ]
                return await self._judged([read.entry for read in batch], ends)
        return []

    async def _handle(self, batch: Sequence[Read[M]]) -> Sequence[Outcome | PermanentError]:
        handling = asyncio.ensure_future(self._work.handler([read.article for read in batch]))
        if self._work.waits:
            await asyncio.wait([handling], timeout=_SLOW_S)
            if not handling.done():
                await self._found_slow()
        return await handling

    async def _found_slow(self) -> None:
        """Take back what is in hand: should the process be killed now, no article did it."""
        self._is_slow = True
        await self._uncount(list(self.held.values()))

    async def _bug(self, entry: Entry, article: M | None, error: Exception) -> list[End]:
        """Return the end of an entry that raised by itself; none while it is tried again."""
        said = f"{type(error).__name__}: {error}"
        self._metrics.articles["failed"].inc()
        self._log.error(
            "article",
            article_id=article.article_id if article else None,
            status="failed",
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            exc_info=error,
        )
        if not self.judge.may_fail(entry.id, said):
            await self._hold([entry], said)
            return []
        if entry.deliveries < self._settings.max_deliveries:
            return []
        reason = f"{said} (at each of {entry.deliveries} deliveries)"
        return [self._end.parked(entry, reason, cause="failed", article=article)]

    async def _settle(self, ends: Sequence[End]) -> None:
        """Acknowledge and publish at once; say so, a line an article, once it is done."""
        attempt = 0
        while ends:
            try:
                settled = await self._group.settle(end.settlement for end in ends)
            except (RedisError, OSError) as error:
                attempt += 1
                if not await self._wait_out(error, attempt):
                    return
            else:
                self._outage = None
                with together():
                    for end in ends:
                        if end.entry_id in settled:  # else another consumer ended it
                            self._say(end)
                return

    def _say(self, end: End) -> None:
        self._metrics.articles[end.status].inc()
        say = self._log.warning if end.status == "dead" else self._log.info
        entry_id = end.entry_id.decode()
        reason = {"reason": end.reason} if end.reason else {}
        say("article", article_id=end.article_id, status=end.status, entry_id=entry_id, **reason)

    async def _uncount(self, entries: Sequence[Entry]) -> None:
        """Take this delivery of `entries` back: an outage is not an attempt."""
        fresh = [entry for entry in entries if entry.id not in self._uncounted]
        with contextlib.suppress(RedisError, OSError):  # it counts, which errs to the safe side
            await self._set_deliveries(fresh, less=1)
            self._uncounted |= self.held.keys() & {entry.id for entry in fresh}

    async def _count(self, entries: Sequence[Entry]) -> None:
        """Let this delivery of `entries` count again, where it was taken back."""
        uncounted = [entry for entry in entries if entry.id in self._uncounted]
        with contextlib.suppress(RedisError, OSError):  # Redis is away: nothing counts
            await self._set_deliveries(uncounted)
            self._uncounted -= {entry.id for entry in uncounted}

    async def _set_deliveries(self, entries: Sequence[Entry], *, less: int = 0) -> None:
        for deliveries in {entry.deliveries for entry in entries}:
            ids = [entry.id for entry in entries if entry.deliveries == deliveries]
            await self._group.refresh(ids, deliveries=deliveries - less)

    async def _hold(self, entries: Sequence[Entry], reason: str) -> None:
        """Leave `entries` pending, uncounted, and tell whoever starts next why."""
        await self._uncount(entries)
        with contextlib.suppress(RedisError, OSError):
            await self._group.hold(reason)

    async def _wait_out(self, error: Exception, attempt: int) -> bool:
        """Wait before attempt `attempt`; return False when the service is to stop instead."""
        self._outage = f"waiting: {error}"
        self._log.warning("waiting", error=str(error), attempt=attempt)
        await self._pause(attempt)
        return not self._stopping.is_set()

    async def _pause(self, attempt: int) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay_s(attempt, jitter=random.random())):  # noqa: S311
                await self._stopping.wait()
