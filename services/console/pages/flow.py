"""The route, live."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from services.console.answers import Problem
from services.console.desk import AtDesk
from services.console.watch import MOST_LISTENERS, Watch
from services.inspection.flow import Flow

router = APIRouter()


@router.get("/", include_in_schema=False)
async def page(request: Request, desk: AtDesk) -> Response:
    """Return the route as it is now; it is kept up to date by /api/flow/events."""
    flow = await desk.watch.now()
    return desk.page(request, "flow.html", status=503 if flow.problems else 200, flow=flow)


@router.get("/api/flow")
async def flow(desk: AtDesk) -> Flow:
    """Tell how the flow is now: rates, what waits, what died, by stage and process."""
    return await desk.watch.now()


@router.get("/api/flow/events", response_class=StreamingResponse)
async def events(desk: AtDesk) -> Response:
    """Tell the same once a second, as server-sent events named `flow`."""
    if desk.watch.listeners >= MOST_LISTENERS:
        raise Problem(503, "Too many listen already.", "Ask /api/flow every few seconds instead.")
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(desk.watch), media_type="text/event-stream", headers=headers)


async def _stream(watch: Watch) -> AsyncIterator[str]:
    yield "retry: 3000\n\n"
    async with aclosing(watch.listen()) as listening:
        async for seen in listening:
            yield f"event: flow\ndata: {seen.model_dump_json()}\n\n" if seen else ": waiting\n\n"
