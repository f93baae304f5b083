"""`newsflow reconcile` holds where nothing is lost, and names what is where something is."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pymongo import MongoClient
from redis.asyncio import Redis
from typer.testing import CliRunner

from services.cli import app
from services.cli.reconcile import Audit, audited
from services.inspection import accounting
from services.store.app import create
from services.store.settings import StoreSettings
from shared import streams
from shared.errors import PermanentError
from shared.letters import deadletters
from shared.messages import RawArticle
from shared.outcome import Outcome
from tests.contract.services_in_process import Handle, Recorder, dead, enriching, until
from tests.contract.test_inbox import emptied, ingesting


class Said(NamedTuple):
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


class Rig:
    """Redis, MongoDB and an inbox, and stages that run while they are asked to."""

    def __init__(self, redis: Redis, mongo_url: str, folder: Path) -> None:
        options = redis.connection_pool.connection_kwargs
        self.redis: Any = redis
        self.folder = folder
        self.url = f"redis://{options['host']}:{options['port']}/0"
        self.settings = StoreSettings(redis_url=self.url, mongo_url=mongo_url)

    async def audit(self, **options: Any) -> Audit:
        return await audited(self.settings, self.folder / "archive", **options)

    async def send(self, *headlines: str, producer: str = "wire") -> list[bytes]:
        return [
            await self.redis.xadd(
                streams.RAW,
                {"data": json.dumps({"headline": one, "body": "Words."}), "producer": producer},
            )
            for one in headlines
        ]

    async def drop(self, name: str, *headlines: str) -> None:
        """Have a file read, published and archived."""
        records = [{"headline": one, "body": "Of a file."} for one in headlines]
        async with ingesting(self.redis, self.folder):
            text = "\n".join(json.dumps(one) for one in records)
            (self.folder / "inbox" / name).write_text(text + "\n")
            await emptied(self.folder)

    async def newsflow(self, *arguments: str) -> Said:
        """Run a command on these servers, in this process: it starts in no time then."""
        servers = {
            "NEWSFLOW_REDIS_URL": self.url,
            "NEWSFLOW_MONGO_URL": self.settings.mongo_url,
        }
        asked = [*arguments, "--dir", str(self.folder)]

        def run() -> Said:
            ended = CliRunner().invoke(app, asked, env=servers)
            return Said(ended.exit_code, ended.stdout, ended.stderr)

        return await asyncio.to_thread(run)

    async def ended(self, stream: str) -> bool:
        """Say whether all is read and acknowledged; after an XDEL Redis knows no lag."""
        groups = await self.redis.xinfo_groups(stream)
        if not groups or groups[0]["pending"]:
            return False
        return not await self.redis.xrange(stream, b"(" + groups[0]["last-delivered-id"])

    async def enrich(self, handler: Handle | None = None) -> None:
        async with enriching(self.redis, handler or Recorder()):
            await until(lambda: self.ended(streams.RAW))

    async def store(self) -> None:
        service = create(self.settings)
        async with service.app.start_lifespan_context():
            await until(lambda: self.ended(streams.ENRICHED))

    async def work(self) -> None:
        await self.enrich()
        await self.store()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        with MongoClient[dict[str, Any]](self.settings.mongo_url) as client:
            yield client["newsflow"]


@pytest.fixture
def rig(redis: Redis, mongo_url: str, tmp_path: Path) -> Rig:
    return Rig(redis, mongo_url, tmp_path)


async def test_what_came_in_is_stored_dead_or_on_its_way_at_every_step(rig: Rig) -> None:
    """Unread, between the stages, at rest, and after a replay, it adds up."""
    steps = [await rig.audit()]
    await rig.drop("a.jsonl", "one", "two")
    await rig.send("three", "three", "four")
    await rig.redis.xadd(streams.RAW, {"data": "{", "producer": "wire"})
    steps.append(await rig.audit())
    await rig.enrich()
    steps.append(await rig.audit())
    await rig.store()
    steps.append(await rig.audit())
    [letter] = await dead(rig.redis)
    await deadletters.replay(rig.redis, letter, data=b'{"headline": "mended"}')
    steps.append(await rig.audit())
    await rig.work()
    steps.append(await rig.audit())

    assert [step.findings for step in steps] == [[]] * 6
    sums = [accounting.totals(step.books) for step in steps]
    assert sums[1] == (6, 0, 0, 0, 0, 0, 6)
    assert sums[3] == (6, 4, 0, 1, 1, 0, 0)
    assert sums[5] == (6, 5, 0, 1, 0, 0, 0)
    producers = accounting.by_producer(steps[5].books)
    assert producers["inbox"] == (2, 2, 0, 0, 0, 0, 0)
    assert producers["wire"] == (4, 3, 0, 1, 0, 0, 0)
    assert (steps[5].files, steps[5].articles) == (1, 2)


@pytest.mark.parametrize("count", [1, 3])
async def test_entries_that_were_deleted_unread_are_missing(rig: Rig, count: int) -> None:
    """Redis counts what was added; what nobody ended and what is not there is missing."""
    ids = await rig.send("one", "two", "three", "four")
    await rig.redis.xdel(streams.RAW, *ids[1 : 1 + count])
    under_way = await rig.audit()
    await rig.work()
    at_rest = await rig.audit()

    for audit in (under_way, at_rest):
        [finding] = audit.findings
        assert f"articles.raw: {count} entries are gone" in finding.what
        assert accounting.totals(audit.books).missing == count


async def test_a_trimmed_stream_is_found_out(rig: Rig) -> None:
    """A producer that sends MAXLEN cuts what nobody has read."""
    await rig.send("one", "two", "three")
    await rig.redis.xadd(streams.RAW, {"headline": "four"}, maxlen=2, approximate=False)

    audit = await rig.audit()

    [finding] = audit.findings
    assert "articles.raw: 2 entries are gone" in finding.what


async def test_a_lost_file_article_is_named(rig: Rig) -> None:
    """What of a file has no end is found by the file's receipt."""
    await rig.drop("a.jsonl", "one", "two", "three")
    [_, (second, _), _] = await rig.redis.xrange(streams.RAW)
    await rig.redis.xdel(streams.RAW, second)
    await rig.work()

    audit = await rig.audit()

    stream, file = audit.findings
    assert "articles.raw: 1 entries are gone" in stream.what
    assert file.what == "a.jsonl: 3 articles published, 2 ended"
    lost = RawArticle.model_validate({"headline": "two", "body": "Of a file.", "received_at": 0})
    assert file.names == [lost.article_id]


