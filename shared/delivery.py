"""At-least-once delivery on Redis streams: what is read is ended, once.

An entry leaves its group in one step that also publishes what came of it (group.settle):

    read ──► decode ──► handler ──► settle: acknowledge, and publish the result or a dead letter
     ▲          │           ├─ TransientError: wait and try again for ever; nothing is counted
     │          │           ├─ PermanentError for one article: that one is parked
     │          │           └─ else, a bug: each article by itself, `max_deliveries` times
     │          └─ not an article: parked
     └── claim: what another consumer left alone for `reclaim_after_ms`

What is in hand is refreshed, so that nobody claims it while this process lives. An entry that was
delivered before and not finished is worked on alone, so that one which kills its process takes no
neighbour with it; after `max_deliveries` it is parked unread. Bugs park only while they are rare:
when they hit more than a fifth of the articles, the entries stay pending and health turns bad.
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NamedTuple, TypeVar, cast

from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import RedisBatchStreamMessage
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared import deadletters, wire
from shared.deadletters import Cause, DeadLetter
from shared.errors import InvalidMessage, PermanentError, TransientError
from shared.group import Entry, Group, Pending, Settlement
from shared.messages import EnrichedArticle, RawArticle
from shared.metrics import Metrics
from shared.observability import get_logger
from shared.outcome import Outcome, Status
from shared.part import Running
from shared.retry import delay_s
from shared.settings import Settings, process_name
from shared.streams import Hop

_POLL_MS: Final = 2_000  # redis-py gives up on a reply after 5 s, so an idle read is shorter
_HOUSE_EVERY_S: Final = 1.0
_TRIM_EVERY: Final = 5  # rounds of housekeeping
_FORGET_EVERY: Final = 60
_BUG_WINDOW: Final = 100  # articles
_BUG_MINIMUM: Final = 20
_BUG_SHARE: Final = 0.2

M = TypeVar("M", RawArticle, EnrichedArticle)
Handler = Callable[[Sequence[M]], Awaitable[Sequence[Outcome | PermanentError]]]


@dataclass(frozen=True, slots=True)
class Batch:
    """What one read brought."""

    entries: Sequence[Entry]

    def __len__(self) -> int:
        """Return the size in bytes: what FastStream's metrics take the length of a body for."""
        return sum(len(value) for entry in self.entries for value in entry.fields.values())


class _End(NamedTuple):
    """What became of an entry, for Redis and for the log."""

    settlement: Settlement
    status: Status
    article_id: str | None
    reason: str | None = None


