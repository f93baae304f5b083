"""The route of an article through Redis, drawn once. Adding a stage starts here.

inbox/  (watched folder)                 any producer, any language: XADD articles.raw
   |  ingest                                     |
   v                                             v
articles.raw  <----------------------------------+        read by group "enrich"
   |  enrich
   v
articles.enriched                                         read by group "store"
   |  store
   v
MongoDB  newsflow.articles                                read by you

what cannot go on, at any hop  ->  articles.dead
"""

from dataclasses import dataclass
from typing import Final

RAW: Final = "articles.raw"
ENRICHED: Final = "articles.enriched"
DEAD: Final = "articles.dead"
RECEIPTS: Final = "articles.receipts"  # for publishers, see shared/entries/receipts.py
ACCOUNTS: Final = "articles.accounts"  # a hash: what was counted, see shared/entries/accounts.py
FILE: Final = "articles.file:"  # and a path: a hash, the life of a file


@dataclass(frozen=True, slots=True)
class Hop:
    """One stage's way through Redis: its name is also its consumer group's name."""

    stage: str
    source: str
    target: str | None


ENRICH: Final = Hop(stage="enrich", source=RAW, target=ENRICHED)
STORE: Final = Hop(stage="store", source=ENRICHED, target=None)
HOPS: Final = (ENRICH, STORE)
