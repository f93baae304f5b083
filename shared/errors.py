"""Why an article could not go on. The type decides what happens to it.

NewsflowError
├── PermanentError        trying again cannot help: parked now, with its reason
│   ├── InvalidMessage    an entry that is not an article by the contract
│   ├── TooLarge          an entry of more bytes than the settings allow
│   └── Unreadable        a file, or a record of one, that no format makes an article of
└── TransientError        the world was in the way: stays pending, tried again for ever
    ├── RedisUnavailable
    └── MongoUnavailable

Anything else that is raised is a bug: the article is tried again by itself, and parked
after `max_deliveries`.
"""

from collections.abc import Sequence
from typing import NamedTuple


class NewsflowError(Exception):
    """Base of every error this project raises on purpose; its text is written for people."""


class PermanentError(NewsflowError):
    """The article itself is the problem."""


class Problem(NamedTuple):
    """One thing that is wrong with a message, for programs."""

    pointer: str  # a JSON pointer (RFC 6901); "" is the message itself
    rule: str  # pydantic's name of it, or a cause of a dead letter
    reason: str


class InvalidMessage(PermanentError):  # noqa: N818 (reads as the state it names)
    """An entry on a stream that does not hold an article by the contract."""

    def __init__(self, reason: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(reason)
        self.problems = problems


class TooLarge(PermanentError):  # noqa: N818 (reads as the state it names)
    """An entry that is larger than NEWSFLOW_MAX_ARTICLE_BYTES: its fault, or the setting's."""


class Unreadable(PermanentError):  # noqa: N818 (reads as the state it names)
    """A file in the inbox, or a record of one, that no format can read."""


class TransientError(NewsflowError):
    """Something outside the article is the problem."""


class RedisUnavailable(TransientError):  # noqa: N818 (reads as the state it names)
    """Redis did not answer, refused writes, or is out of memory."""


class MongoUnavailable(TransientError):  # noqa: N818 (reads as the state it names)
    """MongoDB did not answer, or could not make a write durable."""
