"""Articles for tests, each a valid one that differs where a test says so."""

import random
from datetime import UTC, datetime
from typing import Any

from shared.messages import EnrichedArticle, Provenance, RawArticle

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def seeded(seed: int) -> random.Random:
    """Return a source of chance that is the same in every run."""
    return random.Random(seed)  # noqa: S311 (texts and orders, no secrets)


def raw_article(**fields: Any) -> RawArticle:
    """Return an article that came in as a message at noon."""
    given = {
        "headline": "Harbour reopens after storm",
        "body": "The harbour of Port Vesper reopened on Monday.",
        "received_at": NOON,
        "provenance": Provenance(),
        **fields,
    }
    return RawArticle.model_validate(given)


def enriched_article(**fields: Any) -> EnrichedArticle:
    """Return an article that was read and found to hold no tags."""
    article = raw_article(**fields)
    return EnrichedArticle(
        article_id=article.article_id,
        article=article,
        headline=article.headline,
        language="en",
        enriched_at=NOON,
    )
