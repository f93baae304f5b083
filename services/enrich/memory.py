"""What enrich remembers from one article to the next, in Redis: what each source puts under them.

`articles.footers:SOURCE` is a hash of a source's paragraphs, `articles.footers` sorts these keys
by when they were last used. All processes of enrich share them. A source takes at most 125 KB, all
of them 63 MB; one of which nothing came for a month is forgotten, and so is, of more than 500,
the one that was silent longest.
"""

from collections.abc import Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from services.enrich.text.footers import Ending
from shared.delivery import redis_scripts
from shared.errors import RedisUnavailable

SOURCES: Final = "articles.footers"
_LONGEST: Final = 200  # characters of a source's name; those that begin alike share a memory
_KEPT_S: Final = 30 * 24 * 3600


class Memory:
    """Counts paragraphs by source; safe to ask again, and to share between processes.

    `a_round` is the number of paragraphs of a source after which those not met meanwhile are
    dropped, so twice that is kept at most: of 1,024 a hundred articles in a row, or so. `sources`
    is the number of sources.
    """

    def __init__(self, redis: Redis, *, a_round: int = 1024, sources: int = 500) -> None:
        self._redis: Any = redis  # redis-py types each reply as the union of all there are
        self._script = redis_scripts.digest(redis_scripts.LEARN)
        self._bounds = (a_round, sources, _KEPT_S)

    async def learned(self, endings: Sequence[Ending | None]) -> list[frozenset[bytes]]:
        """Remember `endings`; return for each which of its paragraphs are learned footers.

        One round trip; an article that is remembered twice counts once. Raises RedisUnavailable.
        """
        given = [ending for ending in endings if ending]
        try:
            answers = iter(await self._ask(given) if given else [])
        except NoScriptError:  # a server that is new to it
            await self._load_script()
            return await self.learned(endings)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error
        return [frozenset(next(answers)) if ending else frozenset() for ending in endings]

    async def _ask(self, endings: Sequence[Ending]) -> list[list[bytes]]:
        pipe = self._redis.pipeline(transaction=False)
        for ending in endings:
            key = f"{SOURCES}:{ending.source[:_LONGEST]}"
            keys = (SOURCES, key)
            pipe.evalsha(
                self._script, len(keys), *keys, *self._bounds, ending.signs, *ending.paragraphs
            )
        answers: list[list[bytes]] = await pipe.execute(raise_on_error=False)
        for answer in answers:  # raised by the pipeline, an error is worded with all of the command
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _load_script(self) -> None:
        try:
            self._script = await self._redis.script_load(redis_scripts.LEARN)
        except (RedisError, OSError) as error:
            raise RedisUnavailable(str(error)) from error
