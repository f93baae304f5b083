"""One article: its text with what was found in it, its versions, its re-runs, and its way."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.console.answers import Problem
from services.console.desk import AtDesk, Desk
from services.console.marked import marked
from services.console.newest import read
from services.console.pages.articles import Row, row
from services.console.versions import differences
from services.inspection import ways
from services.inspection.ways import Sought, Way
from services.store import model
from services.store.documents import Document
from services.store.model import Stored
from services.store.questions import Query, Question, query

router = APIRouter()
ArticleId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]

_RUNS: Final = 20  # re-runs that are listed
_VERSIONS: Final = 50  # newest ones that are listed
_NOT_SHOWN: Final = ("signature", "joined", "bands")  # nothing for readers


class Step(BaseModel):
    """Something that happened to an article: when, in which stage, and what."""

    at: datetime
    stage: str
    what: str


class Article(BaseModel):
    """An article as docs/querying.md describes it, and what belongs to it."""

    article: dict[str, Any]
    revisions: list[dict[str, Any]]
    runs: list[Row]
    way: list[Step]
    now: str


@router.get("/api/articles/{article_id}")
async def article(desk: AtDesk, article_id: ArticleId) -> Article:
    """Return an article, every version of it, its re-runs, and its way from where it came."""
    return await _article(desk, article_id)


@router.get("/articles/{article_id}", include_in_schema=False)
async def page(
    request: Request, desk: AtDesk, article_id: ArticleId, before: str = "", after: str = ""
) -> Response:
    """Return the same as a page, with two of its versions side by side."""
    answer = await _article(desk, article_id)
    revisions = [_whole(one, model.Revision) for one in answer.revisions]
    entities = [_whole(one, model.Entity) for one in answer.article["entities"]]
    article = _whole(answer.article, model.Article) | {"entities": entities}
    chosen = _two(revisions, before, after)
    return desk.page(
        request,
        "article.html",
        answer=answer,
        article=article,
        revisions=revisions,
        stretches=marked(article),
        chosen=chosen,
        rows=await asyncio.to_thread(differences, *chosen) if chosen else [],
    )


async def _article(desk: Desk, article_id: str) -> Article:
    wanted = Query({"_id": article_id}, [("_id", 1)], names=False)
    head = await anext(desk.mongo.find(wanted, limit=1), None)
    if head is None:
        what = f"No article is stored as {article_id}."
        todo = f"`newsflow trace {article_id}` says whether it is on its way, or died."
        raise Problem(404, what, todo)
    revisions = (await desk.mongo.versions(article_id))[-_VERSIONS:]
    way = Way(Sought(), revisions=revisions, heads={article_id: head})
    [told] = ways.ways(way) or [ways.Journey(article_id, "", "stored", [])]
    return Article(
        article=_shown(head),
        revisions=[_shown(one) for one in revisions],
        runs=await _runs(desk, head),
        way=[Step(**step._asdict()) for step in told.steps],
        now=told.now,
    )


async def _runs(desk: Desk, head: Document) -> list[Row]:
    """Return the other articles of a cluster that readers may see."""
    wanted = query(Question(cluster=head["cluster"]), now=datetime.now(UTC))
    found = await read(desk.mongo, wanted, _RUNS + 1)
    return [row(one, len(found)) for one in found if one["_id"] != head["_id"]]


def _shown(document: Document) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in _NOT_SHOWN}


def _whole(document: Mapping[str, Any], fields: type[Stored]) -> dict[str, Any]:
    """Return a document with None for each field that it may have and has not."""
    names = (field.alias or name for name, field in fields.model_fields.items())
    return {**dict.fromkeys(names), **document}


def _two(
    revisions: list[dict[str, Any]], before: str, after: str
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return the two versions that are named, else the last two; None when there is one only."""
    known = {one["_id"]: one for one in revisions}
    if before in known and after in known:
        return known[before], known[after]
    return (revisions[-2], revisions[-1]) if len(revisions) > 1 else None
