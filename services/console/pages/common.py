"""What is no page of its own: scripts and pictures, health, showing the token."""

import secrets
import time
from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from services.console.access import SESSION_S
from services.console.answers import Problem
from services.console.desk import AtDesk
from services.console.guard import COOKIE

router = APIRouter(include_in_schema=False)


@router.get("/static/{digest}/{name:path}")
async def static(desk: AtDesk, digest: str, name: str) -> Response:
    """Return a script or a picture."""
    answer = desk.pages.assets.answer(digest, name)
    if answer is None:
        raise Problem(404, "There is no such file.", "Load the page anew.")
    return answer


@router.get("/health")
async def health(desk: AtDesk) -> JSONResponse:
    """Return whether the console can show anything: 503 when a server is away."""
    flow = await desk.watch.now()
    status = "bad" if flow.problems else "ok"
    told = {"stage": "console", "status": status, "checks": {"servers": "; ".join(flow.problems)}}
    return JSONResponse(told, 503 if flow.problems else 200)


@router.get("/token")
async def ask(
    request: Request, desk: AtDesk, back: Annotated[str, Query(alias="next")] = "/"
) -> Response:
    """Ask for the token."""
    return desk.page(request, "token.html", next=_local(back), wrong=False)


@router.post("/token")
async def show(
    request: Request,
    desk: AtDesk,
    token: Annotated[str, Form()] = "",
    back: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Take the token; the session is a cookie that no script and no other site gets."""
    if not desk.access.is_token(token):
        return desk.page(request, "token.html", status=403, next=_local(back), wrong=True)
    answer = RedirectResponse(_local(back), 303)
    answer.set_cookie(
        COOKIE,
        desk.access.session(now_s=time.time(), nonce=secrets.token_hex(8)),
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/token/forget")
async def forget(
    request: Request, desk: AtDesk, form_token: Annotated[str, Form()] = ""
) -> Response:
    """End the session of this browser."""
    desk.demand(request, form_token)
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _local(path: str) -> str:
    r"""Return `path` if it is one of this console's; `//host` and `/\host` lead elsewhere."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours else "/"
