"""What an entry tells of having been a dead letter before. Pure.

It stands in a field of ours beside the article, `newsflow.replayed`, and goes with the article from
stream to stream: `{"times": 2, "letters": ["1795470694568-0", "1795470711034-0"]}`.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

import orjson

REPLAYED: Final = b"newsflow.replayed"
_KEPT: Final = 10  # ids; who replays every minute makes no entry grow
_ID: Final = re.compile(r"\d{1,20}-\d{1,20}")


class Replays(NamedTuple):
    """How often an entry was sent again, and from which letters: the last ten, oldest first."""

    times: int = 0
    letters: tuple[str, ...] = ()


def replays(fields: Mapping[bytes, bytes]) -> Replays:
    """Return what the fields of an entry tell; nothing of what is not as we write it."""
    try:
        said = orjson.loads(fields[REPLAYED])
        times, letters = said["times"], tuple(said["letters"])
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return Replays()
    known = all(isinstance(one, str) and _ID.fullmatch(one) for one in letters)
    if type(times) is not int or not known or not 0 < len(letters) <= min(times, _KEPT):
        return Replays()
    return Replays(times, letters)


def once_more(fields: Mapping[bytes, bytes], letter_id: str) -> dict[bytes, bytes]:
    """Return the field of an entry that is sent again from the letter `letter_id`."""
    before = replays(fields)
    return _field(Replays(before.times + 1, (*before.letters, letter_id)[-_KEPT:]))


def carried(fields: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return the field that the next stage's entry has of this one's; none for most."""
    if REPLAYED not in fields:
        return {}
    before = replays(fields)
    return _field(before) if before.times else {}


def _field(told: Replays) -> dict[bytes, bytes]:
    return {REPLAYED: orjson.dumps(told._asdict())}
