"""Partitions: several Newsflows side by side, each with all its streams and keys on one node.

A Redis Cluster spreads keys over its nodes by a hash, and a script may touch the keys of one node
only. So all names of a partition begin with one hash tag, `{p1}.articles.raw`, which puts them on
one node, together, for ever. The code knows `articles.raw` alone; a connection of a partition

    names    puts the tag before every key that it sends, as `keyPrefix` of other clients does,
    follows  asks the cluster, before it connects, which node has the partition, and
    leaves   takes an answer of a node that has it no more for a lost connection: what waits for
             outages connects again, and so comes to the node that has it now.

A server that is no cluster has all partitions.
"""

import random
import re
from collections.abc import Sequence
from typing import Any, Final, cast

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import Connection, UnixDomainSocketConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    DataError,
    MasterDownError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError

from shared.addresses import nodes_of

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_ANSWERS_WITHIN_S: Final = 2.0
_DIGITS: Final = 8  # hexadecimal, of an article's id: 4 billion, evenly spread over any few
# MovedError is an AskError. A read that waits is ended with UNBLOCKED when its node steps down.
_ELSEWHERE: Final = (AskError, ClusterDownError, MasterDownError, ReadOnlyError, TryAgainError)
_NO_CLUSTER: Final = ("cluster support disabled", "unknown command")

# The commands that Newsflow, redis-py and FastStream send, by where their keys stand.
_KEYLESS: Final = frozenset(
    (
        *("AUTH", "CLIENT", "HELLO", "SELECT", "PING", "INFO", "TIME", "SCRIPT"),
        *("MULTI", "EXEC", "DISCARD", "UNWATCH", "WAIT", "WAITAOF"),
    )
)
_FIRST: Final = frozenset(
    (
        *("EXPIRE", "PERSIST", "GET", "SET"),
        *("HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HLEN", "HMGET", "HSET", "HSETNX"),
        *("XACK", "XADD", "XAUTOCLAIM", "XCLAIM", "XDEL", "XLEN", "XPENDING"),
        *("XRANGE", "XREVRANGE", "XTRIM"),
        *("ZADD", "ZCARD", "ZRANGE", "ZRANGEBYSCORE", "ZREM", "ZREMRANGEBYSCORE", "ZREVRANGE"),
        *("ZREVRANGEBYSCORE", "ZSCORE"),
    )
)
_SECOND: Final = frozenset(("XGROUP", "XINFO"))
_ALL: Final = frozenset(("DEL", "EXISTS"))
_AFTER_STREAMS: Final = frozenset(("XREAD", "XREADGROUP"))
_COUNTED: Final = frozenset(("EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO"))


def partition_of(article_id: str, partitions: int) -> int:
    """Return which of so many partitions an article belongs to, counted from 0.

    `article_id` is that of shared/identity.py. The same for every delivery and in every language:
    of an article with a uri it is the first 8 hexadecimal digits of the SHA-256 of `uri`, a line
    feed and the uri, modulo their number. Another number of partitions moves articles; MongoDB
    brings their versions together all the same.
    """
    return int(article_id[:_DIGITS], 16) % partitions


def named(partition: str) -> str:
    """Return `partition` as it is; raises ValueError when it cannot be a hash tag."""
    if partition and not _NAME.fullmatch(partition):
        msg = "a partition is named by 1 to 32 letters, digits, `-` or `_`"
        raise ValueError(msg)
    return partition


def tag(partition: str) -> bytes:
    """Return what stands before every key of a partition."""
    return b"{%s}." % partition.encode() if partition else b""


