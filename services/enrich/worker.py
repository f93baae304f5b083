"""The thread that reads articles, so that the event loop never waits for the tagger."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from redis.asyncio import Redis

from services.enrich.handler import Tools, enrich, load_tools, pass_on
from services.enrich.memory import Memory
from services.enrich.settings import EnrichSettings
from services.enrich.text.footers import ending_of
from shared.errors import NewsflowError, PermanentError
from shared.messages import EnrichedArticle, RawArticle
from shared.outcome import Outcome
from shared.part import Running

T = TypeVar("T")


class UnusableTools(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A topic lexicon or a model that cannot be used; the text says what is wrong with it."""


class Worker:
    """Loads the tools once and enriches batch after batch, in one thread of its own."""

    def __init__(self, settings: EnrichSettings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="enrich")
        self._tools: Tools
        self._memory: Memory

    async def open(self, redis: Redis) -> Sequence[Running]:
        """Load weights and lexicon, in about a second; raises UnusableTools."""
        settings = self._settings
        if settings.read_later:
            return []
        self._memory = Memory(redis)
        load = partial(
            load_tools,
            topics_file=settings.topics_file,
            model=settings.entity_model,
            arithmetic=settings.entity_arithmetic,
        )
        try:
            self._tools = await self._run(load)
        except (ValueError, OSError) as error:
            msg = f"{error}; see NEWSFLOW_TOPICS_FILE and NEWSFLOW_ENTITY_MODEL"
            raise UnusableTools(msg) from None
        return []

    async def close(self) -> None:
        """End the thread; nothing is given to it any more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def problem(self) -> str | None:
        return None

    async def enrich(self, articles: Sequence[RawArticle]) -> list[Outcome | PermanentError]:
        """Return what was learned from `articles`, in their order, or why it could not be.

        Raises RedisUnavailable: what their sources put under other articles is asked of Redis.
        """
        now = datetime.now(UTC)
        if self._settings.read_later:
            return [Outcome("enriched", one) for one in pass_on(articles, now=now)]
        endings = await self._run(lambda: [ending_of(article) for article in articles])
        learned = await self._memory.learned(endings)
        read = await self._run(
            partial(enrich, articles, tools=self._tools, now=now, learned=learned)
        )
        return [
            Outcome("enriched", one) if isinstance(one, EnrichedArticle) else one for one in read
        ]

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
