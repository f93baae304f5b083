"""The harness has teeth: a service that breaks a promise is noticed, and for that promise."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults import faults
from tests.faults.faults import Strike
from tests.faults.mutants import CLOCK, MUTANTS
from tests.faults.newsroom import REST_WITHIN_S
from tests.faults.run import SEED, Rooms, under_load

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="module"),
]

FROZEN = faults.mongod_frozen_and_store_killed  # with a batch in its hands
CUT = faults.writes_cut_and_store_killed  # the same; a frozen mongod writes what it was sent
RESTLESS = {"no claiming", "archived before it is published"}  # never come to rest
# mutant, the service it is in, the fault that exposes it, words of the shortfall
CASES: list[tuple[str, str, Strike, str]] = [
    ("settle without publishing", "enrich", faults.nothing, "articles lost"),
    ("the last write wins", "store", faults.nothing, "heads not the newest"),
    ("first_seen_at is the last", "store", faults.nothing, "first_seen_at wrong"),
    ("no revisions", "store", faults.nothing, "revisions lost"),
    ("a dead letter without its bytes", "enrich", faults.nothing, "without its bytes"),
    ("an end is not counted", "store", faults.nothing, "reconcile: articles.enriched"),
    ("archived before it is published", "ingest", faults.redis_full, "articles lost"),
    ("acknowledge before writing", "store", CUT, "articles lost"),
    ("no claiming", "store", FROZEN, "store has 0 unread and"),
    ("publish whether it was pending or not", "enrich", faults.redis_replies_lost, "dead twice"),
    ("an outage is an attempt", "store", faults.one_article_in_an_outage, "dead without guilt"),
    ("one node without its journal is enough", "store", faults.primary_alone_killed, "lost"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rooms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rooms]:
    rooms = Rooms(tmp_path_factory.mktemp("teeth"))
    yield rooms
    await rooms.close()


@pytest.mark.parametrize(("mutant", "stage", "strike", "words"), CASES)
async def test_a_broken_promise_is_noticed(
    rooms: Rooms, mutant: str, stage: str, strike: Strike, words: str
) -> None:
    """The set check names what the mutant breaks."""
    nodes = 3 if strike is faults.primary_alone_killed else 1
    async with rooms.room(nodes) as room:
        async with room.rig.mutated(stage, mutant):
            assert await room.at_rest() is None  # it has begun, and is well
            within_s = 60 if mutant in RESTLESS else REST_WITHIN_S
            found = await under_load(
                room, strike, name=mutant, stories=600, per_s=400, within_s=within_s
            )
        await room.at_rest()  # by the sound service: the next case begins with nothing

        assert any(words in short for short in found), f"seed {SEED}: {found}"


async def test_every_mutant_has_its_case() -> None:
    """None is written and never run."""
    assert {mutant for mutant, *_ in CASES} == MUTANTS.keys() - {CLOCK}
