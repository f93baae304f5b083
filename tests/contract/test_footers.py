"""Footers are learned on a real Redis: by source, once an article, by all processes of enrich."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Final

import pytest
from redis.asyncio import Redis

from services.enrich.memory import SOURCES, Memory
from services.enrich.settings import EnrichSettings
from services.enrich.text.footers import Ending, ending_of
from services.enrich.worker import Worker
from shared.errors import RedisUnavailable
from shared.messages import EnrichedArticle, RawArticle

FOOTER: Final = (
    "The Harbour Post has told the town's stories since 1907, and every reader keeps it going."
)
_NOW: Final = datetime(2026, 11, 24, tzinfo=UTC)
_numbers = count()


def words(number: int) -> str:
    """Return words that no other number gives; digits make no difference to what is learned."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))


def story(number: int | None = None, *, footer: str = FOOTER, **fields: str | None) -> RawArticle:
    """Return an article of the Harbour Post that nobody else wrote."""
    it = words(next(_numbers) + 1_000 if number is None else number)
    lines = [
        f"Council votes on the {it} bridge",
        f"The council of Port Vesper voted on the {it} bridge on Monday, its clerk said.",
        f"The bridge of {it} has been closed to lorries since the floods of last winter.",
        f"Work on {it} may begin in the spring if the money is found, an engineer said.",
        footer,
    ]
    given = {"uri": f"urn:post:{it}", "source": "Harbour Post", "body": "\n".join(lines), **fields}
    return RawArticle.model_validate({**given, "received_at": _NOW})


async def learned(memory: Memory, *articles: RawArticle) -> list[bool]:
    """Say for each article, one after the other, whether something of it is a learned footer."""
    return [bool((await memory.learned([ending_of(one)]))[0]) for one in articles]


async def test_third_article_makes_a_footer(redis: Redis) -> None:
    """Two may share a paragraph by chance; with the third it is the source's own."""
    memory = Memory(redis)

    assert await learned(memory, story(), story(), story(), story()) == [False, False, True, True]


async def test_only_the_shared_paragraph_is_learned(redis: Redis) -> None:
    """What an article says by itself stays its own, however often it is asked for."""
    memory = Memory(redis)
    await learned(memory, story(), story(), story())

    [answer] = await memory.learned([ending_of(story())])

    assert len(answer) == 1


async def test_batch_is_counted_in_its_order(redis: Redis) -> None:
    """One round trip counts many articles, those without a source among them."""
    batch = [story(), story(source=None), story(), story()]

    answers = await Memory(redis).learned([ending_of(article) for article in batch])

    assert [bool(answer) for answer in answers] == [False, False, False, True]


async def test_redelivered_article_counts_once(redis: Redis) -> None:
    """The same article, and a new version of it, is one."""
    memory = Memory(redis)
    versions = [story(1, uri="urn:x"), story(1, uri="urn:x"), story(2, uri="urn:x")]

    assert await learned(memory, *versions, story(3)) == [False] * 4


async def test_story_sent_again_under_other_ids_counts_once(redis: Redis) -> None:
    """A wire story that is run three times does not make its own end a footer."""
    memory = Memory(redis)
    again = [story(1, uri=f"urn:{number}") for number in range(5)]
    new_lead = [
        one.model_copy(update={"uri": f"urn:n{at}", "body": f"{words(at) * 20} new.\n{one.body}"})
        for at, one in enumerate(again)
    ]

    assert await learned(memory, *again) == [False] * 5
    assert await learned(memory, *new_lead[:2]) == [False] * 2


async def test_source_learns_by_itself(redis: Redis) -> None:
    """What one publisher puts under its articles says nothing of another's."""
    memory = Memory(redis)
    others = [story(source=source) for source in ("A", "B", "C", "A", "B", "A")]

    assert await learned(memory, *others) == [False] * 5 + [True]


async def test_processes_share_what_is_learned(redis: Redis) -> None:
    """It stands in Redis: whichever process reads, and after any restart."""
    assert await learned(Memory(redis), story()) == [False]
    assert await learned(Memory(redis), story()) == [False]
    assert await learned(Memory(redis), story()) == [True]


