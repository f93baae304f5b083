"""Articles as enrich hands them on, invented: many different ones at little cost.

    names      12 an article, of 20,000: few of them are in many articles, most in few (Zipf)
    signature  of numbers by chance; one article in ten is a re-run that shares 0.8 of an earlier's

Text, mentions and topics are of the size that enrich makes of a wire story. What they say is not.
"""

import random
import struct
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from shared.messages import EnrichedArticle
from tests.benchmarks.stories import stories

NOON: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)

_NAMES: Final = 20_000
_ENTITIES: Final = 12
_TOPICS: Final = 60
_NUMBERS: Final = 128
_RERUNS: Final = 0.1
_KEPT: Final = 0.8
_TOOLS: Final = {
    made: {"name": "invented", "version": "1"}
    for made in ("entities", "topics", "signature", "language", "text")
}


def read_articles(seed: int, *, words: int = 440) -> Iterator[EnrichedArticle]:
    """Yield articles of about `words` words without end; the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    texts = [story["body"][: words * 6] for story in islice(stories(seed), 200)]
    signatures: list[list[int]] = []
    number = 0
    while True:
        number += 1
        uri = f"urn:newsflow:storing:{seed}:{number}"
        yield EnrichedArticle.model_validate(_article(uri, texts, signatures, chance))


def _article(
    uri: str, texts: list[str], signatures: list[list[int]], chance: random.Random
) -> dict[str, Any]:
    headline = f"Council {chance.randrange(10**6)} decides on harbour {chance.randrange(10**6)}"
    body = f"{chance.choice(texts)}\nReference {chance.getrandbits(64):x}."
    at = NOON - timedelta(seconds=chance.randrange(10**7))
    article = {
        "uri": uri,
        "headline": headline,
        "body": body,
        "source": f"Wire {chance.randrange(40)}",
        "published_at": at,
        "received_at": at + timedelta(seconds=5),
        "provenance": {"entry": {"stream": "articles.raw", "entry_id": "1-1"}},
    }
    return {
        "article_id": f"{chance.getrandbits(128):032x}",
        "article": article,
        "headline": headline,
        "language": "en",
        "entities": [_entity(chance, len(body)) for _ in range(_ENTITIES)],
        "topics": [
            {"id": f"medtop:{20000000 + topic}", "name": f"topic {topic}", "confidence": 0.5}
            for topic in chance.sample(range(_TOPICS), 2)
        ],
        "signature": _signature(signatures, chance),
        "tools": _TOOLS,
        "enriched_at": NOON,
    }


def _entity(chance: random.Random, length: int) -> dict[str, Any]:
    name = f"Person {int(_NAMES ** chance.random())} Example"
    starts = [chance.randrange(length) for _ in range(chance.choice((1, 1, 2, 3)))]
    return {
        "id": f"person:{name.lower()}",
        "name": name,
        "type": "person",
        "count": len(starts),
        "salience": 0.4,
        "mentions": [
            {"start": start, "end": start + len(name), "text": name, "field": "body"}
            for start in starts
        ],
    }


def _signature(earlier: list[list[int]], chance: random.Random) -> str:
    numbers = [chance.getrandbits(16) for _ in range(_NUMBERS)]
    if earlier and chance.random() < _RERUNS:
        first = chance.choice(earlier)
        numbers = [
            old if chance.random() < _KEPT else new for old, new in zip(first, numbers, strict=True)
        ]
    elif len(earlier) < _NAMES:
        earlier.append(numbers)
    return b64encode(struct.pack(f"<{_NUMBERS}H", *numbers)).decode()
