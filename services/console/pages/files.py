"""Files: how far each is, and what came of its records."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any, Final, get_args

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.console.answers import Problem
from services.console.desk import AtDesk, Desk
from services.ingest.ledger import Ledger, Life, State
from services.ingest.receipts import BadReceipt
from services.inspection import files as lives
from services.inspection.files import Cursor

router = APIRouter()

_PAGE: Final = 50
_STATES: Final[tuple[State, ...]] = get_args(State)
# What a receipt tells, and the reason beside a file that failed as a whole does not.
_UNTOLD: Final = {"receipt": "", "reason": "", "set_aside": (), "failures": (), "failed": 0}

OfState = Annotated[State | None, Query(description="Only files in this state.")]
After = Annotated[
    str, Query(max_length=5_000, description="Where the page before ended: its `after`.")
]
Path = Annotated[str, Query(max_length=5_000, description="The file's path within the inbox.")]


class File(BaseModel):
    """A file and how far it is; sizes in bytes."""

    path: str
    state: State
    changed_at: datetime
    received_at: datetime
    size: int
    bytes_read: int
    records: int
    published: int
    duplicate: int
    failed: int
    reason: str
    receipt: str
    sha256: str


class Files(BaseModel):
    """A page of files, that which changed last first; `after` asks for the next, if any."""

    files: list[File]
    after: str | None


class Counts(BaseModel):
    """How many files are in each state, of the `counted` that changed last; there are `total`."""

    states: dict[str, int]
    counted: int
    total: int
    complete: int  # in the inbox, not taken yet
    arriving: int


@router.get("/files", include_in_schema=False)
async def page(
    request: Request, desk: AtDesk, state: OfState = None, after: After = ""
) -> Response:
    """Return the counts, and the files of one state or of all."""
    counted, shown = await counts(desk), await files(desk, state, after)
    return desk.page(
        request,
        "files.html",
        counts=counted,
        page=shown,
        state=state,
        states=_STATES,
        paged=bool(after),
    )


@router.get("/files/receipt", include_in_schema=False)
async def receipt_page(request: Request, desk: AtDesk, path: Path) -> Response:
    """Return what came of a file."""
    [life] = await Ledger(desk.redis).lives([path])
    told = await _receipt(desk, path, life)
    if life is None and told is None:
        raise _unknown(path)
    file = _file(life) if life else None
    whole = {**_UNTOLD, **told} if told else None
    return desk.page(request, "receipt.html", path=path, file=file, receipt=whole)


@router.get("/api/files")
async def files(desk: AtDesk, state: OfState = None, after: After = "") -> Files:
    """Tell how far files are, that which changed last first."""
    found = await lives.page(desk.redis, state=state, after=_cursor(after), limit=_PAGE)
    next_ = f"{found.after.changed_ms}:{found.after.path}" if found.after else None
    return Files(files=[_file(life) for life in found.lives], after=next_)


@router.get("/api/files/counts")
async def counts(desk: AtDesk) -> Counts:
    """Tell how many files are in each state."""
    states, total = await lives.counts(desk.redis)
    waiting = await Ledger(desk.redis).waiting()
    return Counts(
        states=states,
        counted=sum(states.values()),
        total=total,
        complete=waiting.complete,
        arriving=waiting.arriving_count,
    )


@router.get("/api/files/receipt")
async def receipt(desk: AtDesk, path: Path) -> dict[str, Any]:
    """Tell what came of the last file of a name: its receipt, without the ids of its articles."""
    [life] = await Ledger(desk.redis).lives([path])
    if told := await _receipt(desk, path, life):
        return told
    raise _unknown(path)


async def _receipt(desk: Desk, path: str, life: Life | None) -> dict[str, Any] | None:
    settings = desk.settings
    where = {"archive": settings.archive_dir, "inbox": settings.inbox_dir}
    try:
        return await asyncio.to_thread(lives.receipt, path, life, **where)
    except BadReceipt as error:
        what = f"The receipt of {path[:200]!r} cannot be read: {error}."
        raise Problem(500, what, "Put it back from a backup.") from None


def _unknown(path: str) -> Problem:
    return Problem(404, f"No file {path[:200]!r} is known.", "/files lists those that are.")


def _file(life: Life) -> File:
    moments = {"changed_at": life.changed_ms, "received_at": life.received_ms}
    told = {name: datetime.fromtimestamp(ms / 1000, UTC) for name, ms in moments.items()}
    return File.model_validate({**asdict(life), **told})


def _cursor(after: str) -> Cursor | None:
    moment, _, path = after.partition(":")
    if not after:
        return None
    if not moment.isdecimal() or len(moment) > 16:  # noqa: PLR2004 (digits; a Redis score is exact so far)
        raise Problem(422, "That page does not exist.", "Begin at /files.")
    return Cursor(int(moment), path)
