"""Lives of files, page by page, that which changed last first; and what came of one."""

from collections import Counter
from pathlib import Path
from typing import Any, Final, NamedTuple

from redis.asyncio import Redis

from services.ingest import receipts, shelf
from services.ingest.ledger import FILES, Ledger, Life, State
from shared import streams

_PAGE: Final = 200
_MOST_LOOKED_AT: Final = 5_000  # files of one page, however rare the state that is asked for
_FAILURES: Final = 100


class Cursor(NamedTuple):
    """Where a page ended: a path, and when it had changed last."""

    changed_ms: int
    path: str


class Page(NamedTuple):
    """Some lives, and where those begin that changed before; None when there are none."""

    lives: list[Life]
    after: Cursor | None


async def page(redis: Redis, *, state: State | None, after: Cursor | None, limit: int) -> Page:
    """Return up to `limit` lives in `state`; fewer, with a cursor, where they are far between."""
    ledger = Ledger(redis)
    lives: list[Life] = []
    looked_at = 0
    while looked_at < _MOST_LOOKED_AT:
        cursors = await _cursors(redis, after, _PAGE)
        found = await ledger.lives([one.path for one in cursors])
        for cursor, life in zip(cursors, found, strict=True):
            after = cursor
            if life and state in {None, life.state}:
                lives.append(life)
            if len(lives) == limit:
                return Page(lives, after)
        looked_at += len(cursors)
        if len(cursors) < _PAGE:
            return Page(lives, None)
    return Page(lives, after)


async def _cursors(redis: Redis, after: Cursor | None, most: int) -> list[Cursor]:
    """Return what comes after a cursor; of one moment, paths stand from z to a, as in Redis."""
    client: Any = redis  # redis-py types each reply as the union of all that any server may send
    top: int | str = after.changed_ms if after else "+inf"
    offset = 0
    found: list[Cursor] = []
    while len(found) < most:
        some = await client.zrevrangebyscore(
            FILES, top, "-inf", start=offset, num=most, withscores=True
        )
        offset += len(some)
        cursors = [Cursor(int(score), path.decode("utf-8", "replace")) for path, score in some]
        found += [one for one in cursors if after is None or one < after]
        if len(some) < most:
            break
    return found[:most]


async def counts(redis: Redis) -> tuple[dict[str, int], int]:
    """Return how many files are in each state, of the 5,000 that changed last; and of how many."""
    client: Any = redis
    found: Counter[str] = Counter()
    at = 0
    while at < _MOST_LOOKED_AT and (paths := await client.zrevrange(FILES, at, at + _PAGE - 1)):
        at += len(paths)
        pipe = client.pipeline(transaction=False)
        for path in paths:
            pipe.hget(streams.FILE.encode() + path, "state")
        found.update(state.decode() for state in await pipe.execute() if state)
    return dict(found), int(await client.zcard(FILES))


def receipt(path: str, life: Life | None, *, archive: Path, inbox: Path) -> dict[str, Any] | None:
    """Return what came of a file: its receipt, else the note on one that was refused whole.

    The last file of the name counts, and of `failures` the first hundred are shown. Raises
    BadReceipt.
    """
    archive = archive.resolve()
    there = (archive / life.receipt).resolve() if life and life.receipt else archive
    is_known = there.is_file() and there.is_relative_to(archive)
    for found in [there] if is_known else receipts.find(path, [archive]):
        shown = receipts.glance(found, most=_FAILURES)
        if shown["file"] == path:
            return {**shown, "receipt": found.relative_to(archive).as_posix()}
    notes = [note for note in shelf.failures(inbox) if note["file"] == path]
    return {"published": 0, "failed": 1, **notes[-1]} if notes else None
