"""What a fail-over may cost: acknowledged entries that the promoted replica has not got.

    .venv/bin/python -m tests.scaling.failover --rounds 5

A producer adds entries in pipelines of 100 to a partition of a real cluster, in one of three ways;
its master is killed with SIGKILL under that load; once the replica has taken over, the ids that the
producer was given are looked for. Prints one JSON object.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from redis.crc import key_slot
from redis.exceptions import RedisError

from shared import streams
from shared.partitions import client, tag
from tests.scaling import cluster
from tests.scaling.cluster import Cluster

WAYS: Final = ("XADD", "XADD, min-replicas-to-write 1", "XADD, then WAIT 1")
PARTITION: Final = "p1"
_A_PIPELINE: Final = 100
_LOAD_S: Final = 2.0
_ENTRY: Final = {"data": "x" * 2_000}
_WITHIN_S: Final = 30.0


async def main(rounds: int) -> None:
    """Measure every way in turn, `rounds` times, each time on a new cluster."""
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(rounds):
        for way in WAYS:
            with tempfile.TemporaryDirectory() as folder:
                async with cluster.running(Path(folder)) as made:
                    found[way].append(await _killed(made, way))
    print(json.dumps({way: _summed(one) for way, one in found.items()}, indent=2))  # noqa: T201 (its result)


async def _killed(made: Cluster, way: str) -> dict[str, float]:
    """Kill a master under load; return what was acknowledged and lost, and the time it was away."""
    redis: Any = client(made.url, PARTITION, socket_timeout=5)
    owner = await made.owner(key_slot(tag(PARTITION)))
    if way == WAYS[1]:
        for server in made.servers:
            await made.said(server, "CONFIG", "SET", "min-replicas-to-write", 1)
            await made.said(server, "CONFIG", "SET", "min-replicas-max-lag", 2)
    accepted: list[bytes] = []
    adding = asyncio.create_task(_add(redis, accepted, waits=way == WAYS[2]))
    began = time.monotonic()
    await asyncio.sleep(_LOAD_S)
    owner.child.kill()
    killed = time.monotonic()
    await asyncio.wait([adding])
    await redis.aclose()
    redis = client(made.url, PARTITION)
    there = await _all(redis)
    away = time.monotonic() - killed
    await redis.aclose()
    lost = sum(one not in there for one in accepted)
    rate = len(accepted) / (killed - began)
    return {"accepted": len(accepted), "lost": lost, "away_s": away, "per_s": rate}


async def _add(redis: Any, accepted: list[bytes], *, waits: bool) -> None:
    """Add entries until the connection breaks; note the ids that count as accepted."""
    try:
        async with redis.client() as own:
            while True:
                pipe = own.pipeline(transaction=False)
                for _ in range(_A_PIPELINE):
                    pipe.xadd(streams.RAW, _ENTRY)
                ids = await pipe.execute()
                if not waits or await own.execute_command("WAIT", 1, 1000):
                    accepted += ids
    except (RedisError, OSError):
        return


async def _all(redis: Any) -> set[bytes]:
    """Return the ids of all entries, once the partition has an owner again."""
    until = time.monotonic() + _WITHIN_S
    while True:
        try:
            return {entry_id for entry_id, _ in await redis.xrange(streams.RAW)}
        except (RedisError, OSError):
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.02)


def _summed(rounds: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "lost": [round(one["lost"]) for one in rounds],
        "accepted": [round(one["accepted"]) for one in rounds],
        "away_s": [round(one["away_s"], 2) for one in rounds],
        "entries_per_s": round(statistics.median(one["per_s"] for one in rounds)),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    sys.exit(asyncio.run(main(parser.parse_args().rounds)))
