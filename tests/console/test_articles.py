"""Articles, one article, entities and topics in the console, on a real MongoDB."""

import asyncio
import html
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from services.console.asked import Asked, asking, going_on, of_time
from services.console.newest import windows
from services.console.pages import subjects
from services.store.documents import record
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared.messages import EnrichedArticle, Entity, Mention, Topic
from tests.builders import enriched_article

NOW = datetime.now(UTC)
HOSTILE = '<script>alert(1)</script> \u202e"><img src=x onerror=alert(2)>'
PERU = Entity(
    id="geonames:3932488",
    name="Peru",
    type="place",
    count=1,
    salience=0.5,
    country="PE",
    mentions=(Mention(start=9, end=13, text="Peru", field="headline"),),
)
FLOOD = Topic(id="medtop:20000151", name="flood", confidence=0.9, evidence=("floods",))


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    store = Mongo(StoreSettings(mongo_url=mongo_url))
    await store.open()
    yield store
    await store.close()


def article(number: int, *, minutes: int = 0, **fields: Any) -> EnrichedArticle:
    at = NOW - timedelta(minutes=minutes)
    told = {"uri": f"urn:{number}", "headline": f"Floods in Peru {number}", "updated_at": at}
    one = enriched_article(**{**told, **fields})
    return one.model_copy(update={"entities": (PERU,), "topics": (FLOOD,)})


