"""Dead letters as the console asks for them: chosen, counted, page by page, sent again."""

from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, Field, model_validator
from redis.asyncio import Redis

from services.inspection.box import Box
from services.inspection.letters import Kinds, Wanted
from services.store.questions import moment
from shared.letters import deadletters
from shared.letters.deadletters import Cause, DeadLetter

PAGE: Final = 50
MOST_COUNTED: Final = 20_000  # newest letters, of which kinds are counted
MOST_SENT: Final = 10_000  # letters that one request sends again,
MOST_LOOKS: Final = 200_000  # of the oldest ones that it looks at
_MOST_LOOKED_AT: Final = 5_000  # letters of one page, however few are meant
_FEW: Final = 20  # letters that a dry run shows
_LONGEST: Final = 2_000

Said = Annotated[str | None, Field(max_length=_LONGEST)]


class Choice(BaseModel):
    """Which letters are meant: those that all of it holds for."""

    cause: Annotated[Cause | None, Field(description="Why they died.")] = None
    stage: Annotated[Said, Field(description="Where they died: enrich or store.")] = None
    reason: Annotated[Said, Field(description="A part of the reason, or of its kind.")] = None
    source: Annotated[Said, Field(description="Publisher or feed, as the article says.")] = None
    producer: Annotated[Said, Field(description="Who published it.")] = None
    file: Annotated[Said, Field(description="Path or name, or a pattern such as `ap-*`.")] = None
    since: Annotated[Said, Field(description="Parked since: 2026-11-23, 2h, 7d.")] = None
    until: Annotated[Said, Field(description="Parked before, likewise.")] = None

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Any) -> Any:  # noqa: ANN401 (what a form or a query holds)
        is_form = isinstance(given, dict)
        return {name: value for name, value in given.items() if value != ""} if is_form else given

    def wanted(self, now: datetime) -> Wanted:
        """Return what is meant; raises BadTime."""
        return Wanted(
            **self.model_dump(include=set(Choice.model_fields) - {"since", "until"}),
            since=moment(self.since, now=now) if self.since else None,
            until=moment(self.until, now=now) if self.until else None,
        )

    def given(self, **more: str | None) -> dict[str, str]:
        """Return what is chosen, by name, with `more`; what is None is left out."""
        said = {**self.model_dump(include=set(Choice.model_fields)), **more}
        return {name: str(value) for name, value in said.items() if value is not None}

    def query(self, **more: str | None) -> str:
        """Return the same as the query of an address, with its question mark."""
        return f"?{urlencode(given)}" if (given := self.given(**more)) else ""


class Kind(BaseModel):
    """Letters of one stage and cause whose reasons differ by the article only."""

    count: int
    stage: str
    cause: Cause
    reason: str
    newest: str
    died_at: datetime


async def kinds(redis: Redis, wanted: Wanted) -> tuple[list[Kind], bool]:
    """Return the kinds, most letters first, and whether there are more letters than were counted.

    The newest 20,000 are looked at.
    """
    found = Kinds()
    looked_at = 0
    async for letter in deadletters.letters(redis, since=wanted.since, until=wanted.until):
        looked_at += 1
        if looked_at > MOST_COUNTED:
            break
        if wanted.takes(letter):
            found.add(letter)
    told = [Kind.model_validate(one) for one in found.figures()]
    return told, looked_at > MOST_COUNTED


async def page(
    redis: Redis, wanted: Wanted, before: str | None
) -> tuple[list[DeadLetter], str | None]:
    """Return up to fifty letters, newest first, and the id before which there may be more."""
    some: list[DeadLetter] = []
    looked_at = 0
    async for letter in deadletters.letters(
        redis, since=wanted.since, until=wanted.until, before=before
    ):
        looked_at += 1
        if wanted.takes(letter):
            some.append(letter)
        if len(some) == PAGE or looked_at == _MOST_LOOKED_AT:
            return some, letter.letter_id
    return some, None


class Result(BaseModel):
    """What came of sending letters again, or would: each goes once, whoever else sends it."""

    dry_run: bool
    sent: int
    gone: int  # replayed or purged by somebody else meanwhile
    left: bool  # whether there are more than one request sends
    more: bool  # whether there are letters that were not looked at: it looks at the oldest 200,000


async def replay(redis: Redis, box: Box) -> Result:
    """Send the letters of `box` again, oldest first; ten thousand at most."""
    sent = gone = 0
    async for letter in box.letters(looks=MOST_LOOKS):
        if sent + gone == MOST_SENT:
            return Result(dry_run=False, sent=sent, gone=gone, left=True, more=False)
        if await deadletters.replay(redis, letter):
            sent += 1
        else:
            gone += 1
    return Result(dry_run=False, sent=sent, gone=gone, left=False, more=box.more)


async def rehearse(box: Box) -> tuple[Result, list[DeadLetter]]:
    """Return what `replay` would do, and the first letters that it would send."""
    few: list[DeadLetter] = []
    sent = 0
    async for letter in box.letters(looks=MOST_LOOKS):
        if sent == MOST_SENT:
            return Result(dry_run=True, sent=sent, gone=0, left=True, more=False), few
        sent += 1
        if sent <= _FEW:
            few.append(letter)
    return Result(dry_run=True, sent=sent, gone=0, left=False, more=box.more), few
