"""Where one article is, and how it got there: looked for in Redis, MongoDB and the archive."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from services.ingest import receipts
from services.ingest.ledger import Ledger
from services.ingest.receipts import BadReceipt
from services.inspection import books
from services.inspection.ways import Sought, Standing, Way, moment, order
from services.store.mongo import Mongo
from shared import streams
from shared.entries import accounts, wire
from shared.entries.accounts import Owner
from shared.entries.wire import DATA
from shared.errors import InvalidMessage
from shared.identity import article_id
from shared.letters import deadletters
from shared.messages import RawArticle
from shared.streams import ENRICH, HOPS, Hop

_PAGE: Final = 100
_MOST: Final = 1_000  # articles of a file
_ENTRY: Final = re.compile(r"\d{1,20}-\d{1,20}")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_ARTICLE: Final = re.compile(r"[0-9a-f]{32}")

Advance = Callable[[int], None]  # told how many entries were looked at


def sought(what: str) -> Sought:
    """Return what is asked for: an article's id or URI, an entry, a file, or a message."""
    if _ARTICLE.fullmatch(what):
        return Sought(article_ids=frozenset({what}))
    if _ENTRY.fullmatch(what):
        return Sought(entry_ids=frozenset({what}))
    return Sought(article_ids=_ids_of(what), message_id=what, path=what)


def _ids_of(uri: str) -> frozenset[str]:
    """Return the article ids that a publisher's URI may have made: as `uri`, `guid` or `url`."""
    if not _URI.match(uri):
        return frozenset()
    made = partial(article_id, source=None, text="")
    return frozenset(
        {
            made(uri=uri, guid=None, url=None),
            made(uri=None, guid=uri, url=None),
            made(uri=None, guid=None, url=uri),
        }
    )


async def trace(  # noqa: PLR0913 (each by its name)
    what: str, *, redis: Redis, mongo: Mongo, archive: Path, most: int, advance: Advance
) -> Way:
    """Look for `what` everywhere; on streams among the oldest `most` entries of each."""
    way = Way(sought(what))
    await _file(way, redis, archive, what)
    way.told = [one async for one in _told(redis, way.sought, advance)]
    named = {one["article_id"] for one in way.told if "article_id" in one}
    way.sought = way.sought._replace(article_ids=way.sought.article_ids | named)
    await _stored(way, mongo)
    for hop in HOPS:
        if await _stands(way, redis, hop, most, advance):
            way.unscanned.append(f"{hop.source} has more than {most:,} entries, see --scan")
    async for letter in deadletters.letters(redis):
        advance(1)
        owner = accounts.owner_of(letter.original, None, entry_id=letter.entry_id)
        if way.sought.fits(owner, letter.article_id or "", letter.letter_id):
            way.letters.append(letter)
    return way


async def _file(way: Way, redis: Redis, archive: Path, what: str) -> None:
    """Take `what` for a file: its life, and the articles that its receipt names."""
    [way.life] = await Ledger(redis).lives([what])
    found = await asyncio.to_thread(receipts.find, what, [archive])
    if way.life is None and not found:
        way.sought = way.sought._replace(path="")
        return
    if found:
        way.receipt = found[0].as_posix()
        try:
            promised = await asyncio.to_thread(books.promised, found[0])
        except BadReceipt as error:
            way.unscanned.append(f"{way.receipt} cannot be read, so nobody knows of which: {error}")
            way.sought = way.sought._replace(message_id="")
            return
        ids = frozenset(promised.article_ids[:_MOST])
        if len(promised.article_ids) > _MOST:
            count = len(promised.article_ids)
            way.unscanned.append(f"{way.receipt} names {count:,} articles, more than {_MOST:,}")
        way.sought = way.sought._replace(article_ids=ids, path=promised.path)
        if way.life is None:
            [way.life] = await Ledger(redis).lives([promised.path])
    way.sought = way.sought._replace(message_id="")


