"""The desk (shared/delivery/desk.py) with a span for every entry, from reading to its end."""

from collections.abc import Sequence
from typing import Final

from opentelemetry.trace import Link, Span, SpanKind, set_span_in_context, use_span

from shared.delivery.desk import Batch, Desk, M, Read, Work
from shared.delivery.ends import End
from shared.delivery.group import Entry, Group
from shared.entries import traceparent
from shared.errors import PermanentError
from shared.identity import revision_id
from shared.letters import deadletters
from shared.letters.replays import replays
from shared.messages import EnrichedArticle
from shared.metrics import Metrics
from shared.outcome import Outcome
from shared.settings import Settings
from shared.traces import spans
from shared.traces.exporting import Traces

_REVISION: Final = "newsflow.revision"


class TracedDesk(Desk[M]):
    """Gives each entry in hand a span below the one that its fields name.

    Each attempt is a span of its own. One that ends nothing, because the entry stays pending or
    another process has ended it, says `pending`.
    """

    def __init__(
        self, work: Work[M], group: Group, settings: Settings, metrics: Metrics, traces: Traces
    ) -> None:
        super().__init__(work, group, settings, metrics)
        self._tracer = traces.tracer
        self._spans: dict[bytes, Span] = {}
        self._sending: dict[bytes, Span] = {}

    async def bury(self, entries: Sequence[Entry]) -> None:
        self._begin(entries)
        await super().bury(entries)
        self._leave(entries)

    def _decode(self, entries: Sequence[Entry]) -> Batch[M]:
        self._begin(entries)
        batch = super()._decode(entries)
        for entry, article in batch.read:
            span = self._spans[entry.id]
            if span.is_recording():
                raw = article.article if isinstance(article, EnrichedArticle) else article
                span.set_attribute(spans.ARTICLE_ID, article.article_id)
                revision = revision_id(article.article_id, raw.content_hash)
                span.set_attribute(_REVISION, revision)
        return batch

    async def _bring(self, batch: Batch[M]) -> None:
        try:
            await super()._bring(batch)
        finally:
            self._leave(batch.entries)

    async def _handle(self, batch: Sequence[Read[M]]) -> Sequence[Outcome | PermanentError]:
        """Work within a span for the batch; it and those of its articles link to each other."""
        members = [self._spans[read.entry.id] for read in batch]
        members = [span for span in members if span.is_recording()]
        if not members:
            return await super()._handle(batch)
        span = self._tracer.start_span(
            self._work.hop.stage,
            context=set_span_in_context(members[0]),
            links=[Link(member.get_span_context()) for member in members],
            attributes={"messaging.batch.message_count": len(batch)},
        )
        for member in members:
            member.add_link(span.get_span_context())
        try:
            # An exception's text may be of the article.
            with use_span(span, record_exception=False, set_status_on_exception=False):
                return await super()._handle(batch)
        except Exception as error:
            spans.failed(span, type(error).__name__)
            raise
        finally:
            span.end()

    async def _bug(self, entry: Entry, article: M | None, error: Exception) -> list[End]:
        spans.failed(self._spans[entry.id], type(error).__name__)
        return await super()._bug(entry, article, error)

    async def _settle(self, ends: Sequence[End]) -> None:
        await super()._settle([self._traced(end) for end in ends])

    def _say(self, end: End) -> None:
        super()._say(end)
        if sending := self._sending.pop(end.entry_id, None):
            sending.end()
        span = self._spans.pop(end.entry_id)
        span.set_attribute(spans.STATUS, end.status)
        if end.reason is not None:
            spans.failed(span, spans.safe(end.reason, end.cause or "invalid"))
        span.end()

    def _begin(self, entries: Sequence[Entry]) -> None:
        hop = self._work.hop
        for entry in entries:
            parent = traceparent.parent(entry.fields)
            before = replays(entry.fields)
            # The span that a letter tells of is the attempt that died: parent and link at once.
            again = parent is not None and before.times > 0
            link = {"newsflow.letter": before.letters[-1]} if again else {}
            self._spans[entry.id] = self._tracer.start_span(
                f"process {hop.source}",
                context=spans.below(parent),
                kind=SpanKind.CONSUMER,
                links=[Link(spans.named(parent), link)] if again and parent else None,
                attributes={
                    "messaging.system": "redis",
                    "messaging.operation.name": "process",
                    "messaging.operation.type": "process",
                    "messaging.destination.name": hop.source,
                    "messaging.consumer.group.name": hop.stage,
                    "messaging.client.id": self._group.name,
                    "messaging.message.id": entry.id.decode(),
                    "newsflow.deliveries": entry.deliveries,
                },
            )

    def _traced(self, end: End) -> End:
        """Return an end whose message, or dead letter, names the span it comes from."""
        settlement, span = end.settlement, self._spans[end.entry_id]
        told: dict[bytes, bytes] = {}
        if settlement.to == "target" and self._work.hop.target:
            context = set_span_in_context(span)
            sending = spans.publishing(self._tracer, self._work.hop.target, context)
            self._sending[end.entry_id] = sending
            told = traceparent.field(spans.traceparent(sending))
        elif settlement.to == "dead":
            told = {deadletters.TRACEPARENT: spans.traceparent(span)}
        return end._replace(settlement=settlement._replace(fields={**settlement.fields, **told}))

    def _leave(self, entries: Sequence[Entry]) -> None:
        """End the spans of entries that have no end here."""
        for entry in entries:
            self._sending.pop(entry.id, None)  # nothing was published
            if span := self._spans.pop(entry.id, None):
                span.set_attribute(spans.STATUS, "pending")
                span.end()
