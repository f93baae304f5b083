"""What is done with a batch of entries until each of them has its end.

    decode ──► handler ──► settle: acknowledge, and publish the result or a dead letter, at once
       │           ├─ TransientError: wait and try again for ever; nothing is counted
       │           ├─ PermanentError for one article: that one is parked
       │           └─ else, a bug: each article by itself, and parked after `max_deliveries`
       └─ not an article: parked

Only some of the last hundred articles may be parked (shared/judge.py): what would be beyond that
stays pending, uncounted, and the desk's problem says so.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from redis.exceptions import RedisError

from shared import deadletters, wire
from shared.deadletters import Cause, DeadLetter
from shared.errors import InvalidMessage, PermanentError, TransientError
from shared.group import Entry, Group, Settlement
from shared.judge import Judge
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.observability import get_logger, together
from shared.outcome import Outcome, Status
from shared.part import Notice
from shared.replays import carried
from shared.retry import delay_s
from shared.settings import Settings
from shared.streams import Hop

_LONG_PAUSE: Final = 20  # attempts, after which a pause is as long as it gets

M = TypeVar("M", RawArticle, EnrichedArticle)
Handler = Callable[[Sequence[M]], Awaitable[Sequence[Outcome | PermanentError]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Generic[M]):
    """What a stage does: which articles it reads, and what it makes of them.

    `handler` takes articles in the order of the stream and returns one Outcome or PermanentError
    for each, in that order. It may raise TransientError for all of them. It is never called twice
    at a time, and may see an article again: it has to be idempotent. Articles of more than
    `limit_bytes` are parked unread.
    """

    hop: Hop
    message: type[M]
    handler: Handler[M]
    limit_bytes: int | None = None


class _End(NamedTuple):
    """What became of an entry, for Redis and for the log."""

    settlement: Settlement
    status: Status
    article_id: str | None
    reason: str | None = None
    cause: Cause | None = None  # of what is parked


class Desk(Generic[M]):
    """Brings entries to their ends, one batch at a time."""

    def __init__(self, work: Work[M], group: Group, settings: Settings, metrics: Metrics) -> None:
        self.held: set[bytes] = set()  # ids that are in hand, here or waiting for their turn
        self._work: Work[M] = work
        self._group = group
        self._settings = settings
        self._metrics = metrics
        self._log = get_logger(work.hop.stage)
        self._turn = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._outage: str | None = None
        self.judge = Judge(work.hop, settings, metrics)

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
        """Bring `entries` to their ends; what has none yet stays pending."""
        began = time.perf_counter()
        with self._holding(entries):
            async with self._turn:
                await self._settle(await self._ends(entries))
                if self.judge.is_stuck:
                    await self._pause(_LONG_PAUSE)
        self._metrics.batch_s.observe(time.perf_counter() - began)

    async def bury(self, entries: Sequence[Entry]) -> None:
        """Park entries unread that never ended, however often they were delivered."""
        ends = [
            self._park(
                entry,
                f"delivered {entry.deliveries - 1} times and never finished: "
                "it seems to end the process that works on it",
                cause="crashed",
            )
            for entry in entries
        ]
        await self._settle(await self._judged(entries, ends))

    # ── to an end ─────────────────────────────────────────────────────────────────────────────

    async def _ends(self, entries: Sequence[Entry]) -> list[_End]:
        """Return the ends of `entries`; none for those that stay pending."""
        attempt = 0
        named: dict[bytes, str] = {}
        while True:
            try:
                ends = await self._try(entries, named)
            except TransientError as error:
                attempt += 1
                await self._uncount(entries)
                if not await self._wait_out(error, attempt):
                    return []
            except Exception as error:  # noqa: BLE001 (a bug harms the article it is met with only)
                return await self._isolate(entries, named, error)
            else:
                self._outage = None
                return await self._judged(entries, ends)

    async def _judged(self, entries: Sequence[Entry], ends: Sequence[_End]) -> list[_End]:
        """Return the ends that may be; what may not die now stays pending, uncounted."""
        kept: list[_End] = []
        held: list[_End] = []
        for end in ends:
            may_be = self.judge.may_end(end.settlement.id, end.cause, end.reason)
            (kept if may_be else held).append(end)
        if held:
            ids = {end.settlement.id for end in held}
            reason = held[0].reason or ""
            await self._hold([entry for entry in entries if entry.id in ids], reason)
            self._log.warning("held back", articles=len(held), reason=reason)
        return kept

    async def _try(self, entries: Sequence[Entry], named: dict[bytes, str]) -> list[_End]:
        """Return the ends of `entries`; add to `named` the article ids of those that have one."""
        articles: dict[Entry, M] = {}
        ends: list[_End] = []
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
                ends.append(self._park(entry, str(error), cause="invalid"))
            except PermanentError as error:
                ends.append(self._park(entry, str(error), cause="rejected"))
            else:
                articles[entry] = article
                named[entry.id] = article.article_id
        outcomes = await self._work.handler(list(articles.values())) if articles else []
        return ends + [
            self._end(entry, named[entry.id], outcome)
            for entry, outcome in zip(articles, outcomes, strict=True)
        ]

    async def _isolate(
        self, entries: Sequence[Entry], named: dict[bytes, str], error: Exception
    ) -> list[_End]:
        """Return the ends of entries that raised together: each is tried by itself."""
        if len(entries) > 1:
            return [end for entry in entries for end in await self._ends([entry])]
        [entry] = entries
        article_id = named.get(entry.id)
        said = f"{type(error).__name__}: {error}"
        self._metrics.articles["failed"].inc()
        self._log.error(
            "article",
            article_id=article_id,
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
        return [self._park(entry, reason, cause="failed", article_id=article_id)]

    def _end(self, entry: Entry, article_id: str, outcome: Outcome | PermanentError) -> _End:
        if isinstance(outcome, PermanentError):
            return self._park(entry, str(outcome), cause="rejected", article_id=article_id)
        if outcome.message is None:
            settlement = Settlement(entry.id)
        else:
            fields = {**wire.encode(outcome.message), **carried(entry.fields)}
            settlement = Settlement(entry.id, "target", fields)
        return _End(settlement, outcome.status, article_id)

    def _park(
        self, entry: Entry, reason: str, *, cause: Cause, article_id: str | None = None
    ) -> _End:
        letter = DeadLetter(
            reason=reason,
            cause=cause,
            stage=self._work.hop.stage,
            stream=self._work.hop.source,
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            article_id=article_id,
            consumer=self._group.name,
            original=entry.fields,
        )
        settlement = Settlement(entry.id, "dead", deadletters.encode(letter))
        return _End(settlement, "dead", article_id, reason, cause)

    async def _settle(self, ends: Sequence[_End]) -> None:
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
                        if end.settlement.id in settled:  # else another consumer ended it
                            self._say(end)
                return

    def _say(self, end: _End) -> None:
        self._metrics.articles[end.status].inc()
        say = self._log.warning if end.status == "dead" else self._log.info
        entry_id = end.settlement.id.decode()
        reason = {"reason": end.reason} if end.reason else {}
        say("article", article_id=end.article_id, status=end.status, entry_id=entry_id, **reason)

    # ── in hand ───────────────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def _holding(self, entries: Sequence[Entry]) -> Iterator[None]:
        ids = {entry.id for entry in entries}
        self.held |= ids
        try:
            yield
        finally:
            self.held -= ids

    async def _uncount(self, entries: Sequence[Entry]) -> None:
        """Take this delivery of `entries` back: an outage is not an attempt."""
        with contextlib.suppress(
            RedisError, OSError
        ):  # it counts then, which errs to the safe side
            for deliveries in {entry.deliveries for entry in entries}:
                ids = [entry.id for entry in entries if entry.deliveries == deliveries]
                await self._group.refresh(ids, deliveries=deliveries - 1)

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
