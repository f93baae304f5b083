"""One look at the flow a second, for all who watch: no page asks Redis again."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from services.inspection.flow import Flow
from shared.observability import get_logger

_EVERY_S: Final = 1.0
_IDLE_EVERY_S: Final = 5.0  # while nobody has looked for a minute
_IDLE_AFTER_S: Final = 60.0
_KEEP_ALIVE_S: Final = (
    15.0  # a comment, so that a proxy does not take a quiet stream for a dead one
)
MOST_LISTENERS: Final = 64


class Watch:
    """Looks again and again while it lives; each listener gets what was seen last, and skips."""

    def __init__(self, look: Callable[[], Awaitable[Flow]]) -> None:
        self._look = look
        self._seen: Flow | None = None
        self._seen_at = 0.0
        self._looking = asyncio.Lock()
        self._next = asyncio.Event()
        self._asked_at = time.monotonic()
        self._ended = False
        self._failed = ""  # what the last look raised
        self.listeners = 0

    async def run(self) -> None:
        """Look for ever, whatever a look may raise; to be cancelled."""
        while True:
            try:
                await self._see()
            except Exception as error:  # noqa: BLE001 (a bug of one look, which ends no other)
                self._tell(error)
            else:
                self._failed = ""
                self._wake()
            idle = time.monotonic() - self._asked_at > _IDLE_AFTER_S and not self.listeners
            await asyncio.sleep(_IDLE_EVERY_S if idle else _EVERY_S)

    async def now(self) -> Flow:
        """Return what was seen last; looks itself when that is too long ago."""
        self._asked_at = time.monotonic()
        async with self._looking:  # who else asks meanwhile gets what this one sees
            if self._seen and time.monotonic() - self._seen_at < 2 * _EVERY_S:
                return self._seen
        return await self._see()

    async def _see(self) -> Flow:
        async with self._looking:
            self._seen = await self._look()
            self._seen_at = time.monotonic()
            return self._seen

    def _tell(self, error: Exception) -> None:
        """Log why a look failed, once while it fails so."""
        if repr(error) != self._failed:
            self._failed = repr(error)
            get_logger("console").error("cannot look at the flow", exc_info=error)

    async def listen(self) -> AsyncGenerator[Flow | None]:
        """Yield what is seen from now on, until the console stops; None when that is nothing."""
        self.listeners += 1
        try:
            yield self._seen
            while not self._ended:
                yield await self._next_seen()
        finally:
            self.listeners -= 1

    async def _next_seen(self) -> Flow | None:
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                await self._next.wait()
        except TimeoutError:
            return None
        return self._seen

    def end(self) -> None:
        """Let the listeners go."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        event, self._next = self._next, asyncio.Event()
        event.set()
