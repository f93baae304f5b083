"""Every way in which the world is known to break, each done to a newsroom under load.

A fault is over when its function returns: what it broke is whole again. Numbers are those of the
table in docs/delivery.md.
"""

import asyncio
import os
import resource
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal, NamedTuple

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from services.cli.running import overview
from services.devstack.processes import Child
from services.devstack.stack import STAGES
from shared import streams
from tests.faults.mutants import CLOCK
from tests.faults.newsroom import Newsroom
from tests.faults.proxy import (
    INSERTS_TO_MONGO,
    LETTERS_OF_ENRICH,
    READS_OF_REDIS,
    SCRIPTS_OF_REDIS,
    WRITES_TO_MONGO,
)

_LARGE_MB: Final = int(os.environ.get("NEWSFLOW_FAULT_LARGE_MB", "100"))
_LETTERS: Final = 3  # replies lost to what parks some
_LETTERS_WITHIN_S: Final = 60

Strike = Callable[[Newsroom], Awaitable[None]]


InChaos = Literal["mixed", "alone", "never"]  # in a long run: beside others, or by itself


class Fault(NamedTuple):
    """One way to break: its number in the matrix, its name, and what does it."""

    number: int
    name: str
    strike: Strike
    nodes: int = 1  # of MongoDB, at the least
    in_chaos: InChaos = "mixed"

    @property
    def id(self) -> str:
        return f"{self.number:02}-{self.name.replace(' ', '-')}"


FAULTS: Final[list[Fault]] = []


def fault(
    number: int, name: str, *, nodes: int = 1, in_chaos: InChaos = "mixed"
) -> Callable[..., Strike]:
    def register(strike: Strike) -> Strike:
        FAULTS.append(Fault(number, name, strike, nodes, in_chaos))
        return strike

    return register


@fault(0, "nothing breaks", in_chaos="never")
async def nothing(_room: Newsroom) -> None:
    await asyncio.sleep(1)


# ── processes ─────────────────────────────────────────────────────────────────────────────────────


@fault(1, "each service killed three times")
async def services_killed(room: Newsroom) -> None:
    for _ in range(3):
        for stage in room.chance.sample(STAGES, len(STAGES)):
            room.rig.children[stage].kill()
            await asyncio.sleep(room.chance.uniform(0.2, 1.5))


@fault(2, "enrich and store frozen and waking as zombies")
async def zombies(room: Newsroom) -> None:
    """What they hold is claimed by others before they wake."""
    async with room.rig.another("enrich"), room.rig.another("store"):
        async with room.rig.frozen("enrich", "store"):
            await asyncio.sleep(7)
        await asyncio.sleep(1)


@fault(3, "Redis killed and a second away")
async def redis_killed(room: Newsroom) -> None:
    for _ in range(2):
        await _log_written(room)
        async with room.rig.away("redis"):
            await asyncio.sleep(1)
        await asyncio.sleep(room.chance.uniform(1, 3))


@fault(4, "Redis frozen")
async def redis_frozen(room: Newsroom) -> None:
    async with room.rig.frozen("redis"):
        await asyncio.sleep(6)  # redis-py waits 5 s for a reply


@fault(5, "mongod killed twice")
async def mongod_killed(room: Newsroom) -> None:
    for _ in range(2):
        await asyncio.sleep(room.chance.uniform(0.5, 2))
        room.rig.children[room.rig.primary() or "mongo"].kill()


@fault(6, "mongod frozen")
async def mongod_frozen(room: Newsroom) -> None:
    async with room.rig.frozen(room.rig.primary() or "mongo"):
        await asyncio.sleep(12)  # store gives up on a command after 10 s


@fault(6, "mongod frozen and store killed meanwhile")
async def mongod_frozen_and_store_killed(room: Newsroom) -> None:
    """What store had in hand is neither acknowledged nor forgotten."""
    for _ in range(2):
        async with room.rig.frozen(*room.rig.mongods):
            await asyncio.sleep(1.5)
            room.rig.children["store"].kill()
        await asyncio.sleep(1)


