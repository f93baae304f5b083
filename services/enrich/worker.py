"""The thread that reads articles, so that the event loop never waits for the tagger."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from redis.asyncio import Redis

from services.enrich.handler import Tools, enrich, load_tools
from services.enrich.settings import EnrichSettings
from shared.errors import NewsflowError, PermanentError
from shared.messages import EnrichedArticle, RawArticle
from shared.outcome import Outcome
from shared.part import Running


class UnusableTools(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A topic lexicon or a model that cannot be used; the text says what is wrong with it."""


class Worker:
    """Loads the tools once and enriches batch after batch, in one thread of its own."""

    def __init__(self, settings: EnrichSettings) -> None:
        self._settings = settings
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="enrich")
        self._tools: Tools

    async def open(self, _redis: Redis) -> Sequence[Running]:
        """Load weights and lexicon, in about a second; raises UnusableTools."""
        settings = self._settings
        load = partial(
            load_tools,
            topics_file=settings.topics_file,
            model=settings.entity_model,
            arithmetic=settings.entity_arithmetic,
        )
        try:
            self._tools = await asyncio.get_running_loop().run_in_executor(self._thread, load)
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
        """Return what was learned from `articles`, in their order, or why it could not be."""
        work = partial(enrich, articles, tools=self._tools, now=datetime.now(UTC))
        read = await asyncio.get_running_loop().run_in_executor(self._thread, work)
        return [
            Outcome("enriched", one) if isinstance(one, EnrichedArticle) else one for one in read
        ]