async def test_source_is_bounded_and_keeps_what_it_goes_on_using(redis: Redis) -> None:
    """Paragraphs that are not met any more make room; a footer that is met stays."""
    memory = Memory(redis, a_round=20)
    await learned(memory, story(), story(), story())
    sizes = []
    for _ in range(40):
        assert await learned(memory, story()) == [True]
        sizes.append(await redis.hlen(f"{SOURCES}:Harbour Post"))

    assert 20 <= max(sizes) <= 2 * 20 + 30 + 2  # one article's paragraphs and two of its own above


async def test_footer_that_is_given_up_is_forgotten(redis: Redis) -> None:
    """After two rounds without it, it has to be learned anew."""
    memory = Memory(redis, a_round=20)
    await learned(memory, story(), story(), story())
    await learned(memory, *[story(footer=f"Rain is {words(n)} likely") for n in range(40)])

    assert await learned(memory, story()) == [False]


async def test_sources_are_bounded(redis: Redis) -> None:
    """Of too many sources those that were silent longest are forgotten; each ends after a month."""
    memory = Memory(redis, sources=5)

    await learned(memory, *[story(source=f"Source {number}") for number in range(20)])

    assert await redis.zcard(SOURCES) == 5
    keys = [key async for key in redis.scan_iter(f"{SOURCES}*")]
    assert len(keys) == 6
    assert [await redis.ttl(key) > 29 * 24 * 3600 for key in keys] == [True] * 6


async def test_full_redis_does_not_hold_enriching_up(redis: Redis) -> None:
    """What is on the streams is worked off when memory runs out: learning must not stop that."""
    memory = Memory(redis)
    await learned(memory, story())
    await redis.config_set("maxmemory", (await redis.info("memory"))["used_memory"])
    try:
        assert await learned(memory, story(), story()) == [False, True]
    finally:
        await redis.config_set("maxmemory", 0)


async def test_redis_that_is_away_is_an_outage() -> None:
    """The batch waits; it is not counted as an attempt."""
    async with Redis.from_url("redis://127.0.0.1:1/0") as away:
        with pytest.raises(RedisUnavailable):
            await Memory(away).learned([ending_of(story())])


async def test_memory_of_a_source_is_what_the_docs_say(redis: Redis) -> None:
    """The operator's figure, at its worst: two full rounds, each paragraph in two articles."""
    memory = Memory(redis)
    numbers = [number.to_bytes(6) for number in range(2_040)]
    for at in range(0, len(numbers), 30):
        paragraphs = tuple(numbers[at : at + 30])
        for sign in numbers[at : at + 2]:
            await memory.learned([Ending("Post", (sign[2:] * 3), paragraphs)])

    key = f"{SOURCES}:Post"
    assert 2_000 <= await redis.hlen(key) <= 2 * 1024 + 30 + 2
    used = await redis.memory_usage(key)
    assert used is not None
    assert used <= 125_000


@pytest.fixture
async def worker(redis: Redis) -> AsyncIterator[Worker]:
    worker = Worker(EnrichSettings())
    await worker.open(redis)
    yield worker
    await worker.close()


async def footers(worker: Worker, articles: Sequence[RawArticle]) -> list[str | None]:
    """Return what enrich cuts off each article."""
    found = [outcome.message for outcome in await worker.enrich(articles)]  # type: ignore[union-attr]  # none is refused
    assert all(isinstance(one, EnrichedArticle) for one in found)
    return [
        one.article.text[one.footer.start : one.footer.end] if one.footer else None
        for one in found
        if isinstance(one, EnrichedArticle)
    ]


async def test_enrich_cuts_what_was_learned(worker: Worker) -> None:
    """The first two articles keep it in the story, from the third on it is the footer."""
    articles = [story() for _ in range(4)]

    assert await footers(worker, articles) == [None, None, FOOTER, FOOTER]
    assert await footers(worker, articles[:1]) == [FOOTER]
    assert articles[0].text.endswith(FOOTER)
