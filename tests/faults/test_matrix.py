"""Every fault of the matrix, under load, each ending in the same set check."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.faults.faults import FAULTS, Fault
from tests.faults.run import SEED, Rooms, under_load

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def rooms(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Rooms]:
    rooms = Rooms(tmp_path_factory.mktemp("matrix"))
    yield rooms
    await rooms.close()


def _order(fault: Fault) -> tuple[int, int]:
    return fault.nodes, fault.number


CASES = sorted(FAULTS, key=_order)


@pytest.mark.parametrize("fault", CASES, ids=[fault.id for fault in CASES])
async def test_a_fault_loses_and_doubles_nothing(rooms: Rooms, fault: Fault) -> None:
    """What was accepted is stored once, in its newest version; dead is only what was poison."""
    async with rooms.room(fault.nodes) as room:
        found = await under_load(room, fault.strike, name=fault.id, stories=900, per_s=150)
        sent = len(room.stories)

        assert not found, "\n".join([f"seed {SEED}", *found])
        assert sent >= 900
