"""URLs of servers: whether one can be used, and how one is shown. No message tells a password."""

import re
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from redis.asyncio import ConnectionPool

_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_CREDENTIALS: Final = re.compile(
    r"(?P<scheme>[\w+.-]*://)(?P<user>[^:@/?]*)(?P<word>:?).*@", re.DOTALL
)
_SECRET: Final = re.compile(r"(?i)([?&][^=&]*(?:password|token|secret|properties)[^=&]*=)[^&]*")
_ESCAPE: Final = (
    "in a user or password, `/`, `:`, `@`, `#` and `%` are written %2F, %3A, %40, %23, %25"
)


def usable_redis_url(url: str) -> str:
    """Return `url` as it is; raises ValueError with what is wrong with it."""
    if not url.startswith(("redis://", "rediss://", "unix://")):
        msg = "it begins with none of redis://, rediss:// (TLS) and unix://"
        raise ValueError(msg)
    try:
        for node in nodes_of(url):
            pool: Any = ConnectionPool.from_url(node)
            pool.make_connection()  # connects to nothing yet
    except ValueError:  # its text may hold a part of the password
        msg = f"it cannot be read; {_ESCAPE}"
        raise ValueError(msg) from None
    except TypeError as error:
        named = re.search(r"'(\w+)'$", str(error))
        msg = f"it has an option that is none: `{named[1] if named else '?'}`"
        raise ValueError(msg) from None
    options = parse_qs(urlsplit(url).query)
    for option in _FILES:
        for file in options.get(option, ()):
            if not Path(file).is_file():
                msg = f"`{option}` names no file: {file}"
                raise ValueError(msg)
    return url


def nodes_of(url: str) -> list[str]:
    """Return a URL of each node that `url` names: hosts of a cluster stand there with commas."""
    scheme, _, rest = url.partition("://")
    end = re.search("[/?]", rest)
    where, path = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    if scheme == "unix" or "," not in where:
        return [url]
    user, at, hosts = where.rpartition("@")
    return [f"{scheme}://{user}{at}{host}{path}" for host in hosts.split(",")]


def place(url: str) -> str:
    """Return hosts and ports of a URL that can be used, without credentials."""
    return re.split("[/?]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]


def without_password(url: str) -> str:
    """Return `url` with its password as `***`, also where it is no URL that can be read."""
    hidden = _CREDENTIALS.sub(_hidden, url, count=1)
    return _SECRET.sub(r"\1***", hidden)


def _hidden(found: re.Match[str]) -> str:
    return f"{found['scheme']}{found['user']}{found['word']}{'***' if found['word'] else ''}@"
