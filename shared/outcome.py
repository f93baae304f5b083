"""How a stage ends with an article: one word, the same in log, metric and status screen."""

from typing import Final, Literal, NamedTuple, get_args

from shared.messages import Message

Status = Literal[
    "published",  # ingest: the article is on articles.raw
    "refused",  # ingest: the file holds no article and was put aside
    "enriched",  # enrich: the article is on articles.enriched
    "stored",  # store: a new document
    "updated",  # store: a further version of a document
    "duplicate",  # store: this version was stored before
    "failed",  # any: a bug; the entry stays pending and is tried again
    "dead",  # any: parked on articles.dead, with its reason
]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)


class Outcome(NamedTuple):
    """How a stage ended with one article, and the message that goes on to the next, if any."""

    status: Status
    message: Message | None = None
