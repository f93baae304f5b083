"""A network that can be broken: TCP proxies between services and servers, in a thread of their own.

The thread matters: replica-set members reach each other through these proxies, also while the test
waits for one of them.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")
Request = re.Pattern[bytes]

# Requests, as they go over the wire: commands in BSON's spelling, words and names in Redis's.
INSERTS_TO_MONGO: Final = re.compile(rb"\x02insert\x00")
WRITES_TO_MONGO: Final = re.compile(rb"\x02(?:insert|update)\x00")
SCRIPTS_OF_REDIS: Final = re.compile(rb"EVALSHA")  # what settles, and what publishes files
LETTERS_OF_ENRICH: Final = re.compile(  # what settles for enrich, and parks at least one
    rb"EVALSHA\r\n.*\r\nenrich\r\n.*\r\ncause\r\n", re.DOTALL
)
READS_OF_REDIS: Final = re.compile(rb"XREADGROUP")
_REFUSAL: Final = re.compile(rb"-[A-Z]{3}")  # of Redis: as MongoDB's it would have a gigabyte

_HOST: Final = "127.0.0.1"
_CHUNK: Final = 64 * 1024


class Network:
    """The thread in which proxies live."""

    def __init__(self) -> None:
        self.listeners: list[asyncio.Server] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run `work` in the thread, and wait for what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def call(self, what: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(what)

    def close(self) -> None:
        """Cut every connection, and end the thread."""

        async def end() -> None:
            for listener in self.listeners:
                listener.close()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


class _Link:
    """One connection: the two ends, and what was last asked on it, all its pieces."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.ends = (client, server)
        self.asked = bytearray()
        self.is_answered = False

    def abort(self) -> None:
        for end in self.ends:
            end.transport.abort()


class Proxy:
    """One address in front of one server. What is set holds for open connections, too."""

    def __init__(self, network: Network) -> None:
        self.target = 0  # the server's port
        self.delay_s = 0.0  # of every piece, either way
        self.harmed = 0  # replies lost, requests refused, pieces swallowed
        self._network = network
        self._links: set[_Link] = set()
        self._is_hole = False
        self._to_lose = 0
        self._after: Request | None = None
        self._refused: Request | None = None
        self.port = network.run(self._listen())

    @property
    def to_lose(self) -> int:
        """How many of the replies that were to be lost have not come yet."""
        return self._to_lose

    def lose_replies(self, count: int, *, to: Request) -> None:
        """Let the next `count` requests that `to` is found in be done, and nobody hear of it.

        One that the server refuses is not done, and hears of it.
        """
        self._after, self._to_lose = to, count

    def refuse(self, request: Request) -> None:
        """Cut the connection instead of forwarding a piece that `request` is found in."""
        self._refused = request

    def swallow(self) -> None:
        """Be a black hole: take everything, forward nothing, close nothing."""
        self._is_hole = True

    def cut(self) -> None:
        """Break every connection."""
        self._network.call(self._abort_all)

    def heal(self) -> None:
        """Forward again; connections that lost something are broken."""
        was_hole, self._is_hole = self._is_hole, False
        self.delay_s, self._to_lose, self._refused = 0.0, 0, None
        if was_hole:
            self.cut()

    # ── in the thread ─────────────────────────────────────────────────────────────────────────

    async def _listen(self) -> int:
        listener = await asyncio.start_server(self._connect, _HOST, 0)
        self._network.listeners.append(listener)
        return int(listener.sockets[0].getsockname()[1])

    def _abort_all(self) -> None:
        for link in self._links:
            link.abort()

    async def _connect(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        try:
            replies, server = await asyncio.open_connection(_HOST, self.target)
        except OSError:
            client.transport.abort()
            return
        link = _Link(client, server)
        self._links.add(link)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(reader, server, link, is_reply=False))
                both.create_task(self._pump(replies, client, link, is_reply=True))
        except* OSError:
            pass  # either end went away
        finally:
            link.abort()
            self._links.discard(link)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        link: _Link,
        *,
        is_reply: bool,
    ) -> None:
        while data := await reader.read(_CHUNK):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if self._is_hole:
                self.harmed += 1
                continue
            if self._is_broken_by(data, link, is_reply=is_reply):
                break
            writer.write(data)
            await writer.drain()
        link.abort()

    def _is_broken_by(self, data: bytes, link: _Link, *, is_reply: bool) -> bool:
        """Say whether the connection ends here, with `data` going nowhere."""
        if is_reply:
            link.is_answered = True
            breaks = self._to_lose > 0 and self._is_to_be_lost(data, link)
            self._to_lose -= breaks
        else:
            if link.is_answered:
                link.asked.clear()
                link.is_answered = False
            link.asked += data
            breaks = self._refused is not None and bool(self._refused.search(data))
        self.harmed += breaks
        return breaks

    def _is_to_be_lost(self, data: bytes, link: _Link) -> bool:
        is_refused = _REFUSAL.match(data)
        return not is_refused and self._after is not None and bool(self._after.search(link.asked))
