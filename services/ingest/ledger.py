"""The lives of files, kept in Redis: durable, and written together with what was published.

    arriving ──> complete ──> reading ──> published ──> archived | left | failed
    (in the inbox only)                        └──> deleting ──> deleted

`articles.file:PATH` is a hash, the life of the last file of that name; `articles.files` sorts
the paths by when they last changed. A life that ended is forgotten after a month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Self

import orjson
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError, ResponseError

from services.ingest.handler import Position
from services.ingest.shelf import Look
from shared import streams
from shared.delivery import redis_scripts
from shared.errors import RedisUnavailable
from shared.observability import get_logger

FILES: Final = "articles.files"
_WAITING: Final = "articles.files.waiting"
_ON_DISK: Final = "articles.files.on_disk"
_COUNTS_FOR_S: Final = 10
_ASK_DISK_FOR_MS: Final = 2000
_KEPT_S: Final = 30 * 24 * 3600
_PAGE: Final = 500

State = Literal[
    "reading",
    "published",
    "archived",
    "left",
    "deleting",  # in the archive until MongoDB has its articles
    "deleted",
    "failed",
    "gone",  # somebody took it away meanwhile
]
IN_HAND: Final = frozenset({"reading", "published"})
ENDED: Final = frozenset({"archived", "left", "deleted", "failed", "gone"})


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a file; times in milliseconds since 1970, sizes in bytes."""

    path: str  # within the inbox
    sha256: str
    size: int
    inode: int
    mtime_ns: int
    received_ms: int
    changed_ms: int
    state: State = "reading"
    bytes_read: int = 0  # of the file as it lies on the disk
    documents: int = 0  # the position, see handler.Position
    records: int = 0
    here: int = 0
    offset: int = 0
    published: int = 0
    duplicate: int = 0
    failed: int = 0
    reason: str = ""
    receipt: str = ""  # where its receipt lies
    last_entry: str = ""  # id of its last article on the stream

    @property
    def look(self) -> Look:
        return Look(self.inode, self.size, self.mtime_ns)

    @property
    def position(self) -> Position:
        return Position(self.documents, self.records, self.here, self.offset)

    @property
    def id(self) -> str:
        """What tells this life from others under the same name."""
        return f"{self.sha256}:{self.received_ms}"

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of the file."""
        return self.state in ENDED

    def moved_to(self, position: Position) -> Self:
        """Return it as it is once everything up to `position` is read."""
        documents, records, here, offset = position
        return replace(self, documents=documents, records=records, here=here, offset=offset)


class Waiting(NamedTuple):
    """Files in the inbox that are not taken yet: those still arriving, and how many are complete.

    `arriving` holds the size of the first thousand by their path.
    """

    complete: int = 0
    arriving_count: int = 0
    arriving: Mapping[str, int] = MappingProxyType({})


class Step(NamedTuple):
    """Part of a life: what was read since `before` records, and what it is after that."""

    before: int
    after: Life
    articles: Sequence[bytes] = ()
    parents: Sequence[bytes] = ()  # the span each comes from, where traces are made; else none


class Ledger:
    """What Redis knows of files. Every call may raise RedisUnavailable, and be made again."""

    def __init__(self, redis: Redis, *, replicas: int = 0) -> None:
        self._redis: Any = redis  # redis-py types each reply as the union of all there are
        self._replicas = replicas
        self._script = redis_scripts.digest(redis_scripts.ADVANCE)
        self._log = get_logger("ingest")
        self._told = False

    async def lives(self, paths: Sequence[str]) -> list[Life | None]:
        """Return the life of the last file of each path, if there was one."""
        try:
            pipe = self._redis.pipeline(transaction=False)
            for path in paths:
                pipe.hgetall(streams.FILE + path)
            return [_life(stored) for stored in await pipe.execute()]
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    async def advance(self, steps: Sequence[Step]) -> list[Life]:
        """Publish the articles of each step, once; write and return how far its file is."""
        calls = [self._call(step) for step in steps]
        try:
            if len(calls) == 1:  # redis-py words an error of a pipeline with all of the command
                last = [await self._redis.evalsha(*calls[0])]
            else:
                pipe = self._redis.pipeline(transaction=False)
                for call in calls:
                    pipe.evalsha(*call)
                last = await pipe.execute()
        except NoScriptError:  # a server that is new to it; steps that were taken stay taken
            await self._load_script()
            return await self.advance(steps)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error
        return [
            replace(step.after, last_entry=entry_id.decode())
            for step, entry_id in zip(steps, last, strict=True)
        ]

    def _call(self, step: Step) -> list[Any]:
        life = step.after
        flat = [part for pair in asdict(life).items() for part in pair]
        head = [life.id, step.before, life.changed_ms, life.path, len(flat)]
        keys = [streams.RAW, streams.FILE + life.path, FILES]
        head.append(len(step.parents))
        return [self._script, len(keys), *keys, *head, *flat, *step.parents, *step.articles]

    async def _load_script(self) -> None:
        try:
            self._script = await self._redis.script_load(redis_scripts.ADVANCE)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    async def write(self, lives: Sequence[Life]) -> None:
        """Write lives as they are now; nothing is published."""
        try:
            pipe = self._redis.pipeline(transaction=False)
            for life in lives:
                key = streams.FILE + life.path
                pipe.hset(key, mapping={**asdict(life), "life": life.id})
                pipe.zadd(FILES, {life.path: life.changed_ms})
                if life.ended:
                    pipe.expire(key, _KEPT_S)
                else:
                    pipe.persist(key)
            await pipe.execute()
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    async def reach_disk(self) -> None:
        """Wait until everything written so far is on Redis's disk, as far as Redis can tell.

        And with so many replicas as are wanted. Of its disk it cannot tell when it keeps no log,
        never asks it (`appendfsync no`), or is older than 7.2; then this does not wait for it, or
        for 2 s. Of what a client wrote, WAITAOF and WAIT answer on its own connection only: so one
        word is written there, behind everything else.
        """
        try:
            async with self._redis.client() as connection:
                await connection.set(_ON_DISK, 1, ex=_COUNTS_FOR_S)
                while not await self._is_on_disk(connection):
                    if not (await connection.info("persistence"))["aof_pending_bio_fsync"]:
                        break
                while not await self._is_with_replicas(connection):
                    self._log.warning("waiting for replicas of Redis", wanted=self._replicas)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    async def _is_on_disk(self, connection: Any) -> bool:  # noqa: ANN401 (a redis-py client, see above)
        try:
            local, _ = await connection.execute_command("WAITAOF", 1, 0, _ASK_DISK_FOR_MS)
        except ResponseError as error:
            if not self._told:
                self._log.warning("Redis does not tell what is on its disk", error=str(error))
            self._told = True
            return True
        return bool(local)

    async def _is_with_replicas(self, connection: Any) -> bool:  # noqa: ANN401 (see above)
        if not self._replicas:
            return True
        ask = ("WAIT", self._replicas, _ASK_DISK_FOR_MS)
        return int(await connection.execute_command(*ask)) >= self._replicas

    async def forget(self, now_ms: int) -> None:
        """Drop the paths whose lives have been forgotten."""
        try:
            await self._redis.zremrangebyscore(FILES, "-inf", now_ms - _KEPT_S * 1000)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    async def tell(self, waiting: Waiting) -> None:
        """Write what is in the inbox and not taken yet; it counts for ten seconds."""
        try:
            await self._redis.set(_WAITING, orjson.dumps(waiting._asdict()), ex=_COUNTS_FOR_S)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error

    async def waiting(self) -> Waiting:
        """Return what is in the inbox and not taken yet; nothing when no ingest tells."""
        try:
            told = await self._redis.get(_WAITING)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error
        return Waiting(**orjson.loads(told)) if told else Waiting()

    async def newest(self, most: int = 0) -> list[Life]:
        """Return the `most` lives that changed last, the last first; 0 asks for all."""
        lives: list[Life] = []
        at = 0
        while paths := await self._paths(at):
            at += len(paths)
            lives += [life for life in await self.lives(paths) if life]
            if most and len(lives) >= most:
                return lives[:most]
        return lives

    async def in_state(self, state: State, most: int) -> list[Life]:
        """Return lives that are in `state`, among the `most` that changed last."""
        return [life for life in await self.newest(most) if life.state == state]

    async def _paths(self, at: int) -> list[str]:
        try:
            paths = await self._redis.zrevrange(FILES, at, at + _PAGE - 1)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error
        return [path.decode() for path in paths]


def _life(stored: Mapping[bytes, bytes]) -> Life | None:
    if not stored:
        return None
    texts = {name.decode(): value.decode() for name, value in stored.items()}
    known = {field.name: field.type for field in fields(Life)}
    given = {name: text for name, text in texts.items() if name in known}
    return Life(**{name: int(text) if known[name] is int else text for name, text in given.items()})  # type: ignore[arg-type]  # by the field's own type
