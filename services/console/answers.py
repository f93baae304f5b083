"""Answers when something is wrong: a page or JSON, with what happened and what to do next."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError, ResponseError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.console.templating import Pages
from services.store.questions import BadTime
from shared.errors import MongoUnavailable, NewsflowError, RedisUnavailable
from shared.observability import get_logger

_TITLES: Final = {
    400: "That cannot be asked",
    401: "The token is needed",
    403: "Refused",
    404: "Not here",
    405: "Refused",
    409: "Not done",
    421: "Not this host",
    422: "That cannot be asked",
    429: "Too many requests",
    500: "Something is broken",
    503: "Not now",
}
_WAITS: Final = "This page tries again by itself. `newsflow status` says more."


class Problem(NewsflowError):  # noqa: N818 (reads as what it is)
    """What a page answers instead of itself: what happened, and what to do next."""

    def __init__(self, status: int, what: str, todo: str = "") -> None:
        super().__init__(what)
        self.status, self.what, self.todo = status, what, todo


def answer(
    pages: Pages, request: Request, problem: Problem, headers: Mapping[str, str] | None = None
) -> Response:
    """Return `problem` as the one who asks can read it."""
    if request.url.path.startswith("/api"):
        told = {"error": problem.what, "todo": problem.todo}
        response: Response = JSONResponse(told, problem.status)
    else:
        context = {
            "title": _TITLES.get(problem.status, "Refused"),
            "what": problem.what,
            "todo": problem.todo,
            "status": problem.status,
        }
        response = pages.page(request, "problem.html", context, status=problem.status)
    response.headers.update(headers or {})
    return response


def install(app: FastAPI, pages: Pages) -> None:
    """Have `app` answer for every error that ends a request."""

    async def on_error(request: Request, error: Exception) -> Response:
        return answer(pages, request, problem_of(error))

    for kind in (
        Problem,
        HTTPException,
        RequestValidationError,
        PyMongoError,
        RedisError,
        NewsflowError,
        OSError,  # TimeoutError is one
        Exception,
    ):
        app.add_exception_handler(kind, on_error)


def problem_of(error: Exception) -> Problem:
    """Return what to tell of an error, and what not: a driver's words go to the log alone."""
    if isinstance(error, Problem):
        return error
    if server := _server(error):
        return server
    if isinstance(error, HTTPException | RequestValidationError | BadTime):
        return _misasked(error)
    get_logger("console").error("failed", exc_info=error)
    return Problem(500, "The console failed to answer.", "Its log says why.")


def _server(error: Exception) -> Problem | None:
    if isinstance(error, ResponseError):
        get_logger("console").error("Redis refuses", error=str(error))
        return Problem(503, "Redis refuses what the console asks.", f"Its log says why. {_WAITS}")
    if isinstance(error, RedisError | RedisUnavailable):
        return away("Redis", "NEWSFLOW_REDIS_URL", str(error))
    if isinstance(error, PyMongoError | MongoUnavailable):
        return away("MongoDB", "NEWSFLOW_MONGO_URL", str(error))
    if isinstance(error, TimeoutError):
        return Problem(503, "A server did not answer in time.", _WAITS)
    return None


def _misasked(error: HTTPException | RequestValidationError | BadTime) -> Problem:
    if isinstance(error, BadTime):
        return Problem(422, f"{error}.")
    if isinstance(error, HTTPException):
        if error.status_code == HTTPStatus.NOT_FOUND:
            return Problem(404, "There is no such page.", "The pages are named above.")
        return Problem(error.status_code, f"{error.detail}.")
    wrong = error.errors()[0]
    where = str(wrong["loc"][-1]) if wrong["loc"] else "the request"
    return Problem(422, f"{where}: {wrong['msg']}.", "Mend it in the address.")


def away(server: str, variable: str, words: str) -> Problem:
    """Return what to tell of a server that does not answer; `words` go to the log alone."""
    get_logger("console").warning("server away", server=server, error=words)
    todo = f"Is it running, and is {variable} right? {_WAITS}"
    return Problem(503, f"{server} does not answer.", todo)