@pytest.mark.parametrize("said", [b"", b'{"file": "a.jsonl", "article_ids": [', b"[1]", b"{}"])
async def test_a_receipt_that_cannot_be_read_is_named(rig: Rig, said: bytes) -> None:
    """What it named cannot be looked for: that does not add up, and the rest is looked at."""
    await rig.drop("a.jsonl", "one")
    await rig.drop("b.jsonl", "two")
    await rig.work()
    [broken] = (rig.folder / "archive").rglob("a.*receipt.json")
    broken.write_bytes(said)

    audit = await rig.audit()

    [finding] = audit.findings
    assert finding.what.startswith(f"{broken.as_posix()}: not a receipt (")
    assert audit.articles == 1


async def test_an_entry_lost_between_the_stages_names_its_producer(rig: Rig) -> None:
    """What enrich handed on for a producer, store has to end for it."""
    await rig.send("one", "two")
    await rig.send("three", producer="desk")
    await rig.enrich()
    [*_, (last, _)] = await rig.redis.xrange(streams.ENRICHED)
    await rig.redis.xdel(streams.ENRICHED, last)
    await rig.store()

    audit = await rig.audit()

    whats = [finding.what for finding in audit.findings]
    assert any("articles.enriched: 1 entries are gone" in what for what in whats)
    assert "producer desk: 1 articles handed on by enrich have no end" in whats
    assert not any("wire" in what for what in whats)


async def test_a_deleted_stream_is_found_out_accepted_and_counted_on_from(rig: Rig) -> None:
    """A loss that somebody knows of is noted, shown, and no alarm any more; the next one is."""
    await rig.send("one", "two")
    await rig.work()
    await rig.send("three")
    await rig.redis.delete(streams.RAW)
    await rig.send("four")
    await rig.work()

    found = await rig.audit()
    accepted = await rig.audit(accept="deleted by hand")
    after = await rig.audit()
    [lost] = await rig.send("five")
    await rig.redis.xdel(streams.RAW, lost)
    again = await rig.audit()

    assert "articles.raw: 2 more entries ended than it ever had" in found.findings[0].what
    assert accepted.findings == found.findings
    assert after.findings == []
    assert [note.reason for note in after.accepted] == ["deleted by hand"]
    assert after.accepted[0].what == [found.findings[0].what]
    [finding] = again.findings
    assert "1 entries are gone" in finding.what


async def test_a_letter_that_was_deleted_by_hand_is_missing_and_a_purged_one_is_not(
    rig: Rig,
) -> None:
    """Purging is counted; XDEL is not."""
    await rig.redis.xadd(streams.RAW, {"data": "{"})
    await rig.redis.xadd(streams.RAW, {"data": "["})
    await rig.work()
    one, two = await dead(rig.redis)

    purged = await deadletters.purge(rig.redis, {one.letter_id: one.owner})
    twice = await deadletters.purge(rig.redis, {one.letter_id: one.owner})
    holds = await rig.audit()
    await rig.redis.xdel(streams.DEAD, two.letter_id)
    missing = await rig.audit()

    assert (purged, twice, holds.findings) == (True, False, [])
    assert accounting.totals(holds.books).purged == 1
    [finding] = missing.findings
    assert "articles.dead: 1 letters are gone" in finding.what


