"""What the processes of the stages say of themselves, by their /health and /metrics."""

import asyncio
from http.client import HTTPException
from typing import Final, Literal, NamedTuple
from urllib.error import HTTPError
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, ValidationError

Health = Literal["ok", "warning", "bad", "away", "unknown"]

_WITHIN_S: Final = 2.0
_LONGEST: Final = 4 * 1024 * 1024  # bytes of an answer that are read
_QUOTED: Final = 100  # characters of an answer that makes no sense


class Answer(NamedTuple):
    """What a process says of itself; `ended` is how many articles it has ended."""

    name: str
    health: Health
    problems: list[str]
    ended: float | None = None


async def ask(name: str, url: str) -> Answer:
    """Return what a process says; nothing raises: what answers oddly is bad, and quoted."""
    return await asyncio.to_thread(_answer, name, url)


class _Report(BaseModel):
    """What a process answers on /health, see shared/health.py."""

    status: Literal["ok", "warning", "bad"]
    checks: dict[str, str]


def _answer(name: str, url: str) -> Answer:
    try:
        body = _health(url)
    except HTTPException as error:
        return _oddly(name, str(error))
    except (OSError, ValueError):
        return Answer(name, "away", ["does not answer"])
    try:
        report = _Report.model_validate_json(body)
    except ValidationError:
        return _oddly(name, body[:_QUOTED].decode("utf-8", "replace"))
    wrong = [f"{check}: {text}" for check, text in report.checks.items() if text != "ok"]
    return Answer(name, report.status, wrong, _ended(url.removesuffix("/health") + "/metrics"))


def _oddly(name: str, said: str) -> Answer:
    return Answer(name, "bad", [f"no answer of a service: {said[:_QUOTED]!r}"])


def _health(url: str) -> bytes:
    """Return what is answered, also with a status of an error."""
    try:
        return _body(url)
    except HTTPError as error:
        with error:
            return error.read(_LONGEST)


def _body(url: str) -> bytes:
    """Return what is answered; raises OSError, HTTPException, or ValueError."""
    with urlopen(url, timeout=_WITHIN_S) as answer:  # noqa: S310 (an address of the settings)
        body: bytes = answer.read(_LONGEST)
        return body


def _ended(url: str) -> float | None:
    """Return how many articles a process has ended, by its metrics."""
    try:
        families = text_string_to_metric_families(_body(url).decode())
        return sum(
            sample.value
            for family in families
            if family.name == "newsflow_articles"
            for sample in family.samples
            if sample.name == "newsflow_articles_total"
        )
    except (OSError, HTTPException, ValueError, LookupError):  # the last two: no metrics
        return None