@fault(7, "mongod 25 seconds away")
async def mongod_away(room: Newsroom) -> None:
    async with room.rig.away(*room.rig.mongods):
        await asyncio.sleep(25)


async def _log_written(room: Newsroom) -> None:
    """Wait until Redis has written what it acknowledged.

    With `appendfsync everysec` it postpones that, for up to 2 s, while its disk is slow. Killed
    just then it loses what publishers have an id for: see the limits in docs/delivery.md.
    """
    while (await room.desk.info("persistence"))["aof_pending_bio_fsync"]:
        await asyncio.sleep(0.005)


@fault(16, "everything killed at once")
async def all_killed(room: Newsroom) -> None:
    await _log_written(room)
    for name in room.chance.sample(sorted(room.rig.children), len(room.rig.children)):
        room.rig.children[name].kill()
    await asyncio.sleep(3)


@fault(17, "every service asked to stop under load", in_chaos="alone")
async def asked_to_stop(room: Newsroom) -> None:
    """They end by themselves with exit code 0, and leave nothing pending."""
    client: Any = room.desk
    children = [room.rig.children[stage] for stage in STAGES]
    async with asyncio.timeout(60):  # one that is just starting ends by the signal itself
        while not (await overview(room.rig)).ok:
            await asyncio.sleep(0.1)
    async with room.rig.held(*STAGES):
        for child in children:
            child.signal(signal.SIGTERM)
        async with asyncio.timeout(25):
            while any(child.pid for child in children):
                await asyncio.sleep(0.05)
        room.notes += [f"{c.name} ended with {c.exit_code}" for c in children if c.exit_code]
        for hop in streams.HOPS:
            for group in await client.xinfo_groups(hop.source):
                if group["pending"]:
                    room.notes.append(f"{hop.stage} left {group['pending']} entries pending")


# ── the network ───────────────────────────────────────────────────────────────────────────────────


@asynccontextmanager
async def _healed(room: Newsroom) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for proxy in (room.rig.to_redis, *room.rig.to_mongo):
            proxy.heal()


@fault(8, "replies of Redis lost")
async def redis_replies_lost(room: Newsroom) -> None:
    """Among them, in each run, those to what parks a letter."""
    async with _healed(room):
        for _ in range(8):
            for requests in (SCRIPTS_OF_REDIS, SCRIPTS_OF_REDIS, READS_OF_REDIS):
                room.rig.to_redis.lose_replies(room.chance.randint(1, 2), to=requests)
                await asyncio.sleep(0.25)
        room.rig.to_redis.lose_replies(_LETTERS, to=LETTERS_OF_ENRICH)
        async with asyncio.timeout(_LETTERS_WITHIN_S):  # else the fault was not done
            while room.rig.to_redis.to_lose:
                await asyncio.sleep(0.05)


@fault(9, "replies of MongoDB lost")
async def mongo_replies_lost(room: Newsroom) -> None:
    async with _healed(room):
        for _ in range(5):
            for proxy in room.rig.to_mongo:
                proxy.lose_replies(room.chance.randint(1, 4), to=WRITES_TO_MONGO)
            await asyncio.sleep(1)


@fault(10, "MongoDB a black hole")
async def mongo_black_hole(room: Newsroom) -> None:
    async with _healed(room):
        for proxy in room.rig.to_mongo:
            proxy.swallow()
        await asyncio.sleep(12)


@fault(10, "Redis a black hole")
async def redis_black_hole(room: Newsroom) -> None:
    async with _healed(room):
        room.rig.to_redis.swallow()
        await asyncio.sleep(7)


@fault(11, "connections cut ten times")
async def connections_cut(room: Newsroom) -> None:
    for _ in range(10):
        for proxy in (room.rig.to_redis, *room.rig.to_mongo):
            proxy.cut()
        await asyncio.sleep(room.chance.uniform(0.1, 0.6))


@fault(12, "150 ms more each way")
async def slow_network(room: Newsroom) -> None:
    async with _healed(room):
        for proxy in (room.rig.to_redis, *room.rig.to_mongo):
            proxy.delay_s = 0.15
        await asyncio.sleep(8)


