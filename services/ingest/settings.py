"""Settings of the ingest service."""

from pathlib import Path

from pydantic import Field, PositiveInt

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
    max_file_bytes: PositiveInt = Field(
        64 * 1024 * 1024, description="Larger files are put aside unread."
    )
    max_backlog: PositiveInt = Field(
        100_000, description="Intake pauses while enrich has this many articles before it."
    )
