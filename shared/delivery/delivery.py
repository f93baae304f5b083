"""At-least-once delivery on Redis streams: what was published is worked on until it has its end.

    read    what is new, by FastStream, in batches of bounded size
    claim   what another consumer left alone for `reclaim_after_ms`

Both go to the desk (desk.py). What is in hand there is refreshed, so that nobody claims it
while this process lives. An entry that was delivered before and not finished is worked on alone,
so that one which kills its process takes no neighbour with it; after `max_deliveries` it is parked
unread. What all groups have acknowledged is trimmed; consumers that are gone are forgotten.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, cast

from faststream import AckPolicy
from faststream.redis import RedisBroker, StreamSub
from faststream.redis.message import RedisBatchStreamMessage
from redis.asyncio import Redis
from redis.exceptions import RedisError

from shared import connecting
from shared.delivery.desk import Desk, M, Work
from shared.delivery.group import Entry, Group, Pending
from shared.metrics import Metrics
from shared.observability import get_logger
from shared.part import Running
from shared.settings import Settings, process_name

if TYPE_CHECKING:
    from shared.traces.exporting import Traces

_POLL_MS: Final = 2_000  # redis-py gives up on a reply after 5 s, so an idle read is shorter
_HOUSE_EVERY_S: Final = 1.0
_TRIM_EVERY: Final = 5  # rounds of housekeeping
_FORGET_EVERY: Final = 60
_NOTICED_S: Final = 0.05  # Redis notices within milliseconds that a connection is closed
_PROBE: Final = 10  # entries that are tried at once while nothing passes


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one read brought."""

    entries: Sequence[Entry]

    def __len__(self) -> int:
        """Return the size in bytes: what FastStream's metrics take the length of a body for."""
        return sum(len(value) for entry in self.entries for value in entry.fields.values())


