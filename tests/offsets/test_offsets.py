"""Promise 4: `text[start:end]` is what is tagged, whatever is written, wherever it is read."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

import bson
import orjson
import pytest

from services.enrich.handler import enrich
from services.enrich.text.footers import ending_of
from services.enrich.tools import Tools, load_tools
from services.store.documents import record
from shared.entries import wire
from shared.errors import InvalidMessage
from shared.messages import EnrichedArticle, RawArticle, Span
from tests.offsets.documents import document

DOCUMENTS = 10_000
BATCH = 1_000
NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="module")
def tools() -> Tools:
    return load_tools()


@pytest.fixture(scope="module")
def seen() -> Counter[str]:
    """How much of each kind was checked."""
    return Counter()


def received(number: int) -> RawArticle:
    """Return a document as enrich reads it from the stream."""
    data = {b"data": orjson.dumps(document(number))}
    return wire.decode(data, RawArticle, stream="articles.raw", entry_id="1795476635703-0")


def passed_on(enriched: EnrichedArticle) -> EnrichedArticle:
    """Return a message as store reads it from the stream."""
    return wire.decode(wire.encode(enriched), EnrichedArticle, stream="", entry_id="1-0")


def spans(enriched: EnrichedArticle) -> Iterator[tuple[str, Span, str]]:
    """Yield all that is said to stand somewhere in the text: its kind, where, and what."""
    for entity in enriched.entities:
        assert entity.count == len(entity.mentions)
        for mention in entity.mentions:
            yield "mention", mention, mention.text
    if enriched.dateline:
        yield "dateline", enriched.dateline, enriched.dateline.text
    for quote in enriched.quotes:
        yield "quote", quote, quote.text


def check(enriched: EnrichedArticle, seen: Counter[str]) -> None:
    """Fail if an offset of a message is not what its text says there."""
    text, footer = enriched.article.text, enriched.footer
    end = footer.start if footer else len(text)
    for kind, span, said in spans(enriched):
        assert text[span.start : span.end] == said
        assert 0 <= span.start < span.end <= end
        seen[kind] += 1
    if enriched.headline:
        assert text.startswith(enriched.headline)
        seen["headline"] += 1
    if footer:
        before = text[: footer.start]
        assert not before.rpartition("\n")[2].strip()
        assert text[footer.start : footer.end].strip() == text[footer.start :].strip()
        seen["footer"] += 1
    for topic in enriched.topics:
        for phrase in topic.evidence:
            assert " ".join(phrase.lower().split()) in " ".join(text.lower().split())
            seen["evidence"] += 1


@pytest.mark.parametrize("first", range(0, DOCUMENTS, BATCH))
def test_what_is_tagged_is_what_the_text_says_there(
    tools: Tools, seen: Counter[str], first: int
) -> None:
    """From the stream through enrich, the stream again and BSON, with every line end as one."""
    articles = [received(number) for number in range(first, first + BATCH)]
    endings = [ending_of(article) for article in articles]
    learned = [
        frozenset(ending.paragraphs[-1:]) if ending and at % 2 else frozenset()
        for at, ending in enumerate(endings)
    ]

    for one in enrich(articles, tools=tools, now=NOW, learned=learned):
        assert isinstance(one, EnrichedArticle)
        assert "\r" not in one.article.text
        check(one, seen)
        assert passed_on(one).article.text == one.article.text
        check(passed_on(one), Counter())
        head = bson.decode(record(one).head.raw)
        stored = [
            *(mention for entity in head["entities"] for mention in entity["mentions"]),
            *head["quotes"],
            *([head["dateline"]] if "dateline" in head else []),
        ]
        assert [head["text"][at["start"] : at["end"]] for at in stored] == [
            at["text"] for at in stored
        ]
        assert len(stored) == sum(1 for _ in spans(one))


def test_every_kind_was_there_to_be_checked(seen: Counter[str]) -> None:
    """Else the documents would say nothing."""
    assert min(seen[kind] for kind in ("mention", "dateline", "quote", "headline", "footer")) > 500


def test_half_a_character_is_refused_on_the_way_in() -> None:
    """A lone surrogate has no place in UTF-8, so no offset ever counts one."""
    with pytest.raises(InvalidMessage, match="not JSON"):
        wire.decode({b"data": b'{"body": "Kabul \\ud83d"}'}, RawArticle, stream="", entry_id="1-0")
