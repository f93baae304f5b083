"""Receipts for publishers: what came of each message that has a `message_id`. Pure.

    XADD articles.raw * data '{...}' message_id wire-4711 producer wire

leaves on `articles.receipts`, in the step that ends the entry, one or two of these:

    accepted    enrich took it as an article: `article_id`, `revision`
    rejected    it is no article by the contract: `reason`, `problems` (JSON: pointer, rule, reason)
    stored      a new document: `article_id`, `revision`
    updated     a further version of a document: the same
    duplicate   that revision was stored before: the same
    dead        parked, and nobody's fault but ours: `reason`, `cause`

Each names `message_id`, `producer`, `entry_id` (what XADD returned) and `status`.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import orjson

from shared.entries.accounts import Owner
from shared.errors import Problem
from shared.identity import revision_id
from shared.messages import EnrichedArticle, RawArticle
from shared.outcome import Status

_PROBLEMS: Final = 20
_STATUSES: Final[Mapping[Status, str]] = {"enriched": "accepted"}
_REJECTING: Final = frozenset({"invalid", "rejected"})


def ended(
    owner: Owner, status: Status, article: RawArticle | EnrichedArticle
) -> dict[bytes, bytes]:
    """Return the receipt of an article that goes on or is stored; none when nobody asks for it."""
    if not owner.message_id:
        return {}
    raw = article.article if isinstance(article, EnrichedArticle) else article
    revision = revision_id(article.article_id, raw.content_hash)
    status_ = _STATUSES.get(status, status)
    return _fields(owner, status_, article_id=article.article_id, revision=revision)


def parked(
    owner: Owner,
    cause: str,
    reason: str,
    *,
    article_id: str | None,
    problems: Sequence[Problem] = (),
) -> dict[bytes, bytes]:
    """Return the receipt of an entry that became a dead letter; none when nobody asks for it."""
    if not owner.message_id:
        return {}
    status = "rejected" if cause in _REJECTING else "dead"
    told = [one._asdict() for one in problems[:_PROBLEMS]] or [Problem("", cause, reason)._asdict()]
    return _fields(
        owner,
        status,
        article_id=article_id or "",
        cause=cause,
        reason=reason,
        problems=orjson.dumps(told).decode() if status == "rejected" else "",
    )


def _fields(owner: Owner, status: str, **told: str) -> dict[bytes, bytes]:
    named = {
        "message_id": owner.message_id,
        "producer": owner.producer,
        "entry_id": owner.entry_id,
        "status": status,
        **told,
    }
    return {
        name.encode(): value.encode("utf-8", "replace") for name, value in named.items() if value
    }
