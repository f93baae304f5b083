"""Settings of the enrich service."""

from pathlib import Path

from pydantic import Field, PositiveInt

from services.enrich.entities.network import Arithmetic
from shared.settings import Settings


class EnrichSettings(Settings):
    """What enrich reads from its environment."""

    batch_size: PositiveInt = Field(
        32, description="Entries read from a stream at once; the tagger gains nothing from more."
    )
    read_later: bool = Field(
        default=False,
        description="Pass articles on unread, to store them fast; `newsflow reenrich` reads them.",
    )
    topics_file: Path | None = Field(
        None, description="The newsroom's own topic lexicon, TOML; without it, the one shipped."
    )
    entity_model: str | None = Field(
        None,
        description="An installed spaCy pipeline to tag with; without it, the weights shipped.",
    )
    entity_arithmetic: Arithmetic | None = Field(
        None,
        description="`float32` or `int8`, of the weights shipped; without it, the faster one here.",
    )
