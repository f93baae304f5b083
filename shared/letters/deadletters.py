"""Dead letters: what could not go on, with the reason and the original fields, byte for byte.

One entry of articles.dead is one letter. Only the desk (shared/delivery/desk.py) makes them;
here is their shape, and how they are read, sent again and purged. An entry that somebody else added
is a letter, too: all its fields, which go to articles.raw when it is sent again.
"""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any, Final, Literal, get_args

from redis.asyncio import Redis

from shared import streams
from shared.delivery import redis_scripts
from shared.entries import traceparent, wire
from shared.entries.accounts import Owner, beside, owner_of
from shared.entries.wire import DATA
from shared.errors import InvalidMessage
from shared.letters.origins import Origin, origin
from shared.letters.replays import Replays, once_more, replays

Cause = Literal[
    "invalid",  # not an article by the contract
    "rejected",  # an article, but one that this stage can never take
    "failed",  # a bug: every attempt raised
    "crashed",  # every attempt ended with its process
]
CAUSES: Final[tuple[Cause, ...]] = get_args(Cause)

TRACEPARENT: Final = b"traceparent"  # of the attempt that died, where attempts are traced

FOREIGN: Final = "not written by Newsflow"  # the reason of what somebody else added

_ORIGINAL: Final = b"original."
_PACKED: Final = b"originals"
_ID: Final = re.compile(r"[0-9]{1,20}-[0-9]{1,20}")
_LARGEST: Final = 2**64 - 1  # either number of an id
_LAST_MS: Final = 253_402_300_799_999  # of the year 9999
_FEW: Final = 1_000  # fields; Lua, which parks and replays, hands at most some 8,000 values over
_PAGE: Final = 500  # letters read at once,
_PAGE_BYTES: Final = 4 * 1024 * 1024  # or as many as hold this much, and one more


@dataclass(frozen=True, kw_only=True)
class DeadLetter:
    """One parked entry: why, where and by whom, how often it was tried, and all its fields."""

    reason: str
    cause: Cause
    stage: str
    stream: str
    entry_id: str
    deliveries: int
    article_id: str | None
    original: Mapping[bytes, bytes]
    consumer: str = ""  # the process that parked it; letters of before 0.2 do not say
    letter_id: str = ""
    traceparent: str = ""

    @property
    def died_at(self) -> datetime:
        """When it was parked, by Redis's clock."""
        return _time(self.letter_id)

    @property
    def entered_at(self) -> datetime:
        """When its entry was added to `stream`, by Redis's clock."""
        return _time(self.entry_id)

    @cached_property
    def sent(self) -> Mapping[bytes, bytes]:
        """The fields as the producer sent them: without those of ours beside them."""
        try:
            return wire.sent(self.original)
        except InvalidMessage:
            return self.original

    @property
    def data(self) -> bytes:
        """The article as it was sent: the field `data`, or every field as a line."""
        if DATA in self.sent:
            return self.sent[DATA]
        return b"\n".join(name + b": " + value for name, value in self.sent.items())

    @cached_property
    def origin(self) -> Origin:
        """Who sent the article, and where it stood in a file, as far as its bytes say."""
        return origin(self.original)

    @property
    def owner(self) -> Owner:
        """Whose it is, as it is counted."""
        return owner_of(self.original, None, entry_id=self.entry_id)

    @property
    def replays(self) -> Replays:
        """How often it was sent again before it died once more, and from which letters."""
        return replays(self.original)


def encode(letter: DeadLetter) -> dict[bytes, bytes]:
    """Return the fields of the entry of articles.dead that keeps `letter`."""
    original = letter.original
    kept = (
        {_ORIGINAL + name: value for name, value in original.items()}
        if len(original) <= _FEW
        else {_PACKED: wire.pack(original)}
    )
    return {
        b"reason": letter.reason.encode("utf-8", "replace"),
        b"cause": letter.cause.encode(),
        b"stage": letter.stage.encode(),
        b"stream": letter.stream.encode(),
        b"entry_id": letter.entry_id.encode(),
        b"deliveries": str(letter.deliveries).encode(),
        b"article_id": (letter.article_id or "").encode(),
        b"consumer": letter.consumer.encode(),
        **kept,
    }


