"""The commonest faults, short: what `make test` runs of the matrix."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults import faults
from tests.faults.faults import Strike
from tests.faults.run import SEED, Rooms, under_load

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rooms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rooms]:
    rooms = Rooms(tmp_path_factory.mktemp("kills"))
    yield rooms
    await rooms.close()


@pytest.mark.parametrize(
    "strike",
    [faults.services_killed, faults.redis_killed, faults.mongod_killed, faults.all_killed],
    ids=["each service, three times", "Redis, twice", "mongod, twice", "everything at once"],
)
async def test_killing_loses_and_doubles_nothing(rooms: Rooms, strike: Strike) -> None:
    """What was accepted is stored once, in its newest version; dead is only what was poison."""
    async with rooms.room(nodes=1) as room:
        found = await under_load(room, strike, name="kills", stories=400, per_s=150)

        assert not found, "\n".join([f"seed {SEED}", *found])