async def _told(redis: Redis, sought: Sought, advance: Advance) -> AsyncIterator[dict[str, str]]:
    """Yield the receipts of what is looked for; `at` is when each was written."""
    client: Any = redis
    after: str | bytes = "-"
    while page := await client.xrange(streams.RECEIPTS, after, "+", count=_PAGE):
        after = b"(" + page[-1][0]
        advance(len(page))
        for receipt_id, fields in page:
            one = {name.decode(): value.decode() for name, value in fields.items()}
            owner = Owner(message_id=one["message_id"], entry_id=one["entry_id"])
            if sought.fits(owner, one.get("article_id", "")):
                yield {"at": moment(receipt_id.decode()).isoformat(), **one}


async def _stored(way: Way, mongo: Mongo) -> None:
    """Take what MongoDB has: by article id at once, else through all its revisions."""
    asked = way.sought
    if asked.article_ids:
        for article_id in sorted(asked.article_ids):
            way.revisions += await mongo.versions(article_id)
    elif asked.path:
        way.revisions = await mongo.brought_by("file.path", asked.path)
    elif asked.entry_ids:
        way.revisions = await mongo.brought_by("entry.entry_id", min(asked.entry_ids))
    if asked.message_id and not way.revisions:
        way.revisions = await mongo.brought_by("entry.message_id", asked.message_id)
    ids = sorted({one["article_id"] for one in way.revisions})
    way.heads = {head["_id"]: head for head in await mongo.heads(ids)}
    way.sought = asked._replace(article_ids=asked.article_ids | set(ids))


async def _stands(way: Way, redis: Redis, hop: Hop, most: int, advance: Advance) -> bool:
    """Look for entries on a stream, oldest first; say whether there are more than `most`."""
    client: Any = redis
    try:
        groups = await client.xinfo_groups(hop.source)
    except ResponseError:  # no such stream
        return False
    group = next((one for one in groups if one["name"] == hop.stage.encode()), None)
    read_to = group["last-delivered-id"].decode() if group else "0-0"
    after: str | bytes = "-"
    seen = 0
    while page := await client.xrange(hop.source, after, "+", count=_PAGE):
        after = b"(" + page[-1][0]
        for entry_id, fields in page:
            owner, article_id = _read(hop, fields, entry_id.decode(), way.sought)
            if way.sought.fits(owner, article_id, entry_id.decode()):
                one = Standing(hop.source, entry_id.decode(), "unread", owner, article_id)
                way.standing.append(await _state(redis, hop, one, read_to))
                if article_id:
                    ids = way.sought.article_ids | {article_id}
                    way.sought = way.sought._replace(article_ids=ids)
        seen += len(page)
        advance(len(page))
        if seen >= most:
            return True
    return False


def _read(
    hop: Hop, fields: Mapping[bytes, bytes], entry_id: str, sought: Sought
) -> tuple[Owner, str]:
    """Return an entry's owner, and the id of its article if that is asked for or at hand."""
    raw_id = entry_id if hop is ENRICH else ""
    owner = accounts.owner_of(fields, None, entry_id=raw_id)
    if hop is not ENRICH:
        try:
            return owner, str(orjson.loads(fields.get(DATA, b"")).get("article_id", ""))
        except (orjson.JSONDecodeError, AttributeError):
            return owner, ""
    if not sought.article_ids and not sought.fits(owner, "", entry_id):
        return owner, ""
    try:
        article = wire.decode(fields, RawArticle, stream=hop.source, entry_id=entry_id)
    except InvalidMessage:
        return owner, ""
    return owner, article.article_id


async def _state(redis: Redis, hop: Hop, one: Standing, read_to: str) -> Standing:
    """Return how an entry stands with its group."""
    client: Any = redis
    if order(one.entry_id) > order(read_to):
        return one
    pending = await client.xpending_range(hop.source, hop.stage, one.entry_id, one.entry_id, 1)
    if not pending:
        return one._replace(state="ended")
    [held] = pending
    return one._replace(
        state="pending",
        consumer=held["consumer"].decode(),
        deliveries=held["times_delivered"],
        idle_ms=held["time_since_delivered"],
    )
