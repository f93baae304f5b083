"""Dead letters: why, who, when, the bytes; and how they are sent again."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Header, Path, Query
from pydantic import BaseModel, Field, field_validator
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.console import letters
from services.console.answers import Problem
from services.console.desk import AtDesk, Desk
from services.console.letters import Choice, Kind, Result
from services.console.shown import shown as bytes_shown
from services.inspection.box import Box, NoSuchLetter
from services.inspection.letters import shown
from shared.letters import deadletters
from shared.letters.deadletters import CAUSES, DeadLetter

router = APIRouter()

_ID: Final = r"^\d{1,20}-\d{1,20}$"
_LONGEST: Final = 300  # characters of a field beside the article

LetterId = Annotated[str, Path(pattern=_ID)]


class Turned(Choice):
    """A choice of letters, and where the page begins."""

    before: str | None = Field(
        None, pattern=_ID, description="Only those parked before this letter."
    )
    sent: int | None = None  # how many have just been sent again
    gone: int | None = None

    @field_validator("before")
    @classmethod
    def _is_id(cls, before: str | None) -> str | None:
        if before and not deadletters.is_id(before):
            msg = "no id of a letter"
            raise ValueError(msg)
        return before


class Letters(BaseModel):
    """A page of letters, newest first, without their articles; `before` asks for the next."""

    letters: list[dict[str, Any]]
    before: str | None


class KindsFound(BaseModel):
    """The kinds of letters, most first; `more` when only the newest 20,000 were counted."""

    kinds: list[Kind]
    more: bool


class Order(Choice):
    """Which letters to send again: by id, by what they have in common, or every one."""

    ids: list[str] = Field([], max_length=1_000)
    every: bool = False
    form_token: str = ""


class ApiOrder(Order):
    """The same from a program, which is told what would be done unless it says otherwise."""

    dry_run: bool = True


@router.get("/dead", include_in_schema=False)
async def page(request: Request, desk: AtDesk, asked: Annotated[Turned, Query()]) -> Response:
    """Return the kinds of letters, and a page of them."""
    found = await _page(desk, asked)
    kinds, more = await _kinds(desk, asked)
    return desk.page(
        request,
        "dead.html",
        kinds=kinds,
        more=more,
        letters=[_row(one) for one in found[0]],
        before=found[1],
        asked=asked,
        causes=CAUSES,
        now=_now(),
    )


@router.get("/dead/replay", include_in_schema=False)
async def rehearse(request: Request, desk: AtDesk, order: Annotated[Order, Query()]) -> Response:
    """Return what would be sent again, and the button that does it."""
    until = order.until or _now().isoformat(timespec="milliseconds")
    bounded = order.model_copy(update={"until": None if order.ids else until})
    box = await _box(desk, bounded)
    result, few = await letters.rehearse(box)
    here = f"{request.url.path}?{request.url.query}"
    return desk.page(
        request,
        "replay.html",
        order=bounded,
        result=result,
        letters=[_row(one) for one in few],
        looks=letters.MOST_LOOKS,
        form_token=desk.form_token(request),
        here=urlencode({"next": here}),
    )


@router.post("/dead/replay", include_in_schema=False)
async def send_again(
    request: Request, desk: AtDesk, order: Annotated[Order, Form()]
) -> RedirectResponse:
    """Send letters again, then show those that are left."""
    desk.demand(request, order.form_token)
    result = await _send(desk, order)
    told = {"sent": result.sent, "gone": result.gone}
    return RedirectResponse(f"/dead?{urlencode(told)}", 303)


@router.get("/dead/{letter_id}", include_in_schema=False)
async def letter_page(request: Request, desk: AtDesk, letter_id: LetterId) -> Response:
    """Return a letter with its bytes."""
    letter = await _letter(desk, letter_id)
    beside = {
        name.decode("utf-8", "backslashreplace"): value[:_LONGEST].decode(
            "utf-8", "backslashreplace"
        )
        for name, value in letter.original.items()
        if name != b"data"
    }
    return desk.page(
        request, "letter.html", letter=letter, data=bytes_shown(letter.data), beside=beside
    )


@router.get("/api/dead")
async def list_(desk: AtDesk, asked: Annotated[Turned, Query()]) -> Letters:
    """Tell of dead letters, newest first."""
    found, before = await _page(desk, asked)
    return Letters(letters=[_row(one) for one in found], before=before)


@router.get("/api/dead/kinds")
async def kinds(desk: AtDesk, choice: Annotated[Choice, Query()]) -> KindsFound:
    """Tell how many letters there are of each kind."""
    found, more = await _kinds(desk, choice)
    return KindsFound(kinds=found, more=more)


@router.post("/api/dead/replay")
async def replay(
    request: Request,
    desk: AtDesk,
    order: ApiOrder,
    x_form_token: Annotated[str, Header()] = "",
) -> Result:
    """Send letters again; without `"dry_run": false` only tell how many that would be."""
    if order.dry_run:
        result, _ = await letters.rehearse(await _box(desk, order))
        return result
    desk.demand(request, x_form_token)
    return await _send(desk, order)


@router.get("/api/dead/{letter_id}")
async def letter(desk: AtDesk, letter_id: LetterId) -> dict[str, Any]:
    """Tell all of a letter; the article as text, with what is no UTF-8 replaced."""
    return shown(await _letter(desk, letter_id))


@router.get("/api/dead/{letter_id}/data", response_class=Response)
async def data(desk: AtDesk, letter_id: LetterId) -> Response:
    """Give the article as it was sent, byte for byte, to be saved."""
    found = await _letter(desk, letter_id)
    headers = {"content-disposition": f'attachment; filename="letter-{letter_id}.bin"'}
    return Response(found.data, media_type="application/octet-stream", headers=headers)


async def _page(desk: Desk, asked: Turned) -> tuple[list[DeadLetter], str | None]:
    return await letters.page(desk.redis, asked.wanted(_now()), asked.before)


async def _kinds(desk: Desk, choice: Choice) -> tuple[list[Kind], bool]:
    asked = partial(letters.kinds, desk.redis, choice.wanted(_now()))
    return await desk.keep(f"kinds {choice.query()}", asked)


async def _send(desk: Desk, order: Order) -> Result:
    try:
        return await letters.replay(desk.redis, await _box(desk, order))
    finally:
        desk.forget("kinds ")


async def _letter(desk: Desk, letter_id: str) -> DeadLetter:
    if found := await deadletters.letter(desk.redis, letter_id):
        return found
    raise Problem(404, f"There is no dead letter {letter_id}.", "It may have been sent again.")


async def _box(desk: Desk, order: Order) -> Box:
    """Return the letters that are meant; raises Problem when that is not clear."""
    is_chosen = bool(order.given().keys() - {"until"})
    if bool(order.ids) + is_chosen + order.every != 1:
        what = "It is not clear which letters are meant."
        raise Problem(422, what, "Name them, say what they have in common, or every one.")
    try:
        return await Box.opened(desk.redis, order.wanted(_now()), order.ids)
    except NoSuchLetter:
        what = "A letter that is named is not there any more."
        raise Problem(404, what, "It was sent again, or deleted.") from None


def _row(letter: DeadLetter) -> dict[str, Any]:
    told = shown(letter)
    del told["data"]
    return told


def _now() -> datetime:
    return datetime.now(UTC)
