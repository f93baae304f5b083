"""What a service is made of."""

from collections.abc import Coroutine, Sequence
from typing import Any, Protocol

from redis.asyncio import Redis

Running = Coroutine[Any, Any, None]


class Notice(str):
    """Something to look at that stops nothing: health says `warning`, and not `bad`."""

    __slots__ = ()


class Part(Protocol):
    """Something that lives as long as its service."""

    async def open(self, redis: Redis) -> Sequence[Running]:
        """Begin; return what has to run until the part is closed.

        A NewsflowError ends the service with its text. So does anything that a running part
        raises: it is a bug, and whoever started the service starts it again.
        """

    async def close(self) -> None:
        """End, within `stop_within_s`: what was begun is finished, or left for others."""

    async def problem(self) -> str | None:
        """Return what is wrong, in one sentence, or None. Asked once a second.

        A Notice is for what stops nothing.
        """