class Consumer(Generic[M]):
    """Gives every entry of a hop's source to a handler until it is stored, passed on or parked.

    `handler` takes articles in the order of the stream and returns one Outcome or PermanentError
    for each, in that order. It may raise TransientError for all of them. It is never called twice
    at a time, and may see an article again: it has to be idempotent.
    """

    _group: Group

    def __init__(  # noqa: PLR0913 (the wiring of one stage, by keyword)
        self,
        broker: RedisBroker,
        handler: Handler[M],
        *,
        hop: Hop,
        message: type[M],
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self.name = process_name(hop.stage)
        self._handler: Handler[M] = handler
        self._message: type[M] = message
        self._hop = hop
        self._settings = settings
        self._metrics = metrics
        self._log = get_logger(hop.stage)
        self._turn = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._held: set[bytes] = set()
        self._bugs: deque[bool] = deque(maxlen=_BUG_WINDOW)
        self._outage: str | None = None
        self._subscriber = broker.subscriber(
            stream=StreamSub(
                hop.source,
                group=hop.stage,
                consumer=self.name,
                batch=True,
                max_records=settings.batch_size,
                polling_interval=_POLL_MS,
            ),
            ack_policy=AckPolicy.MANUAL,
            parser=_parse,
            decoder=_decode,
            title=f"{hop.stage} reads {hop.source}",
        )

        async def receive(batch: Batch) -> None:
            await self._work(batch.entries)

        # AsyncAPI describes an entry by this annotation; nothing else reads it.
        receive.__annotations__["batch"] = message
        self._subscriber(receive)

    # ── life ──────────────────────────────────────────────────────────────────────────────────

    async def open(self, redis: Redis) -> Sequence[Running]:
        """Make sure of the group. The broker starts the reading."""
        self._group = Group(redis, self._hop, self.name)
        await self._group.ensure()
        return [self._keep_house(), self._refresh()]

    async def close(self) -> None:
        """Stop reading, finish what was read, leave the group. Nothing in hand is lost."""
        self._stopping.set()
        await self._subscriber.stop()
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._settings.stop_within_s):
                await self._finish_own()
                await self._group.forget(self.name)

    async def problem(self) -> str | None:
        """Return what is wrong with this consumer, in one sentence, or None."""
        if not self._is_reading():
            return f"nothing reads {self._hop.source}"
        if self._bugs_are_common():
            share = sum(self._bugs) / len(self._bugs)
            return f"{share:.0%} of the last articles hit a bug; they stay pending, see the log"
        return self._outage

    # ── one batch ─────────────────────────────────────────────────────────────────────────────

    async def _work(self, entries: Sequence[Entry]) -> None:
        """Bring `entries` to their ends; what has none yet stays pending."""
        began = time.perf_counter()
        with self._holding(entries):
            async with self._turn:
                articles, ends = self._read(entries)
                if articles:
                    ends += await self._handle(articles)
                await self._settle(ends)
                if self._bugs_are_common():
                    await self._pause(_BUG_MINIMUM)
        self._metrics.batch_s.observe(time.perf_counter() - began)

    def _read(self, entries: Sequence[Entry]) -> tuple[list[tuple[Entry, M]], list[_End]]:
        """Return the articles among `entries`, and the ends of those that are none."""
        articles: list[tuple[Entry, M]] = []
        ends: list[_End] = []
        for entry in entries:
            try:
                article = wire.decode(
                    entry.fields,
                    self._message,
                    stream=self._hop.source,
                    entry_id=entry.id.decode(),
                    limit_bytes=self._settings.max_article_bytes,
                )
            except InvalidMessage as error:
                ends.append(self._park(entry, str(error), cause="invalid"))
            else:
                articles.append((entry, article))
        return articles, ends

    async def _handle(self, articles: Sequence[tuple[Entry, M]]) -> list[_End]:
        """Return the ends of `articles`; none for those that stay pending."""
        attempt = 0
        while True:
            try:
                outcomes = await self._handler([article for _, article in articles])
            except TransientError as error:
                attempt += 1
                await self._uncount([entry for entry, _ in articles])
                if not await self._wait_out(error, attempt):
                    return []
            except Exception as error:  # noqa: BLE001 (a bug in a handler harms its article only)
                return await self._isolate(articles, error)
            else:
                self._outage = None
                return [
                    self._end(entry, article, outcome)
                    for (entry, article), outcome in zip(articles, outcomes, strict=True)
                ]

    async def _isolate(self, articles: Sequence[tuple[Entry, M]], error: Exception) -> list[_End]:
        """Return the ends of articles that raised together: each is tried by itself."""
        if len(articles) > 1:
            return [end for one in articles for end in await self._handle([one])]
        [(entry, article)] = articles
        self._bugs.append(True)
        self._metrics.articles["failed"].inc()
        self._log.error(
            "article",
            article_id=article.article_id,
            status="failed",
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            exc_info=error,
        )
        if self._bugs_are_common():
            await self._uncount([entry])
            return []
        if entry.deliveries < self._settings.max_deliveries:
            return []
        reason = f"{type(error).__name__}: {error} (at each of {entry.deliveries} deliveries)"
        return [self._park(entry, reason, cause="failed", article_id=article.article_id)]

    def _end(self, entry: Entry, article: M, outcome: Outcome | PermanentError) -> _End:
        self._bugs.append(False)
        if isinstance(outcome, PermanentError):
            article_id = article.article_id
            return self._park(entry, str(outcome), cause="rejected", article_id=article_id)
        if outcome.message is None:
            settlement = Settlement(entry.id)
        else:
            settlement = Settlement(entry.id, "target", wire.encode(outcome.message))
        return _End(settlement, outcome.status, article.article_id)

    def _park(
        self, entry: Entry, reason: str, *, cause: Cause, article_id: str | None = None
    ) -> _End:
        letter = DeadLetter(
            reason=reason,
            cause=cause,
            stage=self._hop.stage,
            stream=self._hop.source,
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            article_id=article_id,
            original=entry.fields,
        )
        settlement = Settlement(entry.id, "dead", deadletters.encode(letter))
        return _End(settlement, "dead", article_id, reason)

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
                for end in ends:
                    if end.settlement.id in settled:  # else another consumer ended it and said so
                        self._say(end)
                return

    def _say(self, end: _End) -> None:
        self._metrics.articles[end.status].inc()
        say = self._log.warning if end.status == "dead" else self._log.info
        entry_id = end.settlement.id.decode()
        reason = {"reason": end.reason} if end.reason else {}
        say("article", article_id=end.article_id, status=end.status, entry_id=entry_id, **reason)

    # ── waiting ───────────────────────────────────────────────────────────────────────────────

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

    def _bugs_are_common(self) -> bool:
        enough = len(self._bugs) >= _BUG_MINIMUM
        return enough and sum(self._bugs) > _BUG_SHARE * len(self._bugs)

    # ── what is in hand ───────────────────────────────────────────────────────────────────────

    @contextlib.contextmanager
    def _holding(self, entries: Sequence[Entry]) -> Iterator[None]:
        ids = {entry.id for entry in entries}
        self._held |= ids
        try:
            yield
        finally:
            self._held -= ids

    async def _refresh(self) -> None:
        """Keep what is in hand from being claimed, for as long as this process lives."""
        while not self._stopping.is_set():  # redis-py may lose a cancellation in the middle
            await asyncio.sleep(self._settings.reclaim_after_ms / 3000)
            if self._held:
                with contextlib.suppress(RedisError, OSError):  # the next round tries again
                    await self._group.refresh(self._held)

    async def _uncount(self, entries: Sequence[Entry]) -> None:
        """Take this delivery of `entries` back: an outage is not an attempt."""
        with contextlib.suppress(
            RedisError, OSError
        ):  # it counts then, which errs to the safe side
            for deliveries in {entry.deliveries for entry in entries}:
                ids = [entry.id for entry in entries if entry.deliveries == deliveries]
                await self._group.refresh(ids, deliveries=deliveries - 1)

    # ── housekeeping ──────────────────────────────────────────────────────────────────────────

    async def _keep_house(self) -> None:
        """Revive, measure, claim, trim and forget, round after round."""
        rounds = 0
        while not self._stopping.is_set():
            await asyncio.sleep(_HOUSE_EVERY_S)
            rounds += 1
            try:
                await self._revive()
                await self._measure()
                await self._claim()
                if rounds % _TRIM_EVERY == 0:
                    await self._group.trim()
                if rounds % _FORGET_EVERY == 0:
                    await self._group.forget()
            except (RedisError, OSError) as error:
                self._log.warning("housekeeping waits", error=str(error))

    def _is_reading(self) -> bool:
        subscriber = self._subscriber
        return subscriber.running and any(not task.done() for task in subscriber.tasks)

    async def _revive(self) -> None:
        """Make the group again and read on, after FLUSHALL, a deleted stream or a fatal reply.

        FastStream ends its reading task on NOGROUP, and restarts it without a pause on any other
        error reply; its supervisor is off (shared/service.py), so this is where it starts again.
        """
        if self._is_reading() or self._stopping.is_set():
            return
        await self._group.ensure()
        self._log.warning("reading again", stream=self._hop.source)
        await self._subscriber.stop()
        await self._subscriber.start()

    async def _measure(self) -> None:
        state = await self._group.state()
        self._metrics.lag.set(state.lag)
        self._metrics.pending.set(state.pending)
        self._metrics.dead.set(state.dead)
        self._metrics.oldest_s.set(state.oldest_ms / 1000)

    async def _claim(self) -> None:
        """Work on what other consumers left alone; what failed before, one by one and last."""
        left = [
            pending
            for pending in await self._group.abandoned(self._settings.reclaim_after_ms)
            if pending.id not in self._held
        ]
        size = self._settings.batch_size
        fresh = [pending for pending in left if pending.deliveries <= 1]
        suspects = sorted(
            (pending for pending in left if pending.deliveries > 1),
            key=lambda pending: pending.deliveries,
        )
        for batch in [fresh[at : at + size] for at in range(0, len(fresh), size)]:
            await self._take(batch)
        for suspect in suspects:
            await self._take([suspect])

    async def _take(self, pending: Sequence[Pending]) -> None:
        """Claim `pending` and work on it; bury what always ended its process."""
        if self._stopping.is_set() or self._outage:
            return
        entries = await self._group.claim(pending, self._settings.reclaim_after_ms)
        crashing = [e for e in entries if e.deliveries > self._settings.max_deliveries]
        await self._settle([self._bury(entry) for entry in crashing])
        alive = [entry for entry in entries if entry not in crashing]
        if alive:
            # Through the subscriber, so that FastStream's middlewares see it like any other batch.
            await self._subscriber.consume(
                {
                    "type": "bstream",
                    "channel": self._hop.source,
                    "message_ids": [entry.id for entry in alive],
                    "data": [dict(entry.fields) for entry in alive],
                    "delivery_counts": [entry.deliveries - 1 for entry in alive],
                }
            )

    def _bury(self, entry: Entry) -> _End:
        reason = (
            f"delivered {entry.deliveries - 1} times and never finished: "
            "it seems to end the process that works on it"
        )
        return self._park(entry, reason, cause="crashed")

    async def _finish_own(self) -> None:
        """Work on what was read and not begun: FastStream cancels a read that is under way."""
        after = b"0"
        while entries := await self._group.own(after, self._settings.batch_size):
            after = entries[-1].id
            await self._work([entry for entry in entries if entry.fields])


async def _parse(
    raw: dict[str, Any],
    original: Any,  # noqa: ANN401 (FastStream's own parser, which knows the consumer)
) -> RedisBatchStreamMessage:
    """Keep the fields of each entry as they came; FastStream's own parser rewrites them.

    `delivery_counts` is FastStream's key for what Redis 8.4 says of claimed entries; `_take` sets
    it on any Redis.
    """
    counts = raw.get("delivery_counts", [0] * len(raw["message_ids"]))
    read = zip(raw["message_ids"], raw["data"], counts, strict=True)
    return RedisBatchStreamMessage(
        raw_message=raw,
        body=Batch([Entry(id_, fields, count + 1) for id_, fields, count in read if fields]),
        headers={},
        batch_headers=[],
        message_id=raw["message_ids"][0].decode(),
        correlation_id=raw["message_ids"][0].decode(),
        consumer=original.__self__.consumer,
        group=original.__self__.group,
    )


async def _decode(message: RedisBatchStreamMessage) -> Batch:
    return cast("Batch", message.body)
