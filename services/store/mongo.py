"""MongoDB: the only file that imports motor, so that its successor is a change of one file.

Every write is acknowledged by a majority with its journal on disk. Errors of the driver end as
MongoUnavailable (wait), as PermanentError of one article, or as bugs: see driver_errors.py.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

import pymongo
from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection
from pymongo import (
    InsertOne,
    UpdateOne,
    WriteConcern,
)
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from redis.asyncio import Redis

from services.store.annotations import Annotation
from services.store.attempts import statuses
from services.store.bulk import bulk, join
from services.store.documents import (
    Document,
    Record,
    first_head,
    first_revision,
    head_update,
    revision_update,
)
from services.store.driver_errors import (
    is_passing,
    is_refusal,
    said,
    short,
    unfollowable,
    unquoted,
)
from services.store.following import Token
from services.store.indexes import ARTICLES, MIGRATIONS, NAMES, REVISIONS, changes, indexes
from services.store.joining import gather
from services.store.migrations import Command, due, is_busy, is_done, is_newer
from services.store.plans import Plan, plan
from services.store.questions import Query, windows
from services.store.settings import StoreSettings
from services.store.shelf import Shelf
from shared import connecting
from shared.addresses import place
from shared.delivery.retry import delay_s
from shared.errors import MongoUnavailable, NewsflowError, PermanentError
from shared.observability import get_logger
from shared.outcome import Status
from shared.part import Running

Collection: TypeAlias = "AsyncIOMotorCollection[Document]"  # subscripted for types only

_TIMEOUT_MS: Final = 10_000
_SELECTION_MS: Final = 5_000
_CLOSE_WITHIN_S: Final = 5
_PING_WITHIN_S: Final = 1
_AT_ONCE: Final = 500  # heads in one answer of MongoDB
_NEWEST: Final = 2_000  # articles among which words are looked for first
_INDEX_WITHIN_S: Final = 86_400  # a time-out ends the build of a large one, to begin anew for ever


class UnusableMongo(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A MongoDB that answers and cannot be used; the text says what to change."""


