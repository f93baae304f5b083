"""Entities and topics: what rises and falls, what goes together, and where it happens."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated, Final, Literal, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.console import drawing, trends
from services.console.asked import Asked, asking
from services.console.desk import AtDesk, Desk
from services.console.newest import AMONG, read, windows
from services.console.trends import Count, Kind, Spot, Trend

router = APIRouter()
Window = Literal["1h", "24h", "7d", "30d"]
WINDOWS: Final[tuple[Window, ...]] = get_args(Window)
Said = Annotated[str, Query(max_length=300)]

_SPANS: Final[dict[Window, timedelta]] = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
}
_SURE: Final = 3.84  # what chance alone would bring once in twenty times, see trends.Trend
_MOST: Final = 15
_SPOTS: Final = 200


class Trends(BaseModel):
    """What articles of a window hold beside those of the window before, surest first."""

    window: Window
    articles: int
    before: int
    most: list[Count]
    rising: list[Trend]
    falling: list[Trend]
    places: list[Spot]


class Together(BaseModel):
    """What the newest articles of one entity or topic hold besides."""

    id: str
    name: str
    articles: int
    entities: list[Count]
    topics: list[Count]


@router.get("/api/entities")
async def entities(desk: AtDesk, window: Window = "24h") -> Trends:
    """Entities that rise and fall, and places that are named."""
    return await _trends(desk, "entities", window)


@router.get("/api/topics")
async def topics(desk: AtDesk, window: Window = "24h") -> Trends:
    """Media Topics that rise and fall, and places of these articles."""
    return await _trends(desk, "topics", window)


@router.get("/api/together")
async def together(desk: AtDesk, entity_id: Said = "", topic: Said = "") -> Together | None:
    """Return what goes together with an entity or a topic, among its newest articles."""
    return await _together(desk, entity_id, topic)


@router.get("/entities", include_in_schema=False)
@router.get("/topics", include_in_schema=False)
async def page(request: Request, desk: AtDesk, window: Window = "24h", of: Said = "") -> Response:
    """Return the same as a page; `of` is the entity or topic whose company is shown."""
    kind: Kind = "topics" if request.url.path == "/topics" else "entities"
    is_topic = kind == "topics"
    company = await _together(desk, "" if is_topic else of, of if is_topic else "")
    found = await _trends(desk, kind, window)
    return desk.page(
        request,
        "subjects.html",
        kind=kind,
        mark="topic" if is_topic else "entity_id",
        windows=WINDOWS,
        found=found,
        company=company,
        dots=drawing.dots(found.places),
    )


async def _trends(desk: Desk, kind: Kind, window: Window) -> Trends:
    return await desk.keep(f"{kind} {window}", partial(_made, desk, kind, window))


async def _made(desk: Desk, kind: Kind, window: Window) -> Trends:
    asked = partial(windows, desk.mongo, _SPANS[window], now=datetime.now(UTC))
    now, before = await desk.keep(window, asked)
    all_ = trends.trends(now, before, kind)
    return Trends(
        window=window,
        articles=len(now),
        before=len(before),
        most=trends.counts(now, kind, most=_MOST),
        rising=[one for one in all_ if one.weight >= _SURE][:_MOST],
        falling=[one for one in reversed(all_) if one.weight <= -_SURE][:_MOST],
        places=trends.spots(now, most=_SPOTS),
    )


async def _together(desk: Desk, entity_id: str, topic: str) -> Together | None:
    wanted = entity_id or topic
    if not wanted:
        return None
    asked = Asked(entity_id=entity_id or None, topic=topic or None)
    found = await read(desk.mongo, asking(asked, now=datetime.now(UTC)), AMONG)
    kind: Kind = "entities" if entity_id else "topics"
    names = {one.id: one.name for one in trends.counts(found, kind, most=10 * AMONG)}
    both: dict[Kind, list[Count]] = {
        side: [one for one in trends.counts(found, side, most=_MOST + 1) if one.id != wanted]
        for side in ("entities", "topics")
    }
    return Together(
        id=wanted,
        name=names.get(wanted, wanted),
        articles=len(found),
        entities=both["entities"][:_MOST],
        topics=both["topics"][:_MOST],
    )