@pytest.mark.parametrize(
    "asked",
    [{}, {"source": "S1"}, {"topic": FLOOD.id}, {"entity": "peru"}, {"text": "floods"}],
    ids=lambda asked: "".join(asked) or "all",
)
async def test_pages_follow_each_other_while_more_comes_in(
    mongo: Mongo, client: httpx.AsyncClient, asked: dict[str, str]
) -> None:
    """Where many are of one time: none is left out, none comes twice, the last page says it is."""
    first = [article(number, minutes=number // 170, source="S1") for number in range(260)]
    await mongo.write([record(one) for one in first])
    sure = FLOOD.model_copy(update={"confidence": 0.99})

    seen: list[str] = []
    before = ""
    while before is not None:
        given = {**asked, "before": before} if before else asked
        answer = (await client.get("/api/articles", params=given)).json()
        seen += [one["id"] for one in answer["articles"]]
        before = answer["older"]
        more = [article(1_000 + len(seen) + number, source="S1") for number in range(20)]
        await mongo.write([record(one.model_copy(update={"topics": (sure,)})) for one in more])

    assert len(seen) == len(set(seen))
    assert {one.article_id for one in map(record, first)} <= set(seen)


async def test_what_articles_hold_is_counted_and_narrows_the_list(
    mongo: Mongo, client: httpx.AsyncClient
) -> None:
    """A facet's id is what the list takes."""
    await mongo.write([record(article(number, source=f"S{number % 2}")) for number in range(6)])

    facets = (await client.get("/api/articles")).json()["facets"]
    narrowed = (await client.get("/api/articles", params={"source": "S1"})).json()

    assert facets["sources"] == [
        {"id": "S0", "name": "S0", "articles": 3},
        {"id": "S1", "name": "S1", "articles": 3},
    ]
    assert facets["countries"] == [{"id": "PE", "name": "PE", "articles": 6}]
    assert facets["topics"] == [{"id": "medtop:20000151", "name": "flood", "articles": 6}]
    assert len(narrowed["articles"]) == narrowed["among"] == 3


async def test_an_article_shows_its_mentions_versions_and_way(
    mongo: Mongo, client: httpx.AsyncClient
) -> None:
    """The later version beside the earlier, with the word that changed marked."""
    await mongo.write([record(article(1, minutes=9, body="Three ships sailed."))])
    await mongo.write([record(article(1, body="Four ships sailed."))])
    [row] = (await client.get("/api/articles")).json()["articles"]

    page = (await client.get(f"/articles/{row['id']}")).text

    assert '<a class="mention place" title="Peru, place"' in page
    assert "<del>Three</del>" in page
    assert "<ins>Four</ins>" in page
    assert "GeoNames 3932488" in page
    assert "2 versions" in page


async def test_trends_are_made_once_however_many_ask(
    mongo: Mongo, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand articles are read for the first of eight who ask at once, and not for each."""
    await mongo.write([record(article(1))])
    made: list[object] = []

    async def counted(*asked: Any, **rest: Any) -> Any:
        made.append(asked)
        return await windows(*asked, **rest)

    monkeypatch.setattr(subjects, "windows", counted)
    answers = await asyncio.gather(*(client.get("/api/topics") for _ in range(8)))

    assert [one.json()["articles"] for one in answers] == [1] * 8
    assert len(made) == 1


async def test_hostile_articles_are_text(mongo: Mongo, client: httpx.AsyncClient) -> None:
    """In lists, on their own page, and in the JSON, which is as it was sent."""
    await mongo.write([record(article(1, headline=HOSTILE, body=HOSTILE, source=HOSTILE))])
    [row] = (await client.get("/api/articles")).json()["articles"]

    for path in ("/articles", f"/articles/{row['id']}", "/entities", "/topics"):
        page = (await client.get(path)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page
    assert html.escape("<script>") in (await client.get("/articles")).text
    assert row["headline"] == HOSTILE


async def test_what_rises_is_told_with_its_company_and_place(
    mongo: Mongo, client: httpx.AsyncClient
) -> None:
    """Twenty of twenty articles of this hour name what none of the hour before did."""
    quiet = [article(number, minutes=90).model_copy(update={"topics": ()}) for number in range(20)]
    await mongo.write([record(one) for one in quiet])
    await mongo.write([record(article(100 + number)) for number in range(20)])

    found = (await client.get("/api/topics", params={"window": "1h"})).json()
    company = await client.get("/api/together", params={"topic": "medtop:20000151"})

    assert (found["articles"], found["before"]) == (20, 20)
    assert [one["name"] for one in found["rising"]] == ["flood"]
    assert company.json()["entities"] == [
        {"id": "geonames:3932488", "name": "Peru", "articles": 20}
    ]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/articles/{'0' * 32}", 404),
        ("/articles/not-an-id", 422),
        ("/articles?since=yesterdayish", 422),
        ("/articles?before=nowhere", 422),
        ("/entities?window=9y", 422),
    ],
)
async def test_what_cannot_be_shown_is_said(
    mongo: Mongo, client: httpx.AsyncClient, path: str, status: int
) -> None:
    """With what to do next, as a page."""
    assert mongo
    answer = await client.get(path)

    assert answer.status_code == status
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        (Asked(), "time"),
        (Asked(entity_id="geonames:3932488"), "entity_id_time"),
        (Asked(topic="medtop:20000151"), "topic_time_confidence"),
        (Asked(source="S1"), "source_time"),
        (Asked(cluster="a"), "reruns"),
        (Asked(text="floods"), "words_time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_each_question_goes_through_its_index(
    mongo: Mongo, client: httpx.AsyncClient, asked: Asked, index: str
) -> None:
    """So that it costs the same however many are stored."""
    assert client
    await mongo.write(
        [record(article(number, minutes=number, source=f"S{number % 40}")) for number in range(400)]
    )

    plan = await mongo.explain(asking(asked, now=NOW), limit=50)

    assert plan.indexes == (index,)


@pytest.mark.parametrize(
    "asked",
    [
        Asked(),
        Asked(entity_id="geonames:3932488"),
        Asked(entity="peru"),
        Asked(topic="medtop:20000151"),
        Asked(source="S1"),
    ],
    ids=lambda asked: "".join(asked.given) or "all",
)
async def test_what_follows_a_page_reads_no_more_than_it_shows(
    mongo: Mongo, client: httpx.AsyncClient, asked: Asked
) -> None:
    """And of those of one time, which stand at its end, these alone."""
    assert client
    await mongo.write(
        [record(article(number, minutes=number // 30, source="S1")) for number in range(600)]
    )
    at = (NOW - timedelta(minutes=5)).replace(microsecond=NOW.microsecond // 1000 * 1000)
    further = going_on(asking(asked, now=NOW), f"{at.isoformat()}~{'8' * 32}")

    page = await mongo.explain(further, limit=51)
    ties = await mongo.explain(of_time(further, at), limit=51)

    assert (page.scans, page.sorts, page.returned) == (False, False, 51)
    assert page.examined <= 51 + 30
    assert not ties.scans
    assert 0 < ties.returned <= ties.examined <= 30
