"""The books of Newsflow, read: Redis at one moment, lives of files, receipts, MongoDB."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from redis.asyncio import Redis

from services.ingest import receipts
from services.ingest.ledger import FILES
from services.inspection.accounting import Books, FileCount, StreamCount, by_producer
from services.store.mongo import Mongo
from shared import streams
from shared.delivery import redis_scripts
from shared.errors import NewsflowError
from shared.letters import deadletters
from shared.streams import ENRICH, HOPS, STORE

GONE: Final = "articles.accounts.gone"  # a hash: ids that somebody knows to be deleted in MongoDB
_PAGE: Final = 500
_IDS: Final = 1_000
_MOST_GONE: Final = 100_000  # about 10 MB
_COUNTED: Final = (
    *("counted", "receipt", "published", "purged", "accepted"),
    *("ended:stored", "ended:updated", "ended:duplicate", "ended:dead"),
)


class TooMany(NewsflowError):  # noqa: N818 (reads as the state it names)
    """More than can be remembered; the text says what to do instead."""


class Promised(NamedTuple):
    """Articles that a receipt says were published, all at once."""

    receipt: str
    path: str
    received_at: datetime
    article_ids: Sequence[str]
    partition: str = ""  # where they were published; not said where there are none


class Accepted(NamedTuple):
    """A loss that somebody knows of: when it was accepted, why, and what it was."""

    at: str
    reason: str
    what: Sequence[str]


async def snapshot(redis: Redis) -> tuple[Books, list[Accepted]]:
    """Return what has to add up, as it is at one moment, and what was accepted before."""
    keys = [streams.ACCOUNTS, streams.DEAD, *(hop.source for hop in HOPS)]
    client: Any = redis
    groups = [hop.stage for hop in HOPS]
    flat, letters, flows = await client.eval_ro(redis_scripts.SNAPSHOT, len(keys), *keys, *groups)
    stored = dict(zip(flat[::2], flat[1::2], strict=True))
    accepted = [Accepted(*one) for one in orjson.loads(stored.pop(b"accepted", b"[]"))]
    counts = {name.decode(): int(value) for name, value in stored.items()}
    raw, enriched = (
        StreamCount(hop, added, unread, pending, read_to.decode())
        for hop, (added, unread, pending, read_to) in zip((ENRICH, STORE), flows, strict=True)
    )
    return Books(raw, enriched, letters, counts), accepted


async def files(redis: Redis) -> AsyncIterator[list[FileCount]]:
    """Yield what was published and ended of every file whose ends are counted, page by page."""
    client: Any = redis
    at = 0
    while paths := await client.zrange(FILES, at, at + _PAGE - 1):
        at += len(paths)
        pipe = client.pipeline(transaction=False)
        for path in paths:
            pipe.hmget(streams.FILE.encode() + path, *_COUNTED)
        counted = zip(paths, await pipe.execute(), strict=True)
        yield [one for path, values in counted if (one := _file(path.decode(), values))]


async def file(redis: Redis, path: str) -> FileCount | None:
    """Return what was published and ended of the last file of a name, if that is counted."""
    client: Any = redis
    return _file(path, await client.hmget(streams.FILE + path, *_COUNTED))


def _file(path: str, values: Sequence[bytes | None]) -> FileCount | None:
    counted, receipt, *numbers = values
    published, purged, *ends = (int(number or 0) for number in numbers)
    if not counted:
        return None
    return FileCount(path, published, sum(ends), purged, (receipt or b"").decode())


async def accept(redis: Redis, note: Accepted, known: Sequence[Accepted]) -> None:
    """Count anew from what there is now, and note why."""
    keys = [streams.ACCOUNTS, streams.DEAD, *(hop.source for hop in HOPS)]
    notes = orjson.dumps([list(one) for one in (*known, note)])
    groups = [hop.stage for hop in HOPS]
    client: Any = redis
    await client.eval(redis_scripts.ACCEPT, len(keys), *keys, notes, *groups)
    books, _ = await snapshot(redis)
    if books.at_rest:
        for name, sums in by_producer(books).items():
            if sums.in_flight:
                await client.hincrby(streams.ACCOUNTS, f"lost@{name}", sums.in_flight)


async def accept_files(redis: Redis, wrong: Iterable[FileCount]) -> None:
    """Take the articles without an end of these files for ended."""
    client: Any = redis
    for one in wrong:
        await client.hincrby(streams.FILE + one.path, "accepted", one.open)


async def accept_gone(redis: Redis, ids: Iterable[str]) -> None:
    """Remember articles that are not in MongoDB any more, and need not be.

    Raises TooMany when they, with those of before, are more than Redis should keep.
    """
    client: Any = redis
    now = int(time.time())
    new = list(ids)
    if new and await client.hlen(GONE) + len(new) > _MOST_GONE:
        msg = (
            f"{len(new):,} articles are gone from MongoDB, more than Redis should remember; remove "
            "their receipts from archive/ instead"
        )
        raise TooMany(msg)
    for some in _pages(new):
        await client.hset(GONE, mapping=dict.fromkeys(some, now))


def promised(receipt: Path) -> Promised:
    """Return what a receipt says was published. Raises BadReceipt."""
    says = receipts.read(receipt)
    return Promised(
        receipt.as_posix(), says.file, says.received_at, says.article_ids, says.partition
    )


class Told(NamedTuple):
    """A receipt that a publisher may have read."""

    at: datetime
    message_id: str
    status: str
    article_id: str


async def told(redis: Redis) -> AsyncIterator[list[Told]]:
    """Yield the receipts for publishers, oldest first, page by page."""
    client: Any = redis
    after = "-"
    while page := await client.xrange(streams.RECEIPTS, after, "+", count=_PAGE):
        after = b"(" + page[-1][0]
        yield [
            Told(
                datetime.fromtimestamp(int(receipt_id.partition(b"-")[0]) / 1000, UTC),
                fields[b"message_id"].decode(),
                fields[b"status"].decode(),
                fields.get(b"article_id", b"").decode(),
            )
            for receipt_id, fields in page
        ]


async def absent(redis: Redis, mongo: Mongo, ids: Sequence[str]) -> list[str]:
    """Return those of `ids` that are not in MongoDB, and not known to be deleted there."""
    client: Any = redis
    missing: list[str] = []
    for some in _pages(ids):
        there = await mongo.present(some)
        if gone := [one for one in some if one not in there]:
            known = await client.hmget(GONE, gone)
            missing += [one for one, at in zip(gone, known, strict=True) if at is None]
    return missing


async def parked(redis: Redis) -> set[str]:
    """Return the ids of the articles among the dead letters."""
    return {letter.article_id async for letter in deadletters.letters(redis) if letter.article_id}


def _pages(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[at : at + _IDS] for at in range(0, len(ids), _IDS))
