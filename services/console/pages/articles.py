"""The articles: newest first, with what they hold together and when they came."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from services.console import drawing, trends
from services.console.asked import Asked
from services.console.desk import AtDesk
from services.console.newest import Found, find
from services.console.trends import KINDS, Bar, Count, Kind
from services.store.documents import Document

router = APIRouter()
AskedHere = Annotated[Asked, Query()]

_SHOWN: Final = 300  # characters of a headline or summary in a list
_NAMES: Final = 6
_FACETS: Final = 10
_MARKS: Final[dict[Kind, str]] = {  # what a facet adds to the question
    "entities": "entity_id",
    "topics": "topic",
    "sources": "source",
    "countries": "country",
    "languages": "language",
}


class Named(BaseModel):
    """An entity or a topic; an entity that is not known has no id."""

    id: str | None
    name: str


class Row(BaseModel):
    """An article in a list."""

    id: str
    headline: str
    summary: str
    source: str | None
    language: str | None
    version_created: datetime
    pub_status: str
    cluster: str
    runs: int  # articles that run this story, this one too
    topics: list[Named]
    entities: list[Named]


class Articles(BaseModel):
    """A page of articles. All but `articles` is made of the newest `among` of them."""

    articles: list[Row]
    older: str | None  # give it as `before` to go on
    among: int
    facets: dict[Kind, list[Count]]
    over_time: list[Bar]


@router.get("/api/articles")
async def articles(desk: AtDesk, asked: AskedHere) -> Articles:
    """Articles, the newest first, fifty at once."""
    return _answer(await find(desk.mongo, asked, now=datetime.now(UTC)))


@router.get("/articles", include_in_schema=False)
async def page(request: Request, desk: AtDesk, asked: AskedHere) -> Response:
    """Return the same as a page."""
    answer = _answer(await find(desk.mongo, asked, now=datetime.now(UTC)))
    return desk.page(
        request,
        "articles.html",
        asked=asked,
        answer=answer,
        marks=_MARKS,
        plot=drawing.plot(answer.over_time),
    )


def _answer(found: Found) -> Articles:
    return Articles(
        articles=[row(one, found.runs.get(one["cluster"], 1)) for one in found.articles],
        older=found.older,
        among=len(found.among),
        facets={kind: trends.counts(found.among, kind, most=_FACETS) for kind in KINDS},
        over_time=trends.over_time(found.among),
    )


def row(article: Document, runs: int) -> Row:
    """Return an article as lists show it."""
    summary = article["summary"]
    headline = article.get("headline") or summary or "without words"
    return Row(
        id=article["_id"],
        headline=_short(headline),
        summary=_short(summary) if summary != headline else "",
        source=article.get("source"),
        language=article.get("language"),
        version_created=article["version_created"],
        pub_status=article["pub_status"],
        cluster=article["cluster"],
        runs=runs,
        topics=[Named(id=one["id"], name=one["name"]) for one in article["topics"]],
        entities=[
            Named(id=one.get("id"), name=one["name"]) for one in article["entities"][:_NAMES]
        ],
    )


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN].rstrip()} \N{HORIZONTAL ELLIPSIS}"
