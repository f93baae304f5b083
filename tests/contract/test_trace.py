"""`newsflow trace` finds an article wherever it is, by whatever name it is asked for."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from services.inspection import tracing, ways
from services.inspection.ways import Journey, Way
from services.store.mongo import Mongo
from shared import streams
from shared.errors import PermanentError
from shared.messages import RawArticle
from shared.outcome import Outcome
from tests.contract.services_in_process import dead, passed_on
from tests.contract.test_reconcile import Rig, rig

__all__ = ["rig"]  # the fixture

DATA = json.dumps({"uri": "urn:a", "headline": "Storm", "body": "It rained."})


async def traced(rig: Rig, what: str, most: int = 1_000) -> Way:
    mongo = Mongo(rig.settings)
    try:
        return await tracing.trace(
            what,
            redis=rig.redis,
            mongo=mongo,
            archive=rig.folder / "archive",
            most=most,
            advance=lambda _: None,
        )
    finally:
        await mongo.close()


async def told(rig: Rig, what: str) -> Journey:
    [one] = ways.ways(await traced(rig, what))
    return one


async def read_now(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
    """Pass articles on as enrich would: read at this time."""
    now = datetime.now(UTC)
    return [
        end._replace(message=end.message.model_copy(update={"enriched_at": now}))
        for end in map(passed_on, articles)
        if end.message
    ]


async def worked_on(rig: Rig) -> None:
    await rig.enrich(read_now)
    await rig.store()


async def publish(rig: Rig) -> str:
    fields = {"data": DATA, "message_id": "m1", "producer": "wire"}
    entry_id: bytes = await rig.redis.xadd(streams.RAW, fields)
    return entry_id.decode()


async def test_an_article_is_found_at_every_step_by_each_of_its_names(rig: Rig) -> None:
    """Unread, pending, between the stages, stored: by entry, message and article id."""
    entry_id = await publish(rig)
    nows: list[list[str]] = []
    article_id = ""

    async def look() -> None:
        nonlocal article_id
        found = [await told(rig, name) for name in (entry_id, "m1", "urn:a")]
        article_id = article_id or next((one.article_id for one in found if one.article_id), "")
        if article_id:
            found.append(await told(rig, article_id))
        nows.append([one.now for one in found])

    await look()
    await rig.redis.xgroup_create(streams.RAW, "enrich", "0")
    await rig.redis.xreadgroup("enrich", "somebody", {streams.RAW: ">"})
    await look()
    await rig.redis.xgroup_destroy(streams.RAW, "enrich")
    await rig.enrich()
    await look()
    await rig.store()
    await look()

    unread, pending, between, stored = nows
    assert set(unread) == {f"unread on articles.raw ({entry_id})"}
    assert all(f"pending on articles.raw ({entry_id}) with somebody" in now for now in pending)
    assert all(now.startswith("unread on articles.enriched (") for now in between)
    assert len(set(stored)) == 1
    assert stored[0].startswith("stored as usable, 1 version; readers see ")
    assert [len(names) for names in nows] == [4, 4, 4, 4]


async def test_a_stored_article_tells_its_steps_in_time(rig: Rig) -> None:
    """File and position, entry, reading, writing, and what its publisher was told."""
    entry_id = await publish(rig)
    await worked_on(rig)

    one = await told(rig, "m1")

    assert one.headline == "Storm"
    stages = [step.stage for step in one.steps]
    assert sorted(stages) == ["enrich", "entry", "entry", "receipt", "receipt", "store"]
    assert one.steps[0].what == f"articles.raw {entry_id} by wire, message m1"
    assert any(step.what.startswith("articles.enriched ") for step in one.steps)  # not cut yet
    assert [step.at for step in one.steps] == sorted(step.at for step in one.steps)
    assert one.steps[-1].what.startswith("stored ")


async def test_a_file_tells_where_each_of_its_articles_is(rig: Rig) -> None:
    """Its life, its receipt, and the position of each record; also while they are on their way."""
    await rig.drop("a.jsonl", "one", "two")
    waiting = await traced(rig, "a.jsonl")
    await worked_on(rig)
    way = await traced(rig, "a.jsonl")

    assert [one.now.split(" (")[0] for one in ways.ways(waiting)] == ["unread on articles.raw"] * 2
    assert way.life is not None
    said = ways.file(way.life, way.receipt)
    assert said.startswith("a.jsonl is archived; 2 records, 2 published")
    first, second = sorted(ways.ways(way), key=lambda one: one.headline)
    assert first.steps[0].what.startswith("a.jsonl, record 1, bytes 0-")
    assert second.steps[0].what.startswith("a.jsonl, record 2, bytes ")
    assert first.steps[1].what.endswith(" by inbox")
    assert all(one.now.startswith("stored as usable") for one in (first, second))


async def test_a_receipt_that_cannot_be_read_is_told(rig: Rig) -> None:
    await rig.drop("a.jsonl", "one")
    await worked_on(rig)
    [receipt] = (rig.folder / "archive").rglob("a.*receipt.json")
    receipt.write_bytes(b"{")

    way = await traced(rig, "a.jsonl")

    assert way.life is not None
    [why] = way.unscanned
    assert why.startswith(f"{receipt.as_posix()} cannot be read, so nobody knows of which: ")


async def test_a_dead_letter_tells_why_and_how_often(rig: Rig) -> None:
    """Found by its own id, its entry, and the article that it was."""

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        return [PermanentError("too strange") for _ in articles]

    entry_id = await publish(rig)
    await rig.enrich(handler)
    [letter] = await dead(rig.redis)

    found = [await told(rig, one) for one in (entry_id, letter.letter_id, str(letter.article_id))]

    for one in found:
        assert one.now == f"among the dead letters ({letter.letter_id}): too strange"
        assert any("delivery 1)" in step.what for step in one.steps)


async def test_an_entry_that_is_no_article_is_found_by_its_message(rig: Rig) -> None:
    """It has no article id; what was wrong with it is said."""
    await rig.redis.xadd(streams.RAW, {"data": "{", "message_id": "m1"})
    await rig.enrich()

    one = await told(rig, "m1")

    assert (one.article_id, one.now.split(":")[0][:22]) == ("", "among the dead letters")
    assert "not JSON" in one.now


async def test_versions_are_told_each_and_which_readers_see(rig: Rig) -> None:
    """A newer one may be on its way while the older is stored."""
    await publish(rig)
    await worked_on(rig)
    newer = {"uri": "urn:a", "headline": "Storm ends", "updated_at": "2030-01-01T00:00:00Z"}
    await rig.redis.xadd(streams.RAW, {"data": json.dumps(newer)})
    article_id = (await told(rig, "m1")).article_id
    waiting = await told(rig, article_id)
    await worked_on(rig)
    both = await told(rig, article_id)

    assert waiting.now.startswith("unread on articles.raw")
    assert "stored as usable, 1 version" in waiting.now
    assert "stored as usable, 2 versions; readers see " in both.now
    assert both.headline == "Storm ends"
    assert [step.stage for step in both.steps].count("store") == 2


async def test_looking_ends_at_a_bound_and_says_so(rig: Rig) -> None:
    """A long stream is not read whole unless asked to."""
    await rig.send(*map(str, range(250)))

    way = await traced(rig, "urn:nothing", most=100)

    assert way.is_empty
    assert way.unscanned == ["articles.raw has more than 100 entries, see --scan"]


@pytest.mark.parametrize(
    ("what", "kind"),
    [("0" * 32, "article_ids"), ("1795470694568-0", "entry_ids"), ("wire-4711", "message_id")],
)
def test_a_name_is_told_by_its_shape(what: str, kind: str) -> None:
    """Ids of articles and entries have shapes that no message of a publisher should have."""
    assert getattr(tracing.sought(what), kind)


async def test_the_command_shows_it_as_text_and_json(rig: Rig) -> None:
    """And ends with 1, saying what to do, when there is nothing of that name."""
    await publish(rig)
    await worked_on(rig)

    said = await rig.newsflow("trace", "m1", "--json")
    nothing = await rig.newsflow("trace", "nothing")

    report: dict[str, Any] = json.loads(said.stdout)
    assert said.exit_code == 0
    assert report["articles"][0]["now"].startswith("stored as usable")
    assert report["articles"][0]["steps"][0]["stage"] == "entry"
    assert nothing.exit_code == 1
    assert "nothing: no article, entry, message or file of this name" in nothing.stderr
