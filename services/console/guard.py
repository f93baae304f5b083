"""What every request passes before a page sees it, and every answer gets on its way out.

the Host header   names this console: a name of somebody else's that leads here is refused
where from        what changes something is asked for by this console's own pages alone
how often         no address asks more than some times a minute
the token         for every page, when others than this machine reach the console
"""

import ipaddress
import re
import time
from collections.abc import Collection
from http import HTTPStatus
from typing import Final
from urllib.parse import quote, urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.access import Access
from services.console.answers import Problem, answer
from services.console.settings import ConsoleSettings
from services.console.templating import Pages

COOKIE: Final = "newsflow"
_OPEN: Final = ("/static/", "/health")  # to everybody who reaches the console
_TOKEN_PAGE: Final = "/token"  # noqa: S105 (a path)
_TOKENS_PER_MINUTE: Final = 10  # 32 hexadecimal digits are not guessed at any speed
_READING: Final = frozenset({"GET", "HEAD"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src {styles}; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with `no-referrer` forms come with `Origin: null`
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_HOST: Final = re.compile(
    r"\[(?P<six>[0-9a-fA-F:.]+)\](?::\d{1,5})?|(?P<name>[^:\[\]]+)(?::\d{1,5})?"
)


class Guard:
    """An ASGI middleware; `scope["session"]` is the session of who asks, or ""."""

    def __init__(
        self, app: ASGIApp, *, settings: ConsoleSettings, access: Access, pages: Pages
    ) -> None:
        policy = _POLICY.format(styles=" ".join(pages.assets.style_hashes))
        self._headers = {**_HEADERS, "content-security-policy": policy}
        self._app = app
        self._settings = settings
        self._access = access
        self._pages = pages
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerMinute(settings.console_requests_per_minute)
        self._token_limit = RateLimitItemPerMinute(_TOKENS_PER_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the pages answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        request = Request(scope, receive)
        scope["session"] = self._session(request)
        refusal = self._refusal(request)
        await (refusal or self._app)(scope, receive, dressed)

    def _session(self, request: HTTPConnection) -> str:
        given = request.cookies.get(COOKIE, "")
        return given if self._access.is_session(given, now_s=time.time()) else ""

    def _refusal(self, request: Request) -> Response | None:
        if problem := self._problem(request):
            headers = (
                {"retry-after": "60"} if problem.status == HTTPStatus.TOO_MANY_REQUESTS else {}
            )
            return answer(self._pages, request, problem, headers)
        path = request.url.path
        is_free = self._settings.is_open or path == _TOKEN_PAGE or path.startswith(_OPEN)
        if is_free or self.may_change(request):
            return None
        if path.startswith("/api"):
            problem = Problem(401, "The token is needed.", "Send `Authorization: Bearer TOKEN`.")
            return answer(self._pages, request, problem, {"www-authenticate": "Bearer"})
        wanted = path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"{_TOKEN_PAGE}?next={quote(wanted, safe='')}", 303)

    def _problem(self, request: Request) -> Problem | None:
        if not is_ours(request.headers.get("host", ""), self._settings.console_names):
            what = "This console is not known by the name in the address."
            return Problem(421, what, "Use its address, or add the name to NEWSFLOW_CONSOLE_NAMES.")
        if not request.url.path.startswith(_OPEN) and not self._takes_one_more(request):
            return Problem(429, "Too many requests from this address.", "Wait a minute.")
        if request.method not in _READING and is_from_elsewhere(request):
            return Problem(403, "Another site has sent this request.", "Nothing was done.")
        return None

    def may_change(self, request: Request) -> bool:
        """Say whether who asks has shown the token: in a session, or beside the request."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        bears = scheme.lower() == "bearer" and self._access.is_token(given)
        return bears or bool(request.scope["session"])

    def _takes_one_more(self, request: Request) -> bool:
        address = request.client.host if request.client else "?"
        if not self._limiter.hit(self._limit, address):
            return False
        tries = request.method == "POST" and request.url.path == _TOKEN_PAGE
        tries = tries or ("authorization" in request.headers and not self.may_change(request))
        return not tries or self._limiter.hit(self._token_limit, f"token:{address}")


def is_ours(host: str, names: Collection[str]) -> bool:
    """Say whether a Host header names this console: an address, localhost, or one of `names`.

    Who rebinds a name of theirs to our address (DNS rebinding) sends that name.
    """
    found = _HOST.fullmatch(host)
    if not found:
        return False
    name = (found["six"] or found["name"]).lower().rstrip(".")
    if name == "localhost" or name in {one.lower() for one in names}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_from_elsewhere(request: Request) -> bool:
    """Say whether a browser tells that another site's page sends this."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
