"""What a reader asks of the articles: a query string, a question to MongoDB, and links on. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any, Final, NamedTuple
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pymongo import ASCENDING

from services.store.documents import Document
from services.store.questions import BadTime, Query, Question, moment, query

Word = Annotated[str | None, Field(max_length=300)]
_MARK: Final = "~"
_ID: Final = re.compile("[0-9a-f]{32}")


class Asked(BaseModel):
    """All that is given has to hold. Times as in `newsflow query --since`: 2026-11-23, 2h, 7d."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: Word = Field(None, description="Words of headline or summary.")
    entity: Word = Field(None, description="Name of an entity, in any case.")
    entity_id: Word = Field(None, description="Id of an entity: geonames:1138958.")
    topic: Word = Field(None, description="Id of a Media Topic: medtop:16000000.")
    source: Word = Field(None, description="Publisher or feed, as written.")
    country: Annotated[str | None, Field(max_length=2)] = Field(
        None, description="ISO 3166-1 code of a country that is named, or lies around a place."
    )
    language: Annotated[str | None, Field(max_length=3)] = Field(None, description="ISO 639-1.")
    speaker: Word = Field(None, description="Name of somebody whose words are quoted.")
    cluster: Word = Field(None, description="The re-runs of a story.")
    since: Word = None
    until: Word = None
    all: bool = Field(
        default=False, description="Each re-run, and what is withheld, killed or embargoed."
    )
    before: Word = Field(None, description="Where to go on, as `older` of the answer says.")

    @field_validator("*", mode="before")
    @classmethod
    def _said(cls, value: Any) -> Any:  # noqa: ANN401 (as a query string has it)
        """Take a field of a form that was left empty for one that is not there."""
        return value or None if isinstance(value, str) else value

    @field_validator("all", mode="before")
    @classmethod
    def _is_said(cls, value: Any) -> Any:  # noqa: ANN401 (as above)
        return value or False

    @cached_property
    def given(self) -> Mapping[str, str]:
        """What is asked for, as it stands in a query string."""
        held = self.model_dump(exclude_defaults=True)
        return {name: "1" if value is True else str(value) for name, value in held.items() if value}

    def link(self, path: str, **changed: str | None) -> str:
        """Return `path` with this and what is changed; None takes it away. It begins anew."""
        rest: Mapping[str, Any] = {**self.given, "before": None, **changed}
        held = {name: value for name, value in rest.items() if value}
        return f"{path}?{urlencode(held)}" if held else path


class Mark(NamedTuple):
    """Where a list goes on: behind the article `article_id`, which is of the time `at`."""

    at: datetime
    article_id: str

    def __str__(self) -> str:
        return f"{self.at.isoformat()}{_MARK}{self.article_id}"


def asking(asked: Asked, *, now: datetime) -> Query:
    """Return the query for what is asked, from its beginning. Raises BadTime."""
    question = Question(
        entity=asked.entity,
        entity_id=asked.entity_id,
        topics=(asked.topic,) if asked.topic else (),
        source=asked.source,
        country=asked.country.upper() if asked.country else None,
        speaker=asked.speaker,
        language=asked.language.lower() if asked.language else None,
        cluster=asked.cluster,
        since=moment(asked.since, now=now) if asked.since else None,
        until=moment(asked.until, now=now) if asked.until else None,
        text=asked.text,
        fold=not asked.all and not asked.cluster,
        everything=asked.all,
    )
    return query(question, now=now)


def going_on(wanted: Query, before: str) -> Query:
    """Return the query from a mark on; raises BadTime for what is no mark.

    Articles of one time stand in the order of their ids.
    """
    told, _, article_id = before.partition(_MARK)
    if not _ID.fullmatch(article_id):
        msg = f"not a place to go on from: {before!r}; take `older` as it was answered"
        raise BadTime(msg)
    at = moment(told, now=datetime.fromtimestamp(0, UTC))
    behind = [{"version_created": {"$lt": at}}, {"version_created": at, "_id": {"$gt": article_id}}]
    conditions = [wanted.filter, {"version_created": {"$lte": at}}, {"$or": behind}]
    words = wanted.words and wanted.words._replace(until=at)
    return wanted._replace(filter={"$and": conditions}, words=words)


def of_time(wanted: Query, at: datetime) -> Query:
    """Return the query for the articles of one time, in the order of their ids."""
    order = [("version_created", ASCENDING), ("_id", ASCENDING)]  # the index `export` has it
    of_it = {"$and": [wanted.filter, {"version_created": at}]}
    return wanted._replace(filter=of_it, sort=order, words=None)


def older(shown: Sequence[Document]) -> str:
    """Return the mark behind the articles that were shown."""
    return str(Mark(shown[-1]["version_created"], shown[-1]["_id"]))
