"""The console with the rights that docker-compose.yml gives it, and no more."""

from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from shared import streams
from tests.console.serving import TOKEN, console
from tests.console.test_dead import park
from tests.security.users import ADMIN, guarded, url


async def test_the_redis_user_operator_is_enough(mongo_url: str, tmp_path: Path) -> None:
    """Every page, and sending again; Redis's own log of refusals is empty afterwards."""
    with guarded(tmp_path) as server:
        admin: Any = Redis.from_url(url(server, ADMIN))
        letter_id = await park(admin, "no disk")
        await admin.xgroup_create(streams.RAW, "enrich", id="0", mkstream=True)
        async with console(redis_url=url(server, "operator"), mongo_url=mongo_url) as client:
            for path in ("/", "/files", "/sources", "/dead", f"/dead/{letter_id}"):
                assert (await client.get(path)).status_code == 200, path
            sent = await client.post(
                "/api/dead/replay",
                json={"every": True, "dry_run": False},
                headers={"authorization": f"Bearer {TOKEN}"},
            )

        assert sent.json()["sent"] == 1
        log = await admin.acl_log()
        assert [one for one in log if one["username"] == "operator"] == []
        await admin.aclose()
