"""MongoDB: the only file that imports motor, so that its successor is a change of one file.

Every write is acknowledged by a majority with its journal on disk. What a driver error means:

    connection, selection, time-out, label or code of a passing state   MongoUnavailable: wait
    one operation of a batch refused for its data                       PermanentError: that one
    a whole batch refused for its data                                  halved until one is left
    anything else                                                       a bug: raised as it is
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import pymongo
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING, TEXT, IndexModel, UpdateOne, WriteConcern
from pymongo.collation import Collation
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)
from redis.asyncio import Redis

from services.store.annotations import Annotation
from services.store.documents import Document, Record, head_update
from services.store.questions import Query
from services.store.settings import StoreSettings
from shared.errors import MongoUnavailable, NewsflowError, PermanentError
from shared.observability import get_logger
from shared.outcome import Status
from shared.part import Running
from shared.retry import delay_s

ARTICLES: Final = "articles"
REVISIONS: Final = "article_revisions"

# Names compare without regard to case and accents, in the index and in a query that wants it.
NAMES: Final = Collation(locale="en", strength=1)

_TIMEOUT_MS: Final = 10_000
_SELECTION_MS: Final = 5_000
_CLOSE_WITHIN_S: Final = 5
_PING_WITHIN_S: Final = 1
_DUPLICATE_KEY: Final = 11000
_AUTHENTICATION_FAILED: Final = 18
_UNAUTHORIZED: Final = 13
_NO_DISK: Final = 14031
# Codes that a retry may cure: the drivers' retryable writes, overload, majority not reached; and
# two that only an operator cures: no rights, no disk. None is the article's fault.
_PASSING: Final = frozenset(
    {6, 7, 24, 50, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
    | {_AUTHENTICATION_FAILED, _UNAUTHORIZED, _NO_DISK}
)
_LABELS: Final = ("RetryableWriteError", "RetryableError", "TransientTransactionError")

INDEXES: Final[Mapping[str, Sequence[IndexModel]]] = {
    ARTICLES: (
        IndexModel([("version_created", DESCENDING)], name="time"),
        IndexModel([("source", ASCENDING), ("version_created", DESCENDING)], name="source_time"),
        IndexModel(
            [("entities.name", ASCENDING), ("version_created", DESCENDING)],
            name="entity_time",
            collation=NAMES,
        ),
        IndexModel([("topics.id", ASCENDING), ("version_created", DESCENDING)], name="topic_time"),
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
    ),
}


class UnusableMongo(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A MongoDB that answers and cannot be used; the text says what to change."""


