"""Many writes in one command, and what became of each.

MongoDB tells of every operation of an unordered bulk by itself. When it refuses a whole command
for the data of one operation, the command is halved until that one is left.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeAlias

from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError
from pymongo.results import BulkWriteResult

from services.store.driver_errors import DUPLICATE_KEY, is_of_the_data, is_passing, said, short
from services.store.validators import refusal
from shared.errors import MongoUnavailable, PermanentError

Operation: TypeAlias = "InsertOne[RawBSONDocument] | UpdateOne"  # subscripted for types only


class Collection(Protocol):
    """What is asked of a collection of motor, or of its successor."""

    async def bulk_write(self, requests: Sequence[Any], *, ordered: bool) -> BulkWriteResult:
        """Do all of them; raises BulkWriteError with what became of each."""


class Ends(NamedTuple):
    """What became of operations, by their keys; what is in none of these changed a document."""

    inserted: set[int]
    known: set[int]  # an insert that found a document of its id
    refused: dict[int, PermanentError]
    matched: int = 0  # documents that an update found


async def join(
    collection: Collection,
    inserts: Mapping[int, InsertOne[RawBSONDocument]],
    update: Callable[[int], UpdateOne],
) -> Ends:
    """Do `inserts`; where there is a document of the id already, join it by `update` of the key.

    An upsert alone would do. But most documents are new, and MongoDB takes inserts in groups: they
    cost it a fifth less than upserts do. Raises MongoUnavailable when anything may not be durable.
    """
    first = await bulk(collection, inserts)
    then = await bulk(collection, {at: update(at) for at in first.known})
    if then.known:  # deleted after the insert met it, and inserted by another before our upsert
        msg = f"{len(then.known)} documents were written by others at the same time"
        raise MongoUnavailable(msg)
    return Ends(first.inserted | then.inserted, set(), first.refused | then.refused)


async def bulk(collection: Collection, operations: Mapping[int, Operation]) -> Ends:
    """Do `operations`, unordered. Raises MongoUnavailable when anything may not be durable."""
    if not operations:
        return Ends(set(), set(), {})
    keys = list(operations)
    try:
        result = await collection.bulk_write(list(operations.values()), ordered=False)
    except (PyMongoError, BSONError, OverflowError) as error:
        if is_passing(error):
            raise MongoUnavailable(said(error)) from error
        if isinstance(error, BulkWriteError):
            return _ends(error, operations)
        if not is_of_the_data(error):
            raise
        if len(keys) == 1:
            refused = PermanentError(f"MongoDB refuses it: {short(error)}")
            return Ends(set(), set(), {keys[0]: refused})
        middle = len(keys) // 2
        one = await bulk(collection, {at: operations[at] for at in keys[:middle]})
        other = await bulk(collection, {at: operations[at] for at in keys[middle:]})
        return Ends(
            one.inserted | other.inserted,
            one.known | other.known,
            one.refused | other.refused,
            one.matched + other.matched,
        )
    inserted = _inserts(operations) | {keys[at] for at in result.upserted_ids or ()}
    return Ends(inserted, set(), {}, result.matched_count)


def _ends(error: BulkWriteError, operations: Mapping[int, Operation]) -> Ends:
    """Return the ends of a bulk of which some operations were refused for their data."""
    keys = list(operations)
    details: Mapping[str, Any] = error.details
    known: set[int] = set()
    refused: dict[int, PermanentError] = {}
    for one in details["writeErrors"]:
        key, why = keys[one["index"]], one["errmsg"][:300]
        if fields := refusal(one.get("errInfo", {})):
            why = f"{why}: {fields[:300]}"
        if one["code"] == DUPLICATE_KEY and "_id_" in one["errmsg"]:
            known.add(key)
        else:
            refused[key] = PermanentError(f"MongoDB refuses it: {why}")
    upserted = {keys[one["index"]] for one in details["upserted"]}
    inserted = _inserts(operations) - known - refused.keys()
    return Ends(inserted | upserted, known, refused, details["nMatched"])


def _inserts(operations: Mapping[int, Operation]) -> set[int]:
    return {at for at, operation in operations.items() if isinstance(operation, InsertOne)}