@fault(7, "writes to MongoDB cut and store killed six times", in_chaos="alone")
async def writes_cut_and_store_killed(room: Newsroom) -> None:
    async with _writes_cut(room):
        for _ in range(6):
            await asyncio.sleep(room.chance.uniform(1, 4))
            room.rig.children["store"].kill()


@fault(7, "one article in an outage and store killed meanwhile", in_chaos="alone")
async def one_article_in_an_outage(room: Newsroom) -> None:
    """Tried at each start, it counts as tried at none: at the second it would be parked."""
    room.open.clear()
    await asyncio.sleep(0.5)
    store = room.rig.children["store"]
    patient, store.argv = store.argv, ["env", "NEWSFLOW_MAX_DELIVERIES=1", *store.argv]
    try:
        await room.at_rest()
        store.kill()
        async with _writes_cut(room):
            await room.send_story(order="a")
            for _ in range(2):
                await _says_it_waits(room, "store")
                store.kill()
    finally:
        store.argv = patient
        room.open.set()


@asynccontextmanager
async def _writes_cut(room: Newsroom) -> AsyncIterator[None]:
    async with _healed(room):
        for proxy in room.rig.to_mongo:
            proxy.refuse(INSERTS_TO_MONGO)
        yield


async def _says_it_waits(room: Newsroom, stage: str) -> None:
    with suppress(TimeoutError):  # a mutant parks instead
        async with asyncio.timeout(60):
            while not any(
                "waiting" in problem
                for view in (await overview(room.rig)).stages
                if view.stage == stage
                for problem in view.problems
            ):
                await asyncio.sleep(0.1)


# ── MongoDB's set of three ────────────────────────────────────────────────────────────────────────


@fault(14, "the primary of three steps down", nodes=3)
async def step_down(room: Newsroom) -> None:
    for _ in range(2):
        name = await _primary(room)
        port = room.rig.to_mongo[list(room.rig.mongods).index(name)].target
        with (
            # It cuts its connections; or nobody has caught up, and it stays.
            suppress(AutoReconnect, OperationFailure),
            MongoClient[dict[str, Any]]("127.0.0.1", port, directConnection=True) as client,
        ):
            await asyncio.to_thread(
                client.admin.command, {"replSetStepDown": 5, "secondaryCatchUpPeriodSecs": 2}
            )
        await asyncio.sleep(3)


@fault(15, "the primary of three killed", nodes=3)
async def primary_killed(room: Newsroom) -> None:
    async with room.rig.away(await _primary(room)):
        await _primary(room)
        await asyncio.sleep(1)


@fault(15, "the primary of three cut off", nodes=3)
async def primary_cut_off(room: Newsroom) -> None:
    """The others elect one; what it had not given to a majority it rolls back."""
    name = await _primary(room)
    async with _healed(room):
        room.rig.to_mongo[list(room.rig.mongods).index(name)].swallow()
        await asyncio.sleep(8)


@fault(15, "the secondaries of three frozen and then the primary killed, twice", nodes=3)
async def primary_alone_killed(room: Newsroom) -> None:
    """What it took alone, the set that it comes back to does not know."""
    for _ in range(2):
        await asyncio.sleep(1.5)
        name = await _primary(room)
        async with room.rig.away() as away:
            async with room.rig.frozen(*(room.rig.mongods.keys() - {name})):
                # It pushes its log without being asked: what is on the wire they would read later.
                room.rig.to_mongo[list(room.rig.mongods).index(name)].cut()
                await asyncio.sleep(1.5)  # at 2 s without them it steps down
                away(name)
            await _primary(room)


async def _primary(room: Newsroom) -> str:
    async with asyncio.timeout(120):
        while not (name := await asyncio.to_thread(room.rig.primary)):
            await asyncio.sleep(0.1)
    return name


# ── disks, memory, clocks, hands ──────────────────────────────────────────────────────────────────


