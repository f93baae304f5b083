"""Files as tests read them, without a folder."""

import io
from typing import Any

from services.ingest.handler import File, Position, Read, read
from services.ingest.records import Limits
from services.ingest.unpacking import Allowance
from tests.builders import NOON


def read_file(data: bytes, *, at: Position | None = None, **limits: Any) -> list[Read]:
    """Return the records of a file that holds `data`, those behind `at`."""
    return list(
        read(
            io.BytesIO(data),
            File("desk/story.txt", "ab" * 32, NOON),
            limits=Limits(**limits),
            allowance=Allowance.usual(len(data)),
            at=at or Position(),
        )
    )
