"""Sources: last heard of, usual rhythm, which went quiet."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import Response

from services.console.desk import AtDesk, Desk
from services.inspection import sources as rhythms
from services.inspection.sources import Source, State
from services.store.indexes import ARTICLES
from services.store.mongo import Mongo
from shared.errors import MongoUnavailable

router = APIRouter()

_WITHIN_S: Final = 3.0

OfState = Annotated[State | None, Query(description="Only those that are so.")]
Named = Annotated[str, Query(max_length=200, description="A part of the name, in any case.")]


@router.get("/sources", include_in_schema=False)
async def page(request: Request, desk: AtDesk, state: OfState = None, name: Named = "") -> Response:
    """Return all sources, those that went quiet first."""
    every = await _look(desk)
    counts = {one: sum(1 for source in every if source.state == one) for one in _STATES}
    shown = _chosen(every, state, name)
    return desk.page(
        request,
        "sources.html",
        sources=shown,
        counts=counts,
        total=len(every),
        state=state,
        name=name,
        most=rhythms.MOST_SOURCES,
    )


@router.get("/api/sources")
async def sources(desk: AtDesk, state: OfState = None, name: Named = "") -> list[Source]:
    """Tell when each source was last heard of, its usual rhythm, and whether it went quiet."""
    return _chosen(await _look(desk), state, name)


_STATES: Final[tuple[State, ...]] = ("quiet", "usual", "unknown")


async def _look(desk: Desk) -> list[Source]:
    found = await desk.keep("sources", partial(_made, desk.mongo))
    if isinstance(found, PyMongoError):
        raise MongoUnavailable(str(found))
    return found


async def _made(mongo: Mongo) -> list[Source] | PyMongoError:
    """Return the sources, or why there are none: that is kept, too, so that nobody asks again."""
    now = datetime.now(UTC)
    try:
        pipeline = rhythms.pipeline(ARTICLES, now=now)
        found = await mongo.aggregate(pipeline, names=False, within_s=_WITHIN_S)
    except PyMongoError as error:
        return error
    return rhythms.sources(found, now=now)


def _chosen(every: list[Source], state: State | None, name: str) -> list[Source]:
    sought = name.casefold()
    return [
        one for one in every if state in {None, one.state} and sought in (one.name or "").casefold()
    ]