class Consumer(Generic[M]):
    """Gives every entry of a hop's source to its work until it is stored, passed on or parked."""

    _group: Group
    _desk: Desk[M]

    def __init__(
        self,
        broker: RedisBroker,
        work: Work[M],
        *,
        settings: Settings,
        metrics: Metrics,
        traces: "Traces | None" = None,
    ) -> None:
        self.name = process_name(work.hop.stage)
        self._work: Work[M] = work
        self._hop = work.hop
        self._settings = settings
        self._metrics = metrics
        self._traces = traces
        self._log = get_logger(work.hop.stage)
        self._is_closing = False
        self._round = asyncio.Lock()  # of housekeeping
        self._refused: str | None = None
        self._subscriber = broker.subscriber(
            stream=StreamSub(
                work.hop.source,
                group=work.hop.stage,
                consumer=self.name,
                batch=True,
                max_records=settings.batch_size,
                polling_interval=_POLL_MS,
            ),
            ack_policy=AckPolicy.MANUAL,
            parser=_parse,
            decoder=_decode,
            title=f"{work.hop.stage} reads {work.hop.source}",
        )

        async def receive(batch: Arrival) -> None:
            await self._desk.take(batch.entries)

        # AsyncAPI describes an entry by this annotation; nothing else reads it.
        receive.__annotations__["batch"] = work.message
        self._subscriber(receive)

    async def open(self, redis: Redis) -> Sequence[Running]:
        """Make sure of the group. The broker starts the reading."""
        self._group = Group(redis, self._hop, self.name, receipts_kept=self._settings.receipts_kept)
        self._desk = self._make_desk()
        await self._group.ensure()
        self._desk.judge.recall(await self._group.held())
        return [self._keep_house(), self._refresh()]

    def _make_desk(self) -> Desk[M]:
        made = (self._work, self._group, self._settings, self._metrics)
        if self._traces is None:
            return Desk(*made)
        from shared.traces.desk import TracedDesk  # noqa: PLC0415 (OpenTelemetry is an extra)

        return TracedDesk(*made, traces=self._traces)

    async def close(self) -> None:
        """Stop reading, finish what was read, leave the group. Nothing in hand is lost."""
        self._is_closing = True
        self._desk.stop_waiting()
        await self._subscriber.stop()
        with contextlib.suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(self._settings.stop_within_s):
                async with self._round:  # the last one may have claimed, or begun to read again
                    await self._subscriber.stop()
                await self._desk.rest()
                await self._leave()

    async def _leave(self) -> None:
        """Finish what this consumer has read, and remove it from the group.

        Until Redis notices that a read was cut off, it may give it entries or make the consumer
        anew, after all else was finished: so it is looked again until two looks agree.
        """
        before = -1
        tried: set[bytes] = set()
        while True:
            await self._finish_own(tried)
            pending = await self._group.forget(self.name)
            if pending == before or self._desk.is_waiting:
                return
            before = pending
            await asyncio.sleep(_NOTICED_S)

    async def problem(self) -> str | None:
        """Return what is wrong with this consumer, in one sentence, or None."""
        if self._refused:
            return f"Redis refuses us: {self._refused}"
        return self._desk.problem() if self._is_reading() else f"nothing reads {self._hop.source}"

    # ── housekeeping ──────────────────────────────────────────────────────────────────────────

    async def _keep_house(self) -> None:
        """Revive, measure, claim, trim and forget, round after round."""
        rounds = 0
        while not self._is_closing:
            await asyncio.sleep(_HOUSE_EVERY_S)
            rounds += 1
            try:
                async with self._round:
                    await self._look_after(rounds)
            except (RedisError, OSError) as error:
                self._refused = str(error) if connecting.is_refusal(error) else None
                self._log.warning("housekeeping waits", error=str(error))
            else:
                self._refused = None

    async def _look_after(self, rounds: int) -> None:
        await self._revive()
        await self._measure()
        await self._claim()
        if rounds % _TRIM_EVERY == 0:
            await self._group.trim()
        if rounds % _FORGET_EVERY == 0:
            await self._group.forget()

    async def _refresh(self) -> None:
        """Keep what is in hand from being claimed, for as long as this process lives."""
        while not self._is_closing:  # redis-py may lose a cancellation in the middle
            await asyncio.sleep(self._settings.reclaim_after_ms / 3000)
            if self._desk.held:
                with contextlib.suppress(RedisError, OSError):  # the next round tries again
                    await self._group.refresh(self._desk.held)

    def _is_reading(self) -> bool:
        subscriber = self._subscriber
        return subscriber.running and any(not task.done() for task in subscriber.tasks)

    async def _revive(self) -> None:
        """Make the group again and read on, after FLUSHALL, a deleted stream or a fatal reply.

        FastStream ends its reading task on NOGROUP, and restarts it without a pause on any other
        error reply; its supervisor is off (shared/service.py), so this is where it starts again.
        """
        if self._is_reading() or self._is_closing:
            return
        await self._group.ensure()
        await self._group.own(b"0", 1)  # FastStream's task would not say why it may not read
        self._log.warning("reading again", stream=self._hop.source)
        await self._subscriber.stop()
        await self._subscriber.start()

    async def _measure(self) -> None:
        state = await self._group.state()
        self._metrics.lag.set(state.lag)
        self._metrics.pending.set(state.pending)
        self._metrics.dead.set(state.dead)
        self._metrics.oldest_s.set(state.oldest_ms / 1000)
        self._desk.judge.measure()

    async def _claim(self) -> None:
        """Work on what other consumers left alone; what failed before, one by one and last."""
        left = [
            pending
            for pending in await self._group.abandoned(self._settings.reclaim_after_ms)
            if pending.id not in self._desk.held
        ]
        if self._desk.judge.is_stuck:
            left = left[:_PROBE]
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
            await self._desk.rest({suspect.id})  # alone: the next one is not claimed before

    async def _take(self, pending: Sequence[Pending]) -> None:
        """Claim `pending` and work on it; bury what always ended its process."""
        if self._is_closing or self._desk.is_waiting:
            return
        entries = await self._group.claim(pending, self._settings.reclaim_after_ms)
        most = self._settings.max_deliveries
        await self._desk.bury([entry for entry in entries if entry.deliveries > most])
        alive = [entry for entry in entries if entry.deliveries <= most]
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

    async def _finish_own(self, tried: set[bytes]) -> None:
        """Work on what was read and not begun: FastStream cancels a read that is under way.

        What was tried once and stays pending is left for who comes next.
        """
        after = b"0"
        while entries := await self._group.own(after, self._settings.batch_size):
            after = entries[-1].id
            if new := [entry for entry in entries if entry.fields and entry.id not in tried]:
                await self._desk.take(new)
            tried |= {entry.id for entry in entries}
        await self._desk.rest()


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
        body=Arrival([Entry(id_, fields, count + 1) for id_, fields, count in read if fields]),
        headers={},
        batch_headers=[],
        message_id=raw["message_ids"][0].decode(),
        correlation_id=raw["message_ids"][0].decode(),
        consumer=original.__self__.consumer,
        group=original.__self__.group,
    )


async def _decode(message: RedisBatchStreamMessage) -> Arrival:
    return cast("Arrival", message.body)
