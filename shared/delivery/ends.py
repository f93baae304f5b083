"""The ends that an entry can have: what Redis is told of it, and what the log says. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.delivery.group import Entry, Settlement
from shared.entries import receipts, traceparent, wire
from shared.entries.accounts import owner_of
from shared.errors import PermanentError, Problem
from shared.letters import deadletters
from shared.letters.deadletters import Cause, DeadLetter
from shared.letters.replays import carried
from shared.messages import EnrichedArticle, RawArticle
from shared.outcome import Outcome, Status
from shared.streams import Hop

Article = RawArticle | EnrichedArticle


class End(NamedTuple):
    """What became of an entry; one that was parked has its reason and its cause."""

    settlement: Settlement
    status: Status
    article_id: str | None
    reason: str | None = None
    cause: Cause | None = None

    @property
    def entry_id(self) -> bytes:
        return self.settlement.id


class Ends:
    """Makes the ends of a hop's entries; `consumer` is the process that works on them."""

    def __init__(self, hop: Hop, consumer: str) -> None:
        self._hop = hop
        self._consumer = consumer

    def of(self, entry: Entry, article: Article, outcome: Outcome | PermanentError) -> End:
        """Return the end of an article that was worked on."""
        if isinstance(outcome, PermanentError):
            return self.parked(entry, str(outcome), cause="rejected", article=article)
        status = outcome.status
        owner = owner_of(entry.fields, article, entry_id=entry.id.decode())
        receipt = receipts.ended(owner, status, article)
        if outcome.message is None:
            settlement = Settlement(entry.id, "nowhere", {}, status, owner, receipt)
        else:
            beside = {**carried(entry.fields), **traceparent.carried(entry.fields)}
            fields = {**wire.encode(outcome.message), **beside}
            settlement = Settlement(entry.id, "target", fields, status, owner, receipt)
        return End(settlement, status, article.article_id)

    def parked(
        self,
        entry: Entry,
        reason: str,
        *,
        cause: Cause,
        article: Article | None = None,
        problems: Sequence[Problem] = (),
    ) -> End:
        """Return the end of an entry that cannot go on: a dead letter, and its receipt."""
        article_id = article.article_id if article else None
        letter = DeadLetter(
            reason=reason,
            cause=cause,
            stage=self._hop.stage,
            stream=self._hop.source,
            entry_id=entry.id.decode(),
            deliveries=entry.deliveries,
            article_id=article_id,
            consumer=self._consumer,
            original=entry.fields,
        )
        owner = owner_of(entry.fields, article, entry_id=entry.id.decode())
        receipt = receipts.parked(owner, cause, reason, article_id=article_id, problems=problems)
        fields = deadletters.encode(letter)
        settlement = Settlement(entry.id, "dead", fields, "dead", owner, receipt)
        return End(settlement, "dead", article_id, reason, cause)
