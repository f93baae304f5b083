"""What the pages have at hand: the servers, the watch over the flow, templates, the token."""

import math
import time
from asyncio import Lock
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar, cast

from fastapi import Depends
from redis.asyncio import Redis
from starlette.requests import Request
from starlette.responses import HTMLResponse

from services.console.access import Access
from services.console.answers import Problem
from services.console.settings import ConsoleSettings
from services.console.templating import Pages
from services.console.watch import Watch
from services.store.mongo import Mongo

T = TypeVar("T")

_KEPT_S: Final = 10.0


@dataclass(frozen=True)
class Desk:
    """One console's; opened and closed by app.py."""

    settings: ConsoleSettings
    redis: Redis
    mongo: Mongo
    watch: Watch
    pages: Pages
    access: Access
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict)
    _making: defaultdict[str, Lock] = field(default_factory=lambda: defaultdict(Lock))

    async def keep(self, name: str, make: Callable[[], Awaitable[T]]) -> T:
        """Return what `make` makes, at most once in ten seconds, however many ask at once."""
        self._clear()
        async with self._making[name]:
            made_at, made = self._kept.get(name, (-math.inf, None))
            if time.monotonic() - made_at > _KEPT_S:
                made = await make()
                self._kept[name] = (time.monotonic(), made)
            return cast("T", made)

    def forget(self, beginning: str) -> None:
        """Have all made anew whose name begins so."""
        for name in [one for one in self._kept if one.startswith(beginning)]:
            del self._kept[name]

    def _clear(self) -> None:
        """Drop what is too old: names hold what people ask for, so there is no end of them."""
        for name, (made_at, _) in list(self._kept.items()):
            if time.monotonic() - made_at > _KEPT_S:
                del self._kept[name]
        for name in [one for one in self._making if one not in self._kept]:
            if not self._making[name].locked():
                del self._making[name]

    def page(
        self, request: Request, template: str, /, *, status: int = 200, **context: object
    ) -> HTMLResponse:
        """Return a page made of a template and what it names."""
        return self.pages.page(request, template, context, status=status)

    def form_token(self, request: Request) -> str:
        """Return what a form carries that changes something; nothing without a session."""
        session: str = request.scope["session"]
        return self.access.form_token(session) if session else ""

    def demand(self, request: Request, form_token: str) -> None:
        """Raise Problem unless who asks may change something, and means to.

        A session's cookie is sent by browsers unasked, so a form carries `form_token`; a program
        that sends the token itself needs none.
        """
        session: str = request.scope["session"]
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.access.is_token(given):
            return
        if not session:
            raise Problem(401, "The token is needed.", "Show it on /token, then try again.")
        if not self.access.is_form_token(form_token, session):
            raise Problem(403, "The form was not this console's, or too old.", "Load it anew.")


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


AtDesk = Annotated[Desk, Depends(_desk)]
