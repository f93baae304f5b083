"""Dead letters: what could not go on, with the reason and the original fields, byte for byte.

One entry of articles.dead is one letter. Only shared/desk.py makes them; here is their shape,
and how a person lists, shows and replays them.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, cast

from redis.asyncio import Redis

from shared import redis_scripts, streams
from shared.accounts import beside, origin_of
from shared.wire import DATA

Cause = Literal[
    "invalid",  # not an article by the contract
    "rejected",  # an article, but one that this stage can never take
    "failed",  # a bug: every attempt raised
    "crashed",  # every attempt ended with its process
]

_Page = list[tuple[bytes, dict[bytes, bytes]]]  # what redis-py returns of a stream, in bytes

_ORIGINAL: Final = b"original."
_PACKED: Final = b"originals"
_FEW: Final = 1_000  # fields; Lua, which parks and replays, hands at most some 8,000 values over
_PAGE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One parked entry: why, where it was read, how often it was tried, and its fields."""

    reason: str
    cause: Cause
    stage: str
    stream: str
    entry_id: str
    deliveries: int
    article_id: str | None
    original: Mapping[bytes, bytes]
    letter_id: str = ""

    @property
    def died_at(self) -> datetime:
        """When it was parked, by Redis's clock."""
        return datetime.fromtimestamp(int(self.letter_id.partition("-")[0]) / 1000, UTC)

    @property
    def data(self) -> bytes:
        """The article as it was sent: the field `data`, or every field as a line."""
        if DATA in self.original:
            return self.original[DATA]
        return b"\n".join(name + b": " + value for name, value in self.original.items())


def encode(letter: DeadLetter) -> dict[bytes, bytes]:
    """Return the fields of the entry of articles.dead that keeps `letter`."""
    original = letter.original
    kept = (
        {_ORIGINAL + name: value for name, value in original.items()}
        if len(original) <= _FEW
        else {_PACKED: _pack(original)}
    )
    return {
        b"reason": letter.reason.encode("utf-8", "replace"),
        b"cause": letter.cause.encode(),
        b"stage": letter.stage.encode(),
        b"stream": letter.stream.encode(),
        b"entry_id": letter.entry_id.encode(),
        b"deliveries": str(letter.deliveries).encode(),
        b"article_id": (letter.article_id or "").encode(),
        **kept,
    }


def decode(letter_id: str, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Return the letter that an entry of articles.dead keeps."""
    text = {
        name.decode(): value.decode("utf-8", "replace")
        for name, value in fields.items()
        if not name.startswith(_ORIGINAL) and name != _PACKED
    }
    cause: Cause = text["cause"]  # type: ignore[assignment]  # written by `encode` alone
    return DeadLetter(
        reason=text["reason"],
        cause=cause,
        stage=text["stage"],
        stream=text["stream"],
        entry_id=text["entry_id"],
        deliveries=int(text["deliveries"]),
        article_id=text["article_id"] or None,
        original=_unpack(fields[_PACKED])
        if _PACKED in fields
        else {
            name.removeprefix(_ORIGINAL): value
            for name, value in fields.items()
            if name.startswith(_ORIGINAL)
        },
        letter_id=letter_id,
    )


def _pack(fields: Mapping[bytes, bytes]) -> bytes:
    """Return names and values in turn, as netstrings (cr.yp.to/proto/netstrings.txt)."""
    return b"".join(b"%d:%s," % (len(part), part) for pair in fields.items() for part in pair)


def _unpack(packed: bytes) -> dict[bytes, bytes]:
    parts: list[bytes] = []
    at = 0
    while at < len(packed):
        colon = packed.index(b":", at)
        end = colon + 1 + int(packed[at:colon])
        parts.append(packed[colon + 1 : end])
        at = end + 1
    return dict(zip(parts[::2], parts[1::2], strict=True))


async def letters(redis: Redis) -> AsyncIterator[DeadLetter]:
    """Yield every dead letter, newest first."""
    newest = "+"
    while page := cast("_Page", await redis.xrevrange(streams.DEAD, newest, "-", count=_PAGE)):
        for entry_id, fields in page:
            yield decode(entry_id.decode(), fields)
        newest = f"({page[-1][0].decode()}"


async def letter(redis: Redis, letter_id: str) -> DeadLetter | None:
    """Return one dead letter, or None when there is none of this id."""
    if not re.fullmatch(r"\d{1,20}-\d{1,20}", letter_id):
        return None
    page = cast("_Page", await redis.xrange(streams.DEAD, letter_id, letter_id))
    return decode(letter_id, page[0][1]) if page else None


async def replay(redis: Redis, letter: DeadLetter, *, data: bytes | None = None) -> str | None:
    """Put `letter` back on the stream it came from, once; return its new entry id.

    `data` replaces the field `data` (a mended article). None: somebody else replayed it before.
    One of more than 1,000 fields goes back in two steps: cut off in between, it can go back again.
    """
    fields = dict(letter.original)
    if data is not None:
        fields = {**beside(fields), DATA: data}
    if len(fields) > _FEW:
        if await redis.xrange(streams.DEAD, letter.letter_id, letter.letter_id):
            client: Any = redis  # its types know no names of fields in bytes
            new_id: bytes = await client.xadd(letter.stream, fields)
            await _replayed(redis, letter, {})
            return new_id.decode()
        return None
    return await _replayed(redis, letter, fields)


async def purge(redis: Redis, letter: DeadLetter) -> bool:
    """Take `letter` away for good; False when somebody else has taken it before."""
    origin = origin_of(letter.original, None)
    keys = [streams.DEAD, streams.ACCOUNTS, streams.FILE + origin.path]
    counted = [letter.letter_id, origin.producer, origin.life]
    return bool(await redis.eval(redis_scripts.PURGE, len(keys), *keys, *counted))


async def _replayed(redis: Redis, letter: DeadLetter, fields: Mapping[bytes, bytes]) -> str | None:
    """Take a letter away, count it, and publish `fields` instead, at once; "" for no fields."""
    origin = origin_of(letter.original, None)
    flat = [part for pair in fields.items() for part in pair]
    keys = [streams.DEAD, letter.stream, streams.ACCOUNTS, streams.FILE + origin.path]
    counted = [letter.letter_id, origin.producer, origin.life]
    entry_id: bytes | None = await redis.eval(
        redis_scripts.REPLAY, len(keys), *keys, *counted, *flat
    )
    return None if entry_id is None else entry_id.decode()
