"""What an error of MongoDB means, without MongoDB: whose fault it is, and that nobody else pays."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from bson.errors import InvalidDocument
from pymongo import UpdateOne
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    DocumentTooLarge,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    OperationFailure,
    ServerSelectionTimeoutError,
    WTimeoutError,
)
from pymongo.results import BulkWriteResult

from services.store.bulk import Ends, bulk
from shared.errors import MongoUnavailable

_NOTHING: dict[str, Any] = {
    "writeErrors": [],
    "writeConcernErrors": [],
    "upserted": [],
    "nInserted": 0,
    "nUpserted": 0,
    "nMatched": 0,
    "nModified": 0,
    "nRemoved": 0,
}


class Refusing:
    """A collection that raises what a test wants for the operations it is asked for."""

    def __init__(self, error: Callable[[Sequence[Any]], Exception | None]) -> None:
        self.asked: list[int] = []
        self._error = error

    async def bulk_write(self, requests: Sequence[Any], *, ordered: bool) -> BulkWriteResult:
        assert not ordered
        self.asked.append(len(requests))
        if error := self._error(requests):
            raise error
        return BulkWriteResult(_NOTHING, acknowledged=True)


def write(collection: Refusing, count: int = 8) -> Ends:
    operations = {at: UpdateOne({"_id": at}, {"$set": {"at": at}}) for at in range(count)}
    return asyncio.run(bulk(collection, operations))


def bulk_error(*codes: int, **details: Any) -> BulkWriteError:
    """Return the error of a bulk whose first operations ended with `codes`."""
    errors = [{"index": at, "code": code, "errmsg": "said"} for at, code in enumerate(codes)]
    return BulkWriteError({**_NOTHING, "writeErrors": errors, **details})


def labelled(error: OperationFailure) -> OperationFailure:
    error._add_error_label("RetryableWriteError")  # noqa: SLF001 (as the driver does)
    return error


@pytest.mark.parametrize(
    "error",
    [
        AutoReconnect("connection reset"),
        NetworkTimeout("timed out"),
        ServerSelectionTimeoutError("no primary"),
        NotPrimaryError("stepped down"),
        ExecutionTimeout("maxTimeMS", 50),
        WTimeoutError("majority not reached", 64),
        OperationFailure("no rights", 13),
        OperationFailure("no disk", 14031),
        labelled(OperationFailure("looks like data, and is labelled", 2)),
        labelled(bulk_error(121)),
        bulk_error(writeConcernErrors=[{"code": 64, "errmsg": "majority not reached"}]),
        bulk_error(121, writeConcernErrors=[{"code": 91, "errmsg": "shutting down"}]),
        bulk_error(121, 11600),
    ],
    ids=lambda error: f"{type(error).__name__} {error}"[:60],
)
def test_what_passes_is_waited_for_and_nobody_is_refused(error: Exception) -> None:
    """Connection, selection, time-out, label, write concern, passing code: the whole bulk again."""
    with pytest.raises(MongoUnavailable):
        write(Refusing(lambda _: error))


def test_one_operation_refused_for_its_data_is_refused_alone() -> None:
    """The others of the bulk were done, and are not asked for again."""
    collection = Refusing(lambda _: bulk_error(121))

    ends = write(collection)

    assert list(ends.refused) == [0]
    assert collection.asked == [8]


@pytest.mark.parametrize(
    "error",
    [
        OperationFailure("bad value", 2),
        DocumentTooLarge("over 16 MB"),
        InvalidDocument("cannot encode"),
        OverflowError("8-byte ints only"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_command_refused_for_its_data_is_halved_until_one_is_left(error: Exception) -> None:
    """Of eight with one bad one: two of four, two of two, two alone."""
    collection = Refusing(lambda asked: error if "5" in repr(asked) else None)

    ends = write(collection)

    assert list(ends.refused) == [5]
    assert collection.asked == [8, 4, 4, 2, 1, 1, 2]


@pytest.mark.parametrize("error", [TypeError("ours"), AttributeError("ours"), KeyError("ours")])
def test_an_error_that_is_not_the_drivers_is_a_bug_and_refuses_nobody(error: Exception) -> None:
    """It is raised as it is: what the desk does with bugs is never a dead letter at once."""
    collection = Refusing(lambda _: error)

    with pytest.raises(type(error)):
        write(collection)

    assert collection.asked == [8]
