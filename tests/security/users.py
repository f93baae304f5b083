"""A Redis with the users of deploy/redis/users.acl, each with a password of this test."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from services.devstack.processes import Child
from services.devstack.servers import RedisServer, free_port, redis_server

FILE: Final = Path(__file__).parents[2] / "deploy" / "redis" / "users.acl"
ADMIN: Final = "admin"
USERS: Final = ("ingest", "enrich", "store", "operator", "reader", "producer")


def password(user: str) -> str:
    return f"hunter2-of-{user}"


@contextmanager
def guarded(folder: Path) -> Iterator[RedisServer]:
    """Run one until the block ends; `admin` may do all, for the test alone."""
    lines = re.sub(
        r">([A-Z]+)_PASSWORD", lambda found: f">{password(found[1].lower())}", FILE.read_text()
    )
    acl = folder / "users.acl"
    acl.write_text(f"{lines}user {ADMIN} on >{password(ADMIN)} ~* &* +@all\n")
    port = free_port()
    options = ["--port", str(port), "--aclfile", str(acl), "--save", "", "--dir", str(folder)]
    child = Child("redis", [redis_server() or "", *options], log=folder / "log")
    child.start()
    server = RedisServer(child, port)
    try:
        server.wait_ready()
        yield server
    finally:
        server.stop()


def url(server: RedisServer, user: str) -> str:
    return f"redis://{user}:{password(user)}@127.0.0.1:{server.port}/0"
