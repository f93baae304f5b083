"""The Python module: counts, versions, re-runs, and following along, on a real MongoDB."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from services.reading import Articles, Bucket, Stored
from services.store.documents import record
from services.store.mongo import CannotFollow, Mongo
from services.store.questions import BadTime
from services.store.settings import StoreSettings
from tests.recipes.corpus import CONFLICT, article, day, stored


@pytest.fixture
async def mongo(mongo_url: str) -> AsyncIterator[Mongo]:
    adapter = Mongo(StoreSettings(mongo_url=mongo_url))
    yield adapter
    await adapter.close()


@pytest.fixture
async def names(mongo: Mongo, mongo_url: str) -> dict[str, str]:
    """The names of the articles of the corpus, which is stored, by their ids."""
    return await stored(mongo, mongo_url)


@pytest.fixture
async def articles(mongo_url: str, names: dict[str, str]) -> AsyncIterator[Articles]:
    assert names
    async with Articles(mongo_url) as reader:
        yield reader


async def test_articles_are_counted(articles: Articles) -> None:
    """For readers, unless everything is asked for; a limit does not count."""
    assert await articles.count(entity="KABUL") == 4
    assert await articles.count(entity="KABUL", everything=True) == 7
    assert await articles.count(speaker="ada okoro", fold=True) == 1
    assert await articles.count(topic=("medtop:15000000", "medtop:17000000")) == 2


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("topics", [("conflict, war and peace", 3), ("sport", 1), ("weather", 1)]),
        ("sources", [("Test Wire", 4), ("Harbour Post", 2)]),
        ("countries", [("AF", 6), ("PE", 1)]),
        ("languages", [("en", 7), ("es", 1)]),
    ],
)
async def test_top_counts_an_article_once_for_each_value(
    articles: Articles, what: str, expected: list[tuple[str, int]]
) -> None:
    """What has none of it does not count."""
    rows = await articles.top(what)  # type: ignore[arg-type]  # a case of the table

    assert [(row.name, row.articles) for row in rows] == expected


async def test_top_over_time_has_a_bucket_a_period(articles: Articles) -> None:
    """The periods of a row sum up to its articles; weeks begin on Monday."""
    [row] = await articles.top("topics", limit=1, by="week", since="2026-11-01")

    assert row.over == (Bucket(day(16, 0), 3),)


async def test_articles_over_time(articles: Articles) -> None:
    """Every day from the first to the last, those without articles, too."""
    days = await articles.over_time(entity="Kabul")

    assert (len(days), sum(one.articles for one in days)) == (17, 4)
    assert days[0] == Bucket(day(2, 0), 1)


async def test_versions_and_reruns_of_an_article(articles: Articles, names: dict[str, str]) -> None:
    """Versions the oldest first; re-runs from whichever of them."""
    ids = {name: id_ for id_, name in names.items()}

    versions = await articles.revisions(ids["harbour"])
    runs = await articles.cluster(ids["talks-again"])
    head = await articles.get(ids["harbour"])

    assert [one["version_created"] for one in versions] == [day(17, 9), day(19, 9)]
    assert [names[one["_id"]] for one in runs] == ["talks", "talks-again"]
    assert head is not None
    assert head["text"].endswith("Friday.")
    assert await articles.get("nothing") is None
    assert await articles.cluster("nothing") == []


async def test_a_wrong_time_says_how_to_write_one(articles: Articles) -> None:
    """As on the command line."""
    with pytest.raises(BadTime, match="write 2026-11-23"):
        await articles.count(since="yesterdayish")


async def test_following_tells_of_new_articles_and_versions_only(
    articles: Articles, mongo: Mongo
) -> None:
    """A duplicate and another question's article are no news; a token goes on where it was."""
    war = {"topics": {CONFLICT: 0.9}, "headline": "New"}
    first = record(article("new", day(23), "Kabul once.", **war))  # type: ignore[arg-type]
    second = record(article("new", day(24), "Kabul twice.", **war))  # type: ignore[arg-type]
    other = record(article("other", day(23), "Lima."))

    async with aclosing(articles.follow(entity="kabul", topic="medtop:16000000")) as stream:
        token = (await anext(stream)).token
        for one in (first, other, first, second):
            await mongo.write([one])
        news = [await next_text(stream) for _ in range(2)]
    async with aclosing(articles.follow(after=token, entity="kabul")) as stream:
        again = [await next_text(stream) for _ in range(2)]

    assert again == ["New\nKabul once.", "New\nKabul twice."]
    assert news[-1] == "New\nKabul twice."  # the first as it stands when it is told of


async def test_what_is_no_token_is_said(articles: Articles) -> None:
    """One sentence, not a trace."""
    with pytest.raises(CannotFollow, match="token"):
        await anext(articles.follow(after={"_data": "00"}))


async def next_text(stream: AsyncIterator[Stored]) -> str:
    while True:
        if article_ := (await anext(stream)).article:
            return str(article_["text"])
