"""/health and /metrics of a service.

Health is looked at in the background, once a second, and a request is answered from the last look:
it never waits for Redis or MongoDB, and it answers while they are away.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Final, Literal, TypedDict

import orjson
from faststream.asgi import AsgiResponse, get
from faststream.asgi.handlers import HttpHandler
from faststream.asgi.types import ASGIApp, Scope
from prometheus_client import CollectorRegistry, Gauge, make_asgi_app

from shared.part import Notice

Status = Literal["ok", "warning", "bad"]
Check = Callable[[], Awaitable[str | None]]

_EVERY_S: Final = 1.0
_WITHIN_S: Final = 2.0
_STALE_S: Final = 10.0
_STARTING: Final = "starting: waits for its servers, the log says for which"


class Report(TypedDict):
    """What /health answers: `ok`, or how it is and what is wrong, for each check."""

    stage: str
    status: Status
    checks: dict[str, str]


class Health:
    """What is wrong with a service: for each of its checks one sentence, or nothing."""

    def __init__(self, stage: str, checks: Mapping[str, Check]) -> None:
        self._stage = stage
        self._checks = dict(checks)
        self._problems: dict[str, str | None] = dict.fromkeys(checks, _STARTING)
        self._looked_at = math.inf  # a start takes as long as it waits for servers

    async def watch(self) -> None:
        """Look at everything once a second, for ever."""
        while True:
            looks = [self._look(check) for check in self._checks.values()]
            problems = await asyncio.gather(*looks)
            self._problems = dict(zip(self._checks, problems, strict=True))
            self._looked_at = time.monotonic()
            await asyncio.sleep(_EVERY_S)

    def report(self) -> Report:
        """Return the last look, which is at most ten seconds old or says so."""
        problems = dict(self._problems)
        age = time.monotonic() - self._looked_at
        if age > _STALE_S:
            problems["health"] = f"last looked at {age:.0f} s ago"
        checks = {name: problem or "ok" for name, problem in problems.items()}
        wrong = [problem for problem in problems.values() if problem]
        bad = [problem for problem in wrong if not isinstance(problem, Notice)]
        status: Status = "bad" if bad else "warning" if wrong else "ok"
        return {"stage": self._stage, "status": status, "checks": checks}

    def routes(self, registry: CollectorRegistry) -> list[tuple[str, ASGIApp | HttpHandler]]:
        """Return the ASGI routes.

        /health answers 200, or 503 when bad, with the report as JSON. /live answers 200 for as long
        as the process answers at all: who restarts what hangs must not restart what waits.
        """

        @get
        async def health(scope: Scope) -> AsgiResponse:  # noqa: ARG001 (the framework's signature)
            report = self.report()
            return AsgiResponse(
                orjson.dumps(report),
                503 if report["status"] == "bad" else 200,
                {"content-type": "application/json"},
            )

        @get
        async def live(scope: Scope) -> AsgiResponse:  # noqa: ARG001 (the framework's signature)
            return AsgiResponse(b"", 200)

        up = Gauge(
            "newsflow_up",
            "1 while a check of /health finds nothing that stops articles, else 0.",
            ["stage", "check"],
            registry=registry,
        )
        for check in self._checks:
            up.labels(self._stage, check).set_function(partial(self._is_up, check))
        return [("/health", health), ("/live", live), ("/metrics", make_asgi_app(registry))]

    def _is_up(self, check: str) -> bool:
        problem = self._problems[check]
        stale = time.monotonic() - self._looked_at > _STALE_S
        return not stale and (problem is None or isinstance(problem, Notice))

    @staticmethod
    async def _look(check: Check) -> str | None:
        try:
            async with asyncio.timeout(_WITHIN_S):
                return await check()
        except TimeoutError:
            return f"no answer within {_WITHIN_S:.0f} s"