class RefusedQuery(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A filter that MongoDB does not understand; the text holds its own words."""


class CannotFollow(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A change stream that cannot be opened, or not go on where it was; the text says why."""


class Mongo:
    """The articles in MongoDB, as a part of the store service and for reading."""

    def __init__(self, settings: StoreSettings) -> None:
        self._log = get_logger("store")
        try:
            self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
                settings.mongo_url,
                timeoutMS=_TIMEOUT_MS,
                serverSelectionTimeoutMS=_SELECTION_MS,
                retryWrites=True,
                appname="newsflow",
            )
        except (ConfigurationError, ValueError, OSError) as error:  # OSError: a file it names
            why = error if isinstance(error, OSError) else unquoted(error)
            msg = f"NEWSFLOW_MONGO_URL cannot be used: {why}"
            raise UnusableMongo(msg) from None
        self._place = place(settings.mongo_url)
        self._database = self._client.get_database(
            settings.mongo_database,
            codec_options=CodecOptions(tz_aware=True),
            write_concern=WriteConcern("majority", j=True),
        )
        self._indexes = indexes(search_body=settings.search_body, keep_days=settings.keep_days)
        self._shelf = Shelf(self._database[ARTICLES], self._database[REVISIONS])

    # ── life ──────────────────────────────────────────────────────────────────────────────────

    async def open(self, _redis: Redis | None = None) -> Sequence[Running]:
        """Wait until MongoDB answers, bring it up to date; nothing has to run."""
        attempt = 0
        while True:
            try:
                await self._client.admin.command("ping")
                await self._migrate()
            except PyMongoError as error:
                if is_refusal(error):
                    msg = (
                        f"MongoDB at {self._place} refuses us: {said(error)}; check "
                        "NEWSFLOW_MONGO_URL and the user's rights, see docs/operations.md"
                    )
                    raise UnusableMongo(msg) from None
                if change := connecting.lasting(error, connecting.MONGO):
                    msg = f"MongoDB at {self._place} cannot be used: {change}"
                    raise UnusableMongo(msg) from None
                if not is_passing(error) and not is_busy(error):
                    raise
                attempt += 1
                hint = connecting.hint(error, connecting.MONGO)
                self._log.warning(
                    "waiting for MongoDB", at=self._place, error=short(error), hint=hint
                )
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
            return f"no answer from {self._place}: {said(error)}"
        return None

    async def _migrate(self) -> None:
        """Take the steps of migrations.py that are due; make the indexes the settings want."""
        steps = self._database[MIGRATIONS]
        with pymongo.timeout(_INDEX_WITHIN_S):
            applied = {int(step["_id"]): str(step["digest"]) async for step in steps.find()}
            if is_newer(applied):
                self._log.warning("the database is a newer version's", version=max(applied))
                return
            for step in due(applied):
                self._log.info("migrating", version=step.version, step=step.what)
                for command in step.commands:
                    await self._run(command)
                written = {"$set": {"what": step.what, "digest": step.digest}}
                taken = {"$currentDate": {"applied_at": True}}
                await steps.update_one({"_id": step.version}, written | taken, upsert=True)
            for name, wanted in self._indexes.items():
                there = await self._database[name].list_indexes().to_list(None)
                for command in changes(name, there, wanted):
                    await self._run(command)

    async def _run(self, command: Command) -> None:
        try:
            await self._database.command({**command, "writeConcern": {"w": "majority"}})
        except OperationFailure as error:
            if not is_done(error):
                raise

    # ── writing ───────────────────────────────────────────────────────────────────────────────

    async def write(self, records: Sequence[Record]) -> list[Status | PermanentError]:
        """Keep `records`: revisions, then heads, then their place among re-runs (joining.py).

        Returns how each ended. A crash in between heals when the records are written again.
        Raises MongoUnavailable when anything is not known to be durable.
        """
        revisions = await join(
            self._database[REVISIONS],
            {at: InsertOne(first_revision(record)) for at, record in enumerate(records)},
            lambda at: UpdateOne(
                {"_id": records[at].revision_id}, revision_update(records[at]), upsert=True
            ),
        )
        heads = await join(
            self._database[ARTICLES],
            {
                at: InsertOne(first_head(record))
                for at, record in enumerate(records)
                if at not in revisions.refused
            },
            lambda at: UpdateOne(
                {"_id": records[at].article_id}, head_update(records[at]), upsert=True
            ),
        )
        refused = revisions.refused | heads.refused
        kept = {at: record for at, record in enumerate(records) if at not in refused}
        await gather(
            [signed for record in kept.values() if (signed := record.signed)],
            {record.article_id for at, record in kept.items() if at not in heads.inserted},
            shelf=self._shelf,
        )
        ends = await statuses(
            kept,
            new_revisions=revisions.inserted,
            new_heads=heads.inserted,
            shelf=self._shelf,
        )
        return [refused.get(at) or ends[at] for at in range(len(records))]

    async def annotate(self, annotations: Sequence[Annotation]) -> tuple[int, list[PermanentError]]:
        """Write `annotations` to the heads that still are what was read.

        Returns how many were, and what MongoDB refused. Raises MongoUnavailable when anything is
        not known to be durable.
        """
        updates = {at: UpdateOne(one.guard, one.update) for at, one in enumerate(annotations)}
        ends = await bulk(self._database[ARTICLES], updates)
        return ends.matched, list(ends.refused.values())

    # ── reading ───────────────────────────────────────────────────────────────────────────────

    async def find(
        self, query: Query, *, limit: int, fields: Sequence[str] | None = None
    ) -> AsyncIterator[Document]:
        """Yield up to `limit` heads that match `query` (0: all), whole or only some fields."""
        for since in await self._windows(query, limit):
            found = [one async for one in self._found(query.after(since), limit, fields)]
            if len(found) == limit:
                for document in found:
                    yield document
                return
        async for document in self._found(query, limit, fields):
            yield document

    def _found(
        self, query: Query, limit: int, fields: Sequence[str] | None
    ) -> AsyncIterator[Document]:
        cursor = self._database[ARTICLES].find(
            query.filter,
            dict.fromkeys(fields, 1) if fields else None,
            sort=query.sort,
            limit=limit,
            batch_size=min(limit, _AT_ONCE),
            collation=NAMES if query.names else None,
            hint=query.hint,
        )
        return aiter(cursor)

    async def _windows(self, query: Query, limit: int) -> list[datetime]:
        """Return since when to look for words: the time of the newest articles, then longer."""
        span = query.words
        if span is None or not 0 < limit <= _NEWEST:
            return []
        until = {"version_created": {"$lte": span.until}} if span.until else {}
        order = [("version_created", pymongo.DESCENDING)]
        fields = {"_id": 0, "version_created": 1}
        heads = self._database[ARTICLES]
        newest = await heads.find_one(until, fields, sort=order)
        older = await heads.find_one(until, fields, sort=order, skip=_NEWEST)
        if newest is None or older is None:
            return []
        return windows(newest["version_created"], older["version_created"], since=span.since)

    async def runs(self, clusters: Sequence[str]) -> dict[str, int]:
        """Return how many articles run the story of each of `clusters`."""
        cursor = self._database[ARTICLES].aggregate(
            [
                {"$match": {"cluster": {"$in": list(clusters)}}},
                {"$group": {"_id": "$cluster", "articles": {"$sum": 1}}},
            ]
        )
        return {one["_id"]: one["articles"] async for one in cursor}

    async def how_many(self, query: Query, *, limit: int) -> int:
        """Return how many heads match `query`, up to `limit` (0: all); raises RefusedQuery."""
        options: dict[str, Any] = {"limit": limit} if limit else {}
        options["collation"] = NAMES if query.names else None
        try:
            return await self._database[ARTICLES].count_documents(query.filter, **options)
        except OperationFailure as error:
            if is_passing(error) or is_refusal(error):
                raise
            msg = f"MongoDB refuses the filter: {(error.details or {}).get('errmsg', error)}"
            raise RefusedQuery(msg) from None

    async def revisions(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return the revisions with these ids, by id; one that is not there is left out."""
        found = self._database[REVISIONS].find({"_id": {"$in": list(ids)}})
        return {revision["_id"]: revision async for revision in found}

    async def present(self, ids: Sequence[str]) -> set[str]:
        """Return those of `ids` that are articles here."""
        found = self._database[ARTICLES].find({"_id": {"$in": list(ids)}}, {"_id": 1})
        return {head["_id"] async for head in found}

    async def heads(self, ids: Sequence[str]) -> list[Document]:
        """Return the heads of articles, without their text and annotations."""
        fields = dict.fromkeys(("headline", "pub_status", "content_hash", "version_created"), 1)
        found = self._database[ARTICLES].find({"_id": {"$in": list(ids)}}, fields)
        return [head async for head in found]

    async def brought_by(self, field: str, value: str) -> list[Document]:
        """Return the revisions whose provenance says so; no index helps, so all are looked at."""
        with pymongo.timeout(None):
            found = self._database[REVISIONS].find({f"provenance.{field}": value})
            return [revision async for revision in found]

    async def keeps(self) -> timedelta | None:
        """Return for how long articles are kept after their last delivery; None for ever."""
        information = await self._database[ARTICLES].index_information()
        seconds = information.get("expiry", {}).get("expireAfterSeconds")
        return None if seconds is None else timedelta(seconds=seconds)

    async def aggregate(
        self,
        pipeline: Sequence[Mapping[str, Any]],
        *,
        names: bool,
        within_s: float | None = None,
    ) -> list[Document]:
        """Return what a pipeline makes of the heads; MongoDB gives it up after `within_s`."""
        with pymongo.timeout(within_s):
            cursor = self._database[ARTICLES].aggregate(
                pipeline, collation=NAMES if names else None
            )
            return [document async for document in cursor]

    async def explain(self, query: Query, *, limit: int) -> Plan:
        """Return how MongoDB answers `query`, by answering it; of words, by the last look."""
        for since in await self._windows(query, limit):
            narrow = await self._explained(query.after(since), limit)
            if narrow.returned == limit:
                return narrow
        return await self._explained(query, limit)

    async def _explained(self, query: Query, limit: int) -> Plan:
        find = {"find": ARTICLES, "filter": query.filter, "sort": dict(query.sort), "limit": limit}
        options: dict[str, Any] = {"collation": NAMES.document} if query.names else {}
        options |= {"hint": query.hint} if query.hint else {}
        with pymongo.timeout(None):
            explained = await self._database.command(
                {"explain": find | options, "verbosity": "executionStats"}
            )
        return plan(explained)

    async def versions(self, article_id: str) -> list[Document]:
        """Return every version of an article as its publisher sent it, the oldest first."""
        found = self._database[REVISIONS].find(
            {"article_id": article_id}, sort=[("version_created", pymongo.ASCENDING)]
        )
        return [revision async for revision in found]

    async def changes(
        self, pipeline: Sequence[Mapping[str, Any]], *, after: Token | None
    ) -> AsyncIterator[tuple[Document | None, Token]]:
        """Yield changes of heads and, when there was none for a second, None; see following.py.

        Raises MongoUnavailable when the stream breaks, and CannotFollow.
        """
        try:
            async with self._database[ARTICLES].watch(
                list(pipeline),
                full_document="updateLookup",
                resume_after=after,
            ) as stream:
                while stream.alive:
                    change = await stream.try_next()
                    yield change, stream.resume_token
        except PyMongoError as error:
            if is_passing(error):
                raise MongoUnavailable(short(error)) from error
            if why := unfollowable(error):
                raise CannotFollow(why) from None
            raise

    async def count(self) -> int:
        """Return about how many articles there are, from the collection's metadata."""
        return int(await self._database[ARTICLES].estimated_document_count())
