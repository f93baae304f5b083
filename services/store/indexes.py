"""The collections, and the indexes that answer the questions of questions.py and joining.py."""

from collections.abc import Mapping, Sequence
from typing import Final

from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel
from pymongo.collation import Collation

ARTICLES: Final = "articles"
REVISIONS: Final = "article_revisions"

# Names compare without regard to case and accents, in the index and in a query that wants it.
NAMES: Final = Collation(locale="en", strength=1)

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ARTICLES: (
        IndexModel([("version_created", DESCENDING)], name="time"),
        # The order of an export; without `_id` it could not go on among articles of one time.
        IndexModel([("version_created", ASCENDING), ("_id", ASCENDING)], name="export"),
        IndexModel([("source", ASCENDING), ("version_created", DESCENDING)], name="source_time"),
        IndexModel(
            [("entities.name", ASCENDING), ("version_created", DESCENDING)],
            name="entity_time",
            collation=NAMES,
        ),
        IndexModel(
            [("entities.id", ASCENDING), ("version_created", DESCENDING)], name="entity_id_time"
        ),
        IndexModel([("topics.id", ASCENDING), ("version_created", DESCENDING)], name="topic_time"),
        IndexModel([("cluster", ASCENDING), ("first_seen_at", ASCENDING)], name="reruns"),
        # Holds all that is asked of re-runs, and nothing of articles alone.
        IndexModel(
            [(name, ASCENDING) for name in ("joined", "cluster", "first_seen_at", "_id")],
            name="joined",
            partialFilterExpression={"joined": {"$exists": True}},
        ),
        # An article's own field `language` would choose the stemmer, and an unknown one is refused.
        IndexModel(
            [("headline", TEXT), ("summary", TEXT)],
            name="words",
            default_language="english",
            language_override="_words_language",
        ),
    ),
    REVISIONS: (
        IndexModel([("article_id", ASCENDING), ("version_created", DESCENDING)], name="history"),
        IndexModel([("bands", ASCENDING)], name="bands", sparse=True),
    ),
}
