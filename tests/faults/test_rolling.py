"""Every process restarted in turn, while articles come in: none lost, and the flow never stops."""

import asyncio
import json
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from redis.asyncio import Redis

from services.devstack.servers import RedisServer
from shared.letters import deadletters
from tests.faults.stages import Stages, add, article, drop, until

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]  # waits long on a busy machine

PROCESSES = ("ingest", "enrich", "enrich-2", "store", "store-2")
MEANWHILE = 30  # articles that are stored while a process is down
FILES_EVERY = 5  # articles; the others come as messages


async def test_a_rolling_restart_under_load_loses_nothing_and_never_stops_the_flow(
    redis: Redis, redis_server: RedisServer, mongo_url: str, tmp_path: Path
) -> None:
    """While one of two is down the other works; while ingest is, messages pass and files wait."""
    stages = Stages(tmp_path, redis, redis_server.url, mongo_url)
    children = [stages.service(name) for name in PROCESSES]
    sent: list[int] = []
    sending = asyncio.create_task(_send(stages, sent))
    codes: list[int | None] = []
    try:
        for child in children:
            await stages.started(child)
        for child in children:
            codes.append(await stages.stopped(child))
            before = await stages.count_stored()
            await until(partial(_stored, stages, before + MEANWHILE))
            await stages.started(child)
        sending.cancel()
        await asyncio.wait([sending])
        await until(stages.is_at_rest)
        await until(lambda: _stored(stages, len(sent)))
        consumers = await stages.consumers()
        pids = {child.pid for child in children}
    finally:
        sending.cancel()
        codes += [await stages.stopped(child) for child in children]

    assert codes == [0] * 2 * len(PROCESSES)
    assert consumers <= pids  # nobody left his name behind
    assert stages.stored() == {f"urn:stage:{number}": 1 for number in sent}
    assert [letter async for letter in deadletters.letters(redis)] == []
    assert len(sent) > MEANWHILE * len(PROCESSES)


async def _send(stages: Stages, sent: list[int]) -> None:
    """Send an article forty times a second, for ever; note what was accepted."""
    for number in count():
        if number % FILES_EVERY == 0:
            drop(stages.folder / "inbox", f"{number}.json", json.dumps(article(number)))
        else:
            await add(stages.redis, range(number, number + 1))
        sent.append(number)
        await asyncio.sleep(0.025)


async def _stored(stages: Stages, at_least: int) -> bool:
    return await stages.count_stored() >= at_least
