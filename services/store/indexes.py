"""The collections, and the indexes that answer the questions of questions.py and joining.py.

MongoDB builds an index while others read and write. An index is known by its name: one that is
wanted otherwise than it was gets another name, and its old one stands in `_OPTIONAL`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pymongo import ASCENDING, DESCENDING, GEOSPHERE, TEXT, IndexModel
from pymongo.collation import Collation

ARTICLES: Final = "articles"
REVISIONS: Final = "article_revisions"
MIGRATIONS: Final = "newsflow_migrations"

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
        IndexModel(
            [
                ("topics.id", ASCENDING),
                ("version_created", DESCENDING),
                ("topics.confidence", DESCENDING),
            ],
            name="topic_time_confidence",
        ),
        IndexModel([("cluster", ASCENDING), ("first_seen_at", ASCENDING)], name="reruns"),
        # Holds all that is asked of re-runs, and nothing of articles alone.
        IndexModel(
            [(name, ASCENDING) for name in ("joined", "cluster", "first_seen_at", "_id")],
            name="joined",
            partialFilterExpression={"joined": {"$exists": True}},
        ),
        # Time first: what is near is found in the order of time, from the index alone.
        IndexModel(
            [("version_created", DESCENDING), ("entities.location", GEOSPHERE)], name="place_time"
        ),
        IndexModel(
            [("quotes.speaker", ASCENDING), ("version_created", DESCENDING)],
            name="speaker_time",
            collation=NAMES,
            sparse=True,
        ),
    ),
    REVISIONS: (
        IndexModel([("article_id", ASCENDING), ("version_created", DESCENDING)], name="history"),
        IndexModel([("bands", ASCENDING)], name="bands", sparse=True),
    ),
}

# Dropped when they are not wanted: what settings ask for, and what earlier versions had.
_OPTIONAL: Final = frozenset({"words_time", "words_and_body_time", "expiry", "topic_time"})
_DAY_S: Final = 86_400
# A kill outlasts what it killed: a story that is sent again late would else be for readers again.
_EXPIRES: Final = {"pub_status": {"$in": ["usable", "withheld"]}}


def indexes(*, search_body: bool, keep_days: int | None) -> dict[str, list[IndexModel]]:
    """Return the indexes of each collection, as the settings want them."""
    wanted = {name: list(fixed) for name, fixed in INDEXES.items()}
    wanted[ARTICLES].append(_words(body=search_body))
    if keep_days is not None:
        # A head goes after its last delivery, no sooner than the revision it was made of.
        for name, field in ((ARTICLES, "last_seen_at"), (REVISIONS, "received_at")):
            expiry = IndexModel(
                [(field, ASCENDING)],
                name="expiry",
                expireAfterSeconds=keep_days * _DAY_S,
                partialFilterExpression=_EXPIRES,
            )
            wanted[name].append(expiry)
    return wanted


def changes(
    collection: str, there: Iterable[Mapping[str, Any]], wanted: Sequence[IndexModel]
) -> list[dict[str, Any]]:
    """Return the commands that make `wanted` of the indexes that are `there`; none if they are.

    What an operator added stays. Each command can be run again.
    """
    standing = {index["name"]: index for index in there}
    named = {one.document["name"]: one.document for one in wanted}
    missing = [index for name, index in named.items() if name not in standing]
    late = [
        {"name": name, "expireAfterSeconds": index["expireAfterSeconds"]}
        for name, index in named.items()
        if name in standing
        and index.get("expireAfterSeconds") != standing[name].get("expireAfterSeconds")
    ]
    return [
        *(  # first, for a collection has one text index at most
            {"dropIndexes": collection, "index": name}
            for name in sorted((_OPTIONAL & standing.keys()) - named.keys())
        ),
        *([{"createIndexes": collection, "indexes": missing}] if missing else []),
        *({"collMod": collection, "index": index} for index in late),
    ]


def _words(*, body: bool) -> IndexModel:
    fields = ("headline", "summary", "text") if body else ("headline", "summary")
    # An article's own field `language` would choose the stemmer, and an unknown one is refused.
    return IndexModel(
        # The time last: what is too old is known without being read.
        [*((field, TEXT) for field in fields), ("version_created", DESCENDING)],
        name="words_and_body_time" if body else "words_time",
        default_language="english",
        language_override="_words_language",
    )