@fault(13, "Redis out of memory and ingest killed meanwhile")
async def redis_full(room: Newsroom) -> None:
    await room.desk.config_set("maxmemory", "1mb")
    await asyncio.sleep(1)
    room.rig.children["ingest"].kill()
    await asyncio.sleep(1)
    await room.desk.config_set("maxmemory", "0")


@fault(18, "disks full", in_chaos="alone")
async def disks_full(room: Newsroom) -> None:
    """No file may grow: Redis cannot append, ingest cannot write, mongod dies and starts again."""
    redis = room.rig.children["redis"]
    plain = redis.argv
    # As with ENOSPC, the write is to fail; by default the signal ends the process.
    redis.argv = ["sh", "-c", 'trap "" XFSZ; exec "$0" "$@"', *plain]
    await _log_written(room)
    redis.kill()
    await room.desk.ping()
    full = [room.rig.children[name] for name in ("redis", "ingest", *room.rig.mongods)]
    async with room.rig.held(*room.rig.mongods):
        for child in full:
            _limit_files(child, 0)
        await asyncio.sleep(3)
        if not await _cannot_append(room):
            room.notes.append("Redis did not feel the full disk")
        for child in full:
            _limit_files(child, None)
    redis.argv = plain


def _limit_files(child: Child, size: int | None) -> None:
    """Let no file that `child` writes grow past `size`; as it was before without one."""
    if child.pid:
        _, most = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


async def _cannot_append(room: Newsroom) -> bool:
    info: dict[str, Any] = await room.desk.info("persistence")
    return str(info["aof_last_write_status"]) != "ok"


@fault(19, "Redis killed and the end of its log cut off", in_chaos="alone")
async def log_cut(room: Newsroom) -> None:
    """What was taken in the five seconds before is sent again, whether the log lost it or not."""
    await asyncio.sleep(3)
    async with room.rig.away("redis"):
        since = datetime.now(UTC) - timedelta(seconds=5)
        for log in (room.rig.folder / "var" / "redis" / "appendonlydir").glob("*.incr.aof"):
            cut = min(room.chance.randint(1_000, 60_000), log.stat().st_size)
            with log.open("r+b") as file:
                file.truncate(log.stat().st_size - cut)
        late = [parcel for parcel in room.parcels if parcel.entry_ids and parcel.taken_at >= since]
    await room.publish_again(late)
    await _files_again(room, since=since)


async def _files_again(room: Newsroom, *, since: datetime) -> None:
    """Have files read again that were archived since; what is in hand is archived first."""
    await asyncio.sleep(4)
    room.drop_again(since)


@fault(22, "clocks set back", in_chaos="never")
async def clocks_set_back(room: Newsroom) -> None:
    """Redis was an hour ahead: its ids go on from there. Ingest and enrich are an hour behind."""
    room.clock_doubt = timedelta(hours=1, seconds=1)
    ahead = int((datetime.now(UTC) + timedelta(hours=1)).timestamp() * 1000)
    async with (
        room.rig.mutated("ingest", CLOCK),
        room.rig.mutated("enrich", CLOCK),
    ):
        await room.send_story(entry_id=f"{ahead}-0")
        await asyncio.sleep(8)


@fault(23, "streams deleted", in_chaos="never")
async def streams_deleted(room: Newsroom) -> None:
    """What was in them is gone, and sent again; what is sent from then on goes through."""
    began = datetime.now(UTC)
    await asyncio.sleep(2)
    await room.desk.delete(streams.RAW, streams.ENRICHED)
    room.is_robbed = True
    await room.publish_again(list(room.parcels))
    await _files_again(room, since=began - timedelta(seconds=60))


@fault(24, "ingest killed four times in a large file", in_chaos="alone")
async def killed_in_a_large_file(room: Newsroom) -> None:
    """Most of it is junk, refused line by line, so that its size costs no tagging."""
    name = room.drop_large(_LARGE_MB)
    for _ in range(4):
        await asyncio.sleep(room.chance.uniform(0.3, 1.5))
        room.rig.children["ingest"].kill()
    async with asyncio.timeout(600):
        while (room.rig.folder / "inbox" / name).exists():
            await asyncio.sleep(0.1)