async def test_an_article_that_is_gone_from_mongodb_is_named_until_that_is_accepted(
    rig: Rig,
) -> None:
    """Stored once and not there: deleted on purpose, or put back. It is not said to be lost."""
    await rig.drop("a.jsonl", "one", "two")
    await rig.work()
    async with rig.database() as database:
        head = database["articles"].find_one({"headline": "two"})
        database["articles"].delete_one({"_id": head["_id"]})

    found = await rig.audit()
    quick = await rig.audit(quick=True)
    await rig.audit(accept="a test article")
    after = await rig.audit()

    [finding] = found.findings
    assert finding.names == [head["_id"]]
    assert finding.why.startswith("they were stored, and deleted in MongoDB since")
    assert quick.findings == after.findings == []


async def test_articles_that_expired_a_dead_one_and_a_kill_are_no_alarm(rig: Rig) -> None:
    """What the TTL removed is counted as expired; what died is among the letters."""
    await rig.drop("old.jsonl", "one", "two")
    await rig.drop("bad.jsonl", "three")

    async def handler(articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        passed = await Recorder()(articles)
        return [
            PermanentError("no") if article.headline == "three" else end
            for article, end in zip(articles, passed, strict=True)
        ]

    await rig.enrich(handler)
    await rig.store()
    await rig.redis.xadd(
        streams.RAW, {"data": '{"headline": "one", "body": "Of a file.", "pub_status": "canceled"}'}
    )
    await rig.work()
    before = await rig.audit()
    async with rig.database() as database:
        database["articles"].create_index("last_seen_at", name="expiry", expireAfterSeconds=0)
        await until(lambda: _empty(database))
    after = await rig.audit()

    assert before.findings == []
    assert (after.findings, after.expired) == ([], 2)


async def _empty(database: Any) -> bool:
    return bool(database["articles"].count_documents({}) == 0)


async def test_what_publishers_were_told_is_looked_for_in_mongodb(rig: Rig) -> None:
    """An article that is gone is named, and a message that was accepted and has no end."""
    for number in range(3):
        data = json.dumps({"headline": f"Storm {number}"})
        await rig.redis.xadd(streams.RAW, {"data": data, "message_id": f"m{number}"})
    await rig.enrich()
    [*_, (last, _)] = await rig.redis.xrange(streams.ENRICHED)
    await rig.redis.xdel(streams.ENRICHED, last)
    await rig.store()
    async with rig.database() as database:
        gone = database["articles"].find_one_and_delete({"headline": "Storm 1"})

    audit = await rig.audit()

    await rig.audit(accept="a trial")
    assert (await rig.audit()).findings == []
    assert audit.articles == 2
    names = {tuple(finding.names) for finding in audit.findings if finding.names}
    assert names == {(gone["_id"],), ("m2",)}


async def test_the_command_says_what_is_missing_and_ends_with_1(rig: Rig) -> None:
    """For people and for programs; 0 once it was accepted."""
    [lost, _] = await rig.send("one", "two")
    await rig.redis.xdel(streams.RAW, lost)

    said = await rig.newsflow("reconcile")
    told = await rig.newsflow("reconcile", "--quick", "--json")
    accepted = await rig.newsflow("reconcile", "--accept", "a trial")
    after = await rig.newsflow("reconcile")

    assert (said.exit_code, told.exit_code, accepted.exit_code, after.exit_code) == (1, 1, 0, 0)
    assert "articles.raw: 1 entries are gone that nobody had ended" in said.stdout
    assert "  to do: publish again what is missing" in said.stdout
    report = json.loads(told.stdout)
    assert (report["holds"], report["accepted"], report["in_flight"]) == (False, 2, 1)
    assert "a trial (articles.raw: 1 entries are gone" in after.stdout
    assert "it adds up so far" in after.stdout


async def test_it_adds_up_at_every_moment_under_load(rig: Rig) -> None:
    """Redis is asked for everything at once, so nothing is between two answers."""
    await rig.redis.xadd(streams.RAW, {"data": "["})
    await rig.send(*map(str, range(300)))
    service = create(rig.settings)
    audits: list[Audit] = []

    async with service.app.start_lifespan_context(), enriching(rig.redis, Recorder()):
        await rig.send(*map(str, range(300)), producer="desk")
        while not (audits and audits[-1].books.at_rest):
            audits.append(await rig.audit(quick=True))

    assert [finding for audit in audits for finding in audit.findings] == []
    assert accounting.totals(audits[-1].books) == (601, 300, 0, 300, 1, 0, 0)
    assert any(0 < audit.books.in_flight < 601 for audit in audits)