def keys_at(command: Sequence[Any]) -> range:
    """Return where the keys stand in a command, its words one by one.

    Raises DataError for a command that is not known here: to send it without the tag would touch
    what is nobody's.
    """
    word = _text(command[0]).upper()
    if word in _KEYLESS:
        return range(0)
    if word in _FIRST:
        return range(1, 2)
    if word in _SECOND:
        return range(2, 3)
    if word in _ALL:
        return range(1, len(command))
    if word in _COUNTED:
        return range(3, 3 + int(_text(command[2])))
    if word in _AFTER_STREAMS:
        at = next(i for i, part in enumerate(command) if part in {b"STREAMS", "STREAMS"}) + 1
        return range(at, at + (len(command) - at) // 2)
    msg = f"{word} is not known to shared/partitions.py: say there where its keys stand"
    raise DataError(msg)


def client(url: str, partition: str = "", **options: Any) -> Redis:  # noqa: ANN401 (redis-py's own)
    """Return a client that sees one partition of the Redis at `url`; it connects when used."""
    return Redis.from_pool(ConnectionPool(**pool_options(url, partition), **options))


def partition_seen(redis: Redis) -> str:
    """Return the partition that a client sees; nothing when it sees everything."""
    return str(getattr(redis.connection_pool.connection_class, "partition", ""))


def pool_options(url: str, partition: str) -> dict[str, Any]:
    """Return what redis-py's pool needs to know; several hosts are nodes of one cluster."""
    nodes = nodes_of(url)
    options: dict[str, Any] = dict(parse_url(nodes[0]))
    if partition:
        options["connection_class"] = connection_class(nodes, partition)
    return options


def connection_class(nodes: Sequence[str], partition: str) -> type[Connection]:
    """Return the class of connections to a partition, of which any of `nodes` may know."""
    options = parse_url(nodes[0])
    plain = cast("type[Connection]", options.get("connection_class", Connection))
    if issubclass(plain, UnixDomainSocketConnection):
        return type("PartitionConnection", (_Named, plain), {"partition": partition})
    known = [(str(one["host"]), one.get("port", 6379)) for one in map(parse_url, nodes)]
    attributes = {"partition": partition, "known": known, "plain": plain}
    return type("PartitionConnection", (_Following, _Named, plain), attributes)


class _Named:
    """A connection that puts the tag of its partition before every key."""

    partition: str

    def pack_command(self, *args: Any) -> list[bytes]:  # noqa: ANN401 (redis-py's own)
        words = _text(args[0]).split()  # redis-py sends "XGROUP CREATE" as one
        command = [*words, *args[1:]]
        before = tag(self.partition)
        for at in keys_at(command):
            key = command[at]
            command[at] = before + (key.encode() if isinstance(key, str) else bytes(key))
        packed: list[bytes] = super().pack_command(*command)  # type: ignore[misc]  # of Connection
        return packed


class _Following:
    """A connection that goes to the node that has its partition, wherever that is now."""

    partition: str
    known: list[tuple[str, int]]  # nodes that may be asked, shared by all connections of a pool
    plain: type[Connection]
    host: str
    port: int

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (redis-py's own)
        self._options = options
        super().__init__(**options)

    async def _connect(self) -> None:
        self.host, self.port = await self._owner()
        await super()._connect()  # type: ignore[misc]  # of Connection

    async def read_response(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 (redis-py's own)
        try:
            return await super().read_response(*args, **options)  # type: ignore[misc]  # the same
        except ResponseError as error:
            if not isinstance(error, _ELSEWHERE) and not str(error).startswith("UNBLOCKED"):
                raise
            await cast("Connection", self).disconnect(nowait=True)
            msg = f"{self.host}:{self.port} does not have partition {self.partition} now: {error}"
            raise RedisConnectionError(msg) from error

    async def _owner(self) -> tuple[str, int]:
        """Ask the nodes, in any order, so that one that knows nothing new is not asked for ever."""
        why: Exception | None = None
        for host, port in random.sample(self.known, len(self.known)):
            try:
                return await self._asked(host, port)
            except (RedisError, OSError) as error:
                if isinstance(error, ResponseError):
                    raise
                why = error
        raise why or RedisConnectionError("no node is known")

    async def _asked(self, host: str, port: int) -> tuple[str, int]:
        options = self._options | {
            "host": host,
            "port": port,
            "retry": Retry(NoBackoff(), 0),
            "socket_timeout": _ANSWERS_WITHIN_S,
            "socket_connect_timeout": _ANSWERS_WITHIN_S,
        }
        connection: Any = self.plain(**options)  # its `connect` has no types
        try:
            await connection.connect()
            await connection.send_command("CLUSTER", "SLOTS")
            slots = await connection.read_response()
        except ResponseError as error:
            if any(words in str(error) for words in _NO_CLUSTER):
                return host, port
            raise
        finally:
            await connection.disconnect(nowait=True)
        wanted = key_slot(tag(self.partition))
        for first, last, *members in slots:
            there = [(_text(one[0] or host), int(one[1])) for one in members]
            self.known += [one for one in there if one not in self.known]
            if first <= wanted <= last:
                owner = there[0]
                break
        else:
            msg = f"no node of the cluster has slot {wanted}, of partition {self.partition}"
            raise RedisConnectionError(msg)
        return owner


def _text(part: Any) -> str:  # noqa: ANN401 (what redis-py sends or receives)
    return part.decode() if isinstance(part, bytes) else str(part)
