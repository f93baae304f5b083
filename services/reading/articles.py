"""The stored articles, as docs/recipes.md asks for them. Nothing here writes."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any, Final, Self, TypedDict, Unpack

from services.store.counting import (
    Bucket,
    Period,
    Top,
    What,
    buckets,
    over_time_pipeline,
    top_pipeline,
    tops,
)
from services.store.documents import Document
from services.store.following import Stored, Token, follow
from services.store.mongo import Mongo
from services.store.questions import Circle, Query, Question, moment, query
from services.store.settings import StoreSettings
from shared.errors import MongoUnavailable
from shared.settings import load

_NEAR_KM: Final = 50.0


class Asked(TypedDict, total=False):
    """What can be asked for; all that is given has to hold.

    Names match in any case and accents. `topic` is an id, `medtop:16000000`; of several, one has
    to hold. `near` is latitude and longitude in degrees. Times are aware datetimes, or texts as
    `newsflow query --since` takes them. `everything` is also what is withheld, canceled or under
    embargo; `fold` leaves the first of the re-runs of a story.
    """

    entity: str
    entity_id: str
    topic: str | tuple[str, ...]
    source: str
    country: str
    near: tuple[float, float]
    within_km: float
    speaker: str
    language: str
    cluster: str
    since: datetime | str
    until: datetime | str
    text: str
    fold: bool
    everything: bool


class Articles:
    """The articles of a MongoDB: `async with Articles(url) as articles`.

    Without `url`, of the one that NEWSFLOW_MONGO_URL names. What MongoDB refuses is raised as
    PyMongo's own errors, a time that cannot be read as BadTime.
    """

    def __init__(self, url: str | None = None, *, database: str | None = None) -> None:
        given = {"mongo_url": url, "mongo_database": database}
        settings = load(StoreSettings)
        self._mongo = Mongo(
            settings.model_copy(update={name: said for name, said in given.items() if said})
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._mongo.close()

    async def find(self, *, limit: int = 0, **asked: Unpack[Asked]) -> AsyncIterator[Document]:
        """Yield articles, the newest first, at most `limit` (0: all)."""
        async for article in self._mongo.find(_query(asked), limit=limit):
            yield article

    async def count(self, **asked: Unpack[Asked]) -> int:
        """Return how many articles there are."""
        return await self._mongo.how_many(_query(asked), limit=0)

    async def top(
        self, what: What, *, limit: int = 10, by: Period | None = None, **asked: Unpack[Asked]
    ) -> list[Top]:
        """Return what most articles hold, the most first; with `by`, how many in each period."""
        wanted = _query(asked)
        pipeline = top_pipeline(wanted, what, limit=limit, by=by)
        return tops(await self._mongo.aggregate(pipeline, names=wanted.names), by)

    async def over_time(self, *, by: Period = "day", **asked: Unpack[Asked]) -> list[Bucket]:
        """Return how many articles there were in each period, from the first to the last."""
        wanted = _query(asked)
        pipeline = over_time_pipeline(wanted, by)
        return buckets(await self._mongo.aggregate(pipeline, names=wanted.names), by)

    async def get(self, article_id: str) -> Document | None:
        """Return an article, whatever its status; None when there is none."""
        wanted = Query({"_id": article_id}, [("_id", 1)], names=False)
        return await anext(self._mongo.find(wanted, limit=1), None)

    async def revisions(self, article_id: str) -> list[Document]:
        """Return every version of an article as its publisher sent it, the oldest first."""
        return await self._mongo.versions(article_id)

    async def cluster(self, article_id: str) -> list[Document]:
        """Return the re-runs of an article's story with itself, the first seen first."""
        article = await self.get(article_id)
        if article is None:
            return []
        wanted = Query({"cluster": article["cluster"]}, [("first_seen_at", 1)], names=False)
        return [run async for run in self._mongo.find(wanted, limit=0)]

    async def follow(
        self,
        *,
        after: Token | None = None,
        waiting: Callable[[MongoUnavailable], None] = lambda _: None,
        **asked: Unpack[Asked],
    ) -> AsyncGenerator[Stored]:
        """Yield articles as they are stored: after `after`, or from now on; for ever.

        The first comes at once and, like every one in a second without articles, holds none: its
        `token` is what to keep. Outages are waited out, and told to `waiting`; CannotFollow says
        why a token is of no use any more. `text` cannot be asked for.
        """
        async with aclosing(
            follow(self._mongo, _query(asked), after=after, waiting=waiting)
        ) as stream:
            async for stored in stream:
                yield stored


def _query(asked: Asked) -> Query:
    now = datetime.now(UTC)
    rest: dict[str, Any] = dict(asked)
    topic = rest.pop("topic", ())
    near, km = rest.pop("near", None), rest.pop("within_km", _NEAR_KM)
    for name in ("since", "until"):
        if isinstance(said := rest.get(name), str):
            rest[name] = moment(said, now=now)
    question = Question(
        topics=(topic,) if isinstance(topic, str) else tuple(topic),
        near=Circle(near[1], near[0], km) if near else None,
        **rest,
    )
    return query(question, now=now)
