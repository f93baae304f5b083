"""What an error of MongoDB's driver means: whether to wait, or whose fault it is. Pure.

connection, selection, time-out, label or code of a passing state   wait
one operation of a batch refused for its data                       that one is refused
a whole batch refused for its data                                  halved until one is left
anything else                                                       a bug
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bson.errors import BSONError
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    OperationFailure,
    PyMongoError,
)

from shared.errors import MongoUnavailable

DUPLICATE_KEY: Final = 11000
_AUTHENTICATION_FAILED: Final = 18
_UNAUTHORIZED: Final = 13
_NO_DISK: Final = 14031
# Codes that a retry may cure: the drivers' retryable writes, overload, majority not reached; and
# two that only an operator cures: no rights, no disk. None is the article's fault.
PASSING: Final = frozenset(
    {6, 7, 24, 43, 50, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}
    | {_AUTHENTICATION_FAILED, _UNAUTHORIZED, _NO_DISK}
)
_NOT_OURS: Final = "not a resume token of MongoDB"
_UNFOLLOWABLE: Final = {
    40573: "only a replica set tells of changes; make this MongoDB one, of one node if need be",
    286: "too much was stored since: MongoDB no longer knows what followed; start anew",
    280: "MongoDB cannot go on from this token; start anew",
    260: _NOT_OURS,
    50811: _NOT_OURS,
}
_QUOTED: Final = re.compile(r"'(?!mongodb)[^']*'|\"[^\"]*\"")
_LABELS: Final = ("RetryableWriteError", "RetryableError", "TransientTransactionError")


@contextmanager
def outages() -> Iterator[None]:
    """Raise MongoUnavailable in the place of errors that pass."""
    try:
        yield
    except PyMongoError as error:
        if is_passing(error):
            raise MongoUnavailable(said(error)) from error
        raise


def is_passing(error: Exception) -> bool:
    if not isinstance(error, PyMongoError):
        return False
    if error.timeout or any(error.has_error_label(label) for label in _LABELS):
        return True
    if isinstance(error, ConnectionFailure):
        return True
    if isinstance(error, BulkWriteError) and error.details:
        codes = {one["code"] for one in error.details["writeErrors"]}
        return bool(error.details["writeConcernErrors"]) or bool(codes & PASSING)
    return isinstance(error, OperationFailure) and error.code in PASSING


def is_refusal(error: PyMongoError) -> bool:
    codes = (_AUTHENTICATION_FAILED, _UNAUTHORIZED)
    return isinstance(error, OperationFailure) and error.code in codes


def unfollowable(error: PyMongoError) -> str | None:
    """Return why no change stream can be had, in one sentence; None when it is another error."""
    return _UNFOLLOWABLE.get(error.code or 0) if isinstance(error, OperationFailure) else None


def is_of_the_data(error: Exception) -> bool:
    return isinstance(error, (OperationFailure, DocumentTooLarge, BSONError, OverflowError))


def short(error: Exception) -> str:
    """Return a driver's error without the topology it appends."""
    return str(error).partition(", Timeout:")[0].partition(" (configured timeouts")[0][:300]


def said(error: Exception) -> str:
    """Return what MongoDB itself said, without the whole reply that the driver appends."""
    return short(error).partition(", full error:")[0].rstrip(".")


def unquoted(error: Exception) -> str:
    """Return what is wrong with a URL, without what it quotes: that may be half a password."""
    return _QUOTED.sub("...", str(error))
