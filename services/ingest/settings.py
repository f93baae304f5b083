"""Settings of the ingest service."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from services.ingest.records import Limits
from services.ingest.unpacking import Allowance
from shared.settings import Settings


class IngestSettings(Settings):
    """What ingest reads from its environment."""

    inbox_dir: Path = Field(
        Path("inbox"), description="The folder that is watched, with all below."
    )
    archive_dir: Path = Field(
        Path("archive"), description="Where a file goes once its articles are published."
    )
    sweep_every_ms: PositiveInt = Field(
        2_000, description="How often the inbox is searched for files that no event told of."
    )
    settle_ms: PositiveInt = Field(
        1_000, description="A file found by searching is complete when unchanged for this long."
    )
    stalled_after_ms: PositiveInt = Field(
        60_000, description="A file seen being written is taken as it is when quiet for this long."
    )
    ready_marker: bool = Field(
        default=False, description="Take a file only once a `NAME.ready` stands beside it."
    )
    when_done: Literal["archive", "leave", "delete"] = Field(
        "archive",
        description="`leave` keeps files in the inbox; `delete` waits until MongoDB has them.",
    )
    max_file_bytes: PositiveInt = Field(
        16 * 1024**3, description="Larger files are put aside unread."
    )
    max_document_bytes: PositiveInt = Field(
        64 * 1024**2, description="Of a format that is read whole: web page, XML, mail, text."
    )
    max_record_bytes: PositiveInt = Field(
        16 * 1024**2, description="Of one line, row or element of a format read piece by piece."
    )
    max_unpacked_bytes: PositiveInt = Field(
        64 * 1024**3, description="What all of one packed file may unpack to."
    )
    max_unpacked_ratio: PositiveInt = Field(
        250, description="Times its size that a file may unpack to; 64 MiB are always allowed."
    )
    max_depth: PositiveInt = Field(
        200, description="Elements or values within each other in one document."
    )
    max_backlog: PositiveInt = Field(
        100_000, description="Intake pauses while enrich has this many articles before it."
    )
    max_redis_memory_percent: Annotated[int, Field(ge=1, le=100)] = Field(
        85, description="Intake pauses while Redis uses this much of its `maxmemory`."
    )
    redis_replicas: NonNegativeInt = Field(
        0, description="A file leaves the inbox once so many replicas of Redis have its articles."
    )
    min_free_disk_bytes: NonNegativeInt = Field(
        512 * 1024**2, description="Intake pauses while the archive's disk has less to give."
    )

    @property
    def limits(self) -> Limits:
        """How much is taken of a document."""
        return Limits(
            document_bytes=self.max_document_bytes,
            record_bytes=self.max_record_bytes,
            article_bytes=self.max_article_bytes,
            depth=self.max_depth,
        )

    def allowance(self, packed: int) -> Allowance:
        """Return what a file of `packed` bytes may unpack to."""
        return Allowance(packed, most=self.max_unpacked_bytes, ratio=self.max_unpacked_ratio)
