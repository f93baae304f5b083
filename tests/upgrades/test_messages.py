"""Services are upgraded one by one: messages of both versions are read by both.

tests/upgrades/messages/DAY/*.jsonl is what the code of that day published of its own seeds, and
contract_DAY.py is what it read with.
"""

from pathlib import Path
from types import ModuleType
from typing import Any, Final, TypeVar

import orjson
import pytest

from services.enrich.handler import enrich
from services.enrich.tools import Tools, load_tools
from services.store.documents import record
from shared.entries import wire
from shared.messages import EnrichedArticle, FileOrigin, Message, Provenance, RawArticle, Subject
from tests.builders import NOON, raw_article
from tests.upgrades import contract_2026_11_23, contract_2026_11_24

M = TypeVar("M", bound=Message)

SAMPLES: Final = Path(__file__).parent / "messages"
THEN: Final = {"2026-11-23": contract_2026_11_23, "2026-11-24": contract_2026_11_24}


def samples(day: str, name: str) -> list[bytes]:
    """Return the messages of a day, as they stood in the field `data`."""
    return (SAMPLES / day / f"{name}.jsonl").read_bytes().splitlines()


def read(data: bytes, message: type[M]) -> M:
    return wire.decode({wire.DATA: data}, message, stream="s", entry_id="1-1")


EVERY_FIELD: Final = raw_article(
    uri="urn:newsml:x:1",
    guid="g",
    url="https://example.org/1",
    version="7",
    embargoed_until=NOON,
    byline="Amina Okoro",
    summary="Short.",
    body="LIMA (AFP) - Peru closed a port on Monday, President Dina Boluarte said.\nIt rained.",
    body_html="<p>LIMA</p>",
    language="en",
    source="Wire",
    urgency=3,
    located="Lima",
    subjects=(Subject(id="medtop:04000000", name="economy"),),
    alt_ids={"slug": "peru-port"},
    published_at=NOON,
    updated_at=NOON,
    provenance=Provenance(
        file=FileOrigin(path="a.zip", sha256="0" * 64, member="1.xml", record=2, start=5, end=9)
    ),
)


@pytest.fixture(scope="module")
def tools() -> Tools:
    return load_tools(arithmetic="float32")


@pytest.mark.parametrize("day", THEN)
def test_todays_enrich_reads_what_an_older_ingest_publishes(day: str, tools: Tools) -> None:
    """Every field as it was; the article keeps its id, so no document is doubled by an upgrade."""
    sent = samples(day, "raw")
    articles = [read(data, RawArticle) for data in sent]

    results = enrich(articles, tools=tools, now=NOON)

    for data, article, result in zip(sent, articles, results, strict=True):
        assert isinstance(result, EnrichedArticle)
        assert article.article_id == THEN[day].RawArticle.model_validate_json(data).article_id
        assert_says(article.model_dump(mode="json"), orjson.loads(data))
    assert len(articles) >= 10


@pytest.mark.parametrize("day", THEN)
def test_todays_store_writes_what_an_older_enrich_publishes(day: str) -> None:
    """Ids, texts and mentions as they were said; what it could not know yet is left out."""
    for data in samples(day, "enriched"):
        said = orjson.loads(data)
        written = record(read(data, EnrichedArticle))

        assert written.article_id == said["article_id"]
        head = written.head
        assert [entity["name"] for entity in head["entities"]] == [
            entity["name"] for entity in said.get("entities", ())
        ]
        for entity in head["entities"]:
            for mention in entity["mentions"]:
                assert head["text"][mention["start"] : mention["end"]] == mention["text"]


@pytest.mark.parametrize("contract", THEN.values(), ids=THEN)
def test_an_older_enrich_reads_what_todays_ingest_publishes(contract: ModuleType) -> None:
    """What it does not know it passes over; the article is the same one."""
    data = wire.encode(EVERY_FIELD)[wire.DATA]

    article = contract.RawArticle.model_validate_json(data)

    assert article.article_id == EVERY_FIELD.article_id
    assert article.text == EVERY_FIELD.text
    assert article.version_created == EVERY_FIELD.version_created
    assert_says(orjson.loads(data), article.model_dump(mode="json", exclude_defaults=True))


@pytest.mark.parametrize("day", THEN)
def test_an_older_store_reads_what_todays_enrich_publishes(day: str, tools: Tools) -> None:
    """Every entity, mention and topic; of the seeds of that day and of an article of all fields."""
    articles = [EVERY_FIELD, *(read(data, RawArticle) for data in samples(day, "raw"))]

    for enriched in enrich(articles, tools=tools, now=NOON):
        assert isinstance(enriched, EnrichedArticle)
        article = THEN[day].EnrichedArticle.model_validate_json(wire.encode(enriched)[wire.DATA])

        assert article.article_id == enriched.article_id
        assert article.article.text == enriched.article.text
        assert len(article.entities) == len(enriched.entities)
        assert [topic.id for topic in article.topics] == [topic.id for topic in enriched.topics]
        for entity in article.entities:
            for mention in entity.mentions:
                assert article.article.text[mention.start : mention.end] == mention.text


def assert_says(whole: Any, part: Any) -> None:
    """Assert that `whole` says all that `part` does; it may say more."""
    if isinstance(part, dict):
        for name, value in part.items():
            assert_says(whole[name], value)
    elif isinstance(part, list):
        for one, other in zip(whole, part, strict=True):
            assert_says(one, other)
    else:
        assert whole == part
