"""What brings a database of any earlier version to this one's, step by step. Pure.

The store that starts first takes the steps that are due, in order, and writes each down in
`newsflow_migrations` when it is done. Several may do so at once, and any may be killed: every
command can be run again, beside others and beside reading and writing, and ends in the same state.
A step whose commands changed, as the validators do with the models, is due again. A database that
a newer version has brought further is left alone: an older store works with it as it is.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from pymongo.errors import OperationFailure

from services.store.documents import KILL
from services.store.driver_errors import DUPLICATE_KEY
from services.store.indexes import ARTICLES, REVISIONS
from services.store.validators import VALIDATORS

Command = dict[str, Any]

_NAMESPACE_EXISTS: Final = 48
_INDEX_NOT_FOUND: Final = 27
# Another store is at the same: an operation or an index build under way, an index it just made.
_BUSY: Final = frozenset({85, 86, 117, 12586, 12587, DUPLICATE_KEY})


class Migration(NamedTuple):
    """A step: database commands that can be run again."""

    version: int
    what: str
    commands: tuple[Command, ...]

    @property
    def digest(self) -> str:
        """Tell these commands from others."""
        canonical = json.dumps(self.commands, sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]


STEPS: Final = (
    Migration(1, "the collections", ({"create": ARTICLES}, {"create": REVISIONS})),
    Migration(
        2,
        "articles stored before there were clusters get their own",
        (
            {
                "update": ARTICLES,
                "updates": [
                    {
                        "q": {"cluster": {"$exists": False}},
                        "u": [{"$set": {"cluster": "$_id"}}],
                        "multi": True,
                    }
                ],
            },
        ),
    ),
    # Its text stays, for the kill's own head was not kept; readers do not get it any more.
    Migration(
        3,
        "articles whose kill a later version had undone are canceled",
        (
            {
                "aggregate": REVISIONS,
                "pipeline": [
                    {"$match": {"pub_status": KILL}},
                    {"$group": {"_id": "$article_id"}},
                    {
                        "$merge": {
                            "into": ARTICLES,
                            "whenMatched": [{"$set": {"pub_status": KILL}}],
                            "whenNotMatched": "discard",
                        }
                    },
                ],
                "cursor": {},
            },
        ),
    ),
    # Moderate: what an earlier version stored otherwise can still be read, joined and read again.
    Migration(
        4,
        "the validators",
        tuple(
            {
                "collMod": name,
                "validator": validator,
                "validationLevel": "moderate",
                "validationAction": "error",
            }
            for name, validator in VALIDATORS.items()
        ),
    ),
    # An earlier store that is put back sees a step that it does not know, and leaves indexes alone.
    Migration(
        5,
        "words are indexed with the time",
        tuple({"dropIndexes": ARTICLES, "index": name} for name in ("words", "words_and_body")),
    ),
)


def is_newer(applied: Mapping[int, str]) -> bool:
    """Say whether a newer version than this one has been at work."""
    return max(applied, default=0) > STEPS[-1].version


def due(applied: Mapping[int, str]) -> list[Migration]:
    """Return the steps to take, where `applied` holds versions and digests of those taken."""
    if is_newer(applied):
        return []
    return [step for step in STEPS if applied.get(step.version) != step.digest]


def is_done(error: OperationFailure) -> bool:
    """Say whether the error means that the command had been run before."""
    return error.code in {_NAMESPACE_EXISTS, _INDEX_NOT_FOUND}


def is_busy(error: Exception) -> bool:
    """Say whether another store is changing the same, so that a while later it is done."""
    return isinstance(error, OperationFailure) and error.code in _BUSY