class RefusedQuery(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A filter that MongoDB does not understand; the text holds its own words."""


class Mongo:
    """The articles in MongoDB, as a part of the store service and for reading."""

    def __init__(self, settings: StoreSettings) -> None:
        self._place = urlsplit(settings.mongo_url).netloc.rpartition("@")[2]
        self._log = get_logger("store")
        try:
            self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                settings.mongo_url,
                timeoutMS=_TIMEOUT_MS,
                serverSelectionTimeoutMS=_SELECTION_MS,
                retryWrites=True,
                appname="newsflow",
            )
        except (ConfigurationError, ValueError) as error:
            msg = f"NEWSFLOW_MONGO_URL cannot be used: {error}"
            raise UnusableMongo(msg) from None
        self._database = self._client.get_database(
            settings.mongo_database,
            codec_options=CodecOptions(tz_aware=True),
            write_concern=WriteConcern("majority", j=True),
        )

    # ── life ──────────────────────────────────────────────────────────────────────────────────

    async def open(self, _redis: Redis | None = None) -> Sequence[Running]:
        """Wait until MongoDB answers, make the indexes; nothing has to run."""
        attempt = 0
        while True:
            try:
                await self._client.admin.command("ping")
                await self._make_indexes()
            except PyMongoError as error:
                if _is_refusal(error):
                    msg = f"MongoDB at {self._place} refuses us: {error}; check NEWSFLOW_MONGO_URL"
                    raise UnusableMongo(msg) from None
                if not _is_passing(error):
                    raise
                attempt += 1
                self._log.warning("waiting for MongoDB", at=self._place, error=_short(error))
                await asyncio.sleep(delay_s(attempt, jitter=random.uniform(0.5, 1)))  # noqa: S311
            else:
                return []

    async def close(self) -> None:
        """Close the connections; motor's own close blocks the loop while the server is away."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await asyncio.to_thread(self._client.close)

    async def problem(self) -> str | None:
        """Return what is wrong, in one sentence, or None."""
        try:
            with pymongo.timeout(_PING_WITHIN_S):
                await self._client.admin.command("ping")
        except PyMongoError as error:
            return f"no answer from {self._place}: {_short(error)}"
        return None

    async def _make_indexes(self) -> None:
        for name, indexes in INDEXES.items():
            await self._database[name].create_indexes(list(indexes))

    # ── writing ───────────────────────────────────────────────────────────────────────────────

    async def write(self, records: Sequence[Record]) -> list[Status | PermanentError]:
        """Keep `records`: every revision first, then the heads; return how each ended.

        A crash in between heals when the records are written again. Raises MongoUnavailable when
        anything is not known to be durable.
        """
        refused: dict[int, PermanentError] = {}
        new_revisions = await self._update(
            self._database[REVISIONS],
            {
                at: UpdateOne(
                    {"_id": record.revision_id}, {"$setOnInsert": record.revision}, upsert=True
                )
                for at, record in enumerate(records)
            },
            refused,
        )
        new_heads = await self._update(
            self._database[ARTICLES],
            {
                at: UpdateOne({"_id": record.article_id}, head_update(record), upsert=True)
                for at, record in enumerate(records)
                if at not in refused
            },
            refused,
        )
        return [
            refused.get(at) or _status(at, new_heads, new_revisions) for at in range(len(records))
        ]

    async def _update(
        self,
        collection: "AsyncIOMotorCollection[Document]",
        updates: Mapping[int, UpdateOne],
        refused: dict[int, PermanentError],
    ) -> set[int]:
        """Apply `updates`; return the keys of those that inserted; add to `refused` the rest."""
        if not updates:
            return set()
        keys = list(updates)
        try:
            result = await collection.bulk_write(list(updates.values()), ordered=False)
        except BulkWriteError as error:
            _add_refused(error, keys, refused)
            return {keys[one["index"]] for one in error.details["upserted"]}
        except (PyMongoError, BSONError, OverflowError) as error:
            if _is_passing(error):
                raise MongoUnavailable(_short(error)) from error
            if not _is_of_the_data(error):
                raise
            if len(keys) == 1:
                refused[keys[0]] = PermanentError(f"MongoDB refuses it: {_short(error)}")
                return set()
            halves = keys[: len(keys) // 2], keys[len(keys) // 2 :]
            return {
                key
                for half in halves
                for key in await self._update(collection, {k: updates[k] for k in half}, refused)
            }
        return {keys[at] for at in (result.upserted_ids or {})}

    async def annotate(self, annotations: Sequence[Annotation]) -> tuple[int, list[PermanentError]]:
        """Write `annotations` to the heads that still are what was read.

        Returns how many were, and what MongoDB refused. Raises MongoUnavailable when anything is
        not known to be durable.
        """
        refused: dict[int, PermanentError] = {}
        updates = [UpdateOne(one.guard, one.update) for one in annotations]
        try:
            result = await self._database[ARTICLES].bulk_write(updates, ordered=False)
        except BulkWriteError as error:
            _add_refused(error, range(len(updates)), refused)
            return int(error.details["nMatched"]), list(refused.values())
        except PyMongoError as error:
            if _is_passing(error):
                raise MongoUnavailable(_short(error)) from error
            raise
        return result.matched_count, []

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    async def find(self, query: Query, *, limit: int) -> AsyncIterator[Document]:
        """Yield up to `limit` heads that match `query` (0: all)."""
        cursor = self._database[ARTICLES].find(
            query.filter,
            sort=query.sort,
            limit=limit,
            collation=NAMES if query.names else None,
        )
        async for document in cursor:
            yield document

    async def how_many(self, query: Query, *, limit: int) -> int:
        """Return how many heads match `query`, up to `limit` (0: all); raises RefusedQuery."""
        options: dict[str, Any] = {"limit": limit} if limit else {}
        options["collation"] = NAMES if query.names else None
        try:
            return await self._database[ARTICLES].count_documents(query.filter, **options)
        except OperationFailure as error:
            if _is_passing(error) or _is_refusal(error):
                raise
            msg = f"MongoDB refuses the filter: {(error.details or {}).get('errmsg', error)}"
            raise RefusedQuery(msg) from None

    async def revisions(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return the revisions with these ids, by id; one that is not there is left out."""
        found = self._database[REVISIONS].find({"_id": {"$in": list(ids)}})
        return {revision["_id"]: revision async for revision in found}

    async def files(self) -> set[str]:
        """Return the names of the files, within the inbox, that hold a stored revision."""
        return set(await self._database[REVISIONS].distinct("provenance.file.path"))

    async def count(self) -> int:
        """Return about how many articles there are, from the collection's metadata."""
        return int(await self._database[ARTICLES].estimated_document_count())


def _status(at: int, new_heads: set[int], new_revisions: set[int]) -> Status:
    if at in new_heads:
        return "stored"
    return "updated" if at in new_revisions else "duplicate"


def _add_refused(
    error: BulkWriteError, keys: Sequence[int], refused: dict[int, PermanentError]
) -> None:
    """Sort the errors of a bulk: passing ones raise, those of the data refuse their operation."""
    details: Mapping[str, Any] = error.details
    if details["writeConcernErrors"]:
        raise MongoUnavailable(str(details["writeConcernErrors"])[:300]) from error
    for one in details["writeErrors"]:
        raced = one["code"] == _DUPLICATE_KEY and "_id_" in one["errmsg"]  # two inserted one id
        if raced or one["code"] in _PASSING:
            raise MongoUnavailable(one["errmsg"][:300]) from error
        refused[keys[one["index"]]] = PermanentError(f"MongoDB refuses it: {one['errmsg'][:300]}")


def _is_passing(error: Exception) -> bool:
    if isinstance(error, ConnectionFailure):
        return True
    if not isinstance(error, PyMongoError):
        return False
    if error.timeout or any(error.has_error_label(label) for label in _LABELS):
        return True
    return isinstance(error, OperationFailure) and error.code in _PASSING


def _is_refusal(error: PyMongoError) -> bool:
    codes = (_AUTHENTICATION_FAILED, _UNAUTHORIZED)
    return isinstance(error, OperationFailure) and error.code in codes


def _is_of_the_data(error: Exception) -> bool:
    return isinstance(error, (OperationFailure, DocumentTooLarge, BSONError, OverflowError))


def _short(error: Exception) -> str:
    """Return a driver's error without the topology it appends."""
    return str(error).partition(", Timeout:")[0][:300]
