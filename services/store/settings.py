"""Settings of the store service."""

from pydantic import Field, PositiveInt

from shared.settings import Settings


class StoreSettings(Settings):
    """What store reads from its environment."""

    batch_size: PositiveInt = Field(
        400, description="Entries read from a stream at once, written as parts of 100 side by side."
    )
    mongo_url: str = Field(
        "mongodb://127.0.0.1:27017/?replicaSet=newsflow",
        description="MongoDB 6.0 or later, best a replica set; TLS and users in the URL.",
    )
    mongo_database: str = Field("newsflow", description="Database that holds the articles.")
    search_body: bool = Field(
        default=False,
        description="Look for words in the whole text, too; what it costs stands in querying.md.",
    )
    keep_days: PositiveInt | None = Field(
        None, description="Articles go this long after their last delivery; without it, never."
    )