def decode(letter_id: str, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Return the letter that an entry of articles.dead keeps, whoever wrote it."""
    try:
        return _ours(letter_id, fields)
    except (KeyError, ValueError, InvalidMessage):
        return DeadLetter(
            reason=FOREIGN,
            cause="invalid",
            stage="unknown",
            stream=streams.RAW,
            entry_id=letter_id,
            deliveries=0,
            article_id=None,
            original=fields,
            letter_id=letter_id,
        )


def _ours(letter_id: str, fields: Mapping[bytes, bytes]) -> DeadLetter:
    """Return what `encode` wrote; raises KeyError, ValueError or InvalidMessage for all else."""
    text = {
        name.decode(): value.decode("utf-8", "replace")
        for name, value in fields.items()
        if not name.startswith(_ORIGINAL) and name != _PACKED
    }
    cause = next((one for one in CAUSES if one == text["cause"]), None)
    deliveries = int(text["deliveries"])
    if cause is None or not is_id(text["entry_id"]) or not 0 <= deliveries <= _LARGEST:
        raise ValueError
    return DeadLetter(
        reason=text["reason"],
        cause=cause,
        stage=text["stage"],
        stream=text["stream"],
        entry_id=text["entry_id"],
        deliveries=deliveries,
        article_id=text["article_id"] or None,
        consumer=text.get("consumer", ""),
        traceparent=text.get(TRACEPARENT.decode(), ""),
        original=wire.unpack(fields[_PACKED])
        if _PACKED in fields
        else {
            name.removeprefix(_ORIGINAL): value
            for name, value in fields.items()
            if name.startswith(_ORIGINAL)
        },
        letter_id=letter_id,
    )


def is_id(text: str) -> bool:
    """Whether `text` is the id of an entry that Redis may have."""
    return bool(_ID.fullmatch(text)) and all(int(one) <= _LARGEST for one in text.split("-"))


def _time(entry_id: str) -> datetime:
    milliseconds = min(int(entry_id.partition("-")[0]), _LAST_MS)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def _milliseconds(moment: datetime) -> str:
    """Return a time as ids begin with it; there are none of before 1970."""
    return f"{max(0.0, moment.timestamp()) * 1000:.0f}"


async def letters(
    redis: Redis,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    before: str | None = None,
    oldest_first: bool = False,
) -> AsyncIterator[DeadLetter]:
    """Yield the dead letters that were parked from `since` up to `until`, newest first.

    They are read as they are yielded, some MB at once, so a million need no more memory than ten.
    With `before`, the id of a letter, only those that were parked before it; `until` does not count
    then. What is parked meanwhile is not among them when it is newest first; else `until` keeps it
    out.
    """
    first = _milliseconds(since) if since else "-"
    last = before or (f"{_milliseconds(until)}-0" if until else None)
    if last is not None and not last.strip("0-"):  # Redis takes no range that ends before 0-0
        return
    last = f"({last}" if last else "+"
    command, at, end = ("XRANGE", first, last) if oldest_first else ("XREVRANGE", last, first)
    client: Any = redis  # redis-py types each reply as the union of all that any server may send
    read = partial(client.eval_ro, redis_scripts.PAGE, 1, streams.DEAD, command)
    while page := await read(at, end, _PAGE_BYTES, _PAGE):
        for entry_id, flat in page:
            yield decode(entry_id.decode(), dict(zip(flat[::2], flat[1::2], strict=True)))
        at = f"({page[-1][0].decode()}"


async def letter(redis: Redis, letter_id: str) -> DeadLetter | None:
    """Return one dead letter, or None when there is none of this id."""
    if not is_id(letter_id):
        return None
    client: Any = redis  # redis-py types each reply as the union of all that any server may send
    page = await client.xrange(streams.DEAD, letter_id, letter_id)
    return decode(letter_id, page[0][1]) if page else None


async def replay(redis: Redis, letter: DeadLetter, *, data: bytes | None = None) -> str | None:
    """Put `letter` back on the stream it came from, once; return its new entry id.

    `data` replaces the field `data` (a mended article). None: it is gone, replayed or purged by
    somebody else. The new entry says that it was sent again, and from which letter; one of more
    than 1,000 fields has them packed in one (shared/entries/wire.py).
    """
    fields = letter.sent if data is None else {**beside(letter.original), DATA: data}
    if len(fields) > _FEW:
        fields = {**beside(letter.original), wire.PACKED: wire.pack(fields)}
    fields = {**fields, **once_more(letter.original, letter.letter_id), **_trace(letter)}
    flat = [part for pair in fields.items() for part in pair]
    owner = letter.owner
    send = redis.register_script(redis_scripts.REPLAY)
    entry_id: bytes | None = await send(
        keys=[streams.DEAD, letter.stream, streams.ACCOUNTS, streams.FILE + owner.path],
        args=[letter.letter_id, owner.producer, owner.life, *flat],
    )
    return entry_id.decode() if entry_id else None


def _trace(letter: DeadLetter) -> dict[bytes, bytes]:
    """Return the field by which the next attempt goes on with the trace of the one that died."""
    if letter.traceparent:
        return traceparent.field(letter.traceparent.encode())
    return traceparent.carried(letter.original)


async def purge(redis: Redis, owners: Mapping[str, Owner]) -> int:
    """Delete letters for good, given by id with their owners; return how many were still there."""
    keys = [streams.DEAD, streams.ACCOUNTS]
    args: list[str | int] = []
    for letter_id, owner in owners.items():
        if owner.path:
            keys.append(streams.FILE + owner.path)
        args += [letter_id, owner.producer, len(keys) if owner.path else 0, owner.life]
    delete = redis.register_script(redis_scripts.PURGE)
    return int(await delete(keys=keys, args=args)) if args else 0
