"""The work that is the same for all: an article in, an article on, a document."""

from datetime import UTC, datetime
from typing import Any, Final

from bson.raw_bson import RawBSONDocument
from pymongo import WriteConcern

from services.enrich.handler import pass_on
from services.store.documents import first_head, record
from services.store.indexes import ARTICLES
from shared.messages import EnrichedArticle, RawArticle

LEFT_AFTER_S: Final = 5  # what a worker that died had in hand is given to another
_DURABLE: Final = WriteConcern("majority", j=True)


def enriched(article: RawArticle) -> EnrichedArticle:
    """Return the article unread, as enrich passes it on."""
    now = datetime.now(UTC)
    [one] = pass_on([article.model_copy(update={"received_at": now})], now=now)
    return one


def document(article: EnrichedArticle) -> tuple[str, RawBSONDocument]:
    """Return the id and the document to keep."""
    return article.article_id, first_head(record(article))


def articles(client: Any) -> Any:
    """Return the collection of a client of pymongo or motor; it writes durably."""
    return client["newsflow"].get_collection(ARTICLES, write_concern=_DURABLE)
