"""The contracts as they were on 2026-11-23: shared/messages.py of commit 782739b.

It is what a service of that day reads with, while others are upgraded.

What travels between services, oldest stage first.

RawArticle  --(enrich)-->  EnrichedArticle  --(store)-->  a MongoDB document

Messages are frozen. Fields that a reader does not know are ignored, so services can be upgraded
one by one. The JSON Schema of both stands in docs/schemas/ and is held to this file by a test.
Every time is UTC; one without an offset is taken as UTC. Every offset into a text counts code
points (Python's own indices) and every range is half-open: `text[start:end]`.
"""

from datetime import UTC, date, datetime
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from shared import identity
from shared.markup import text_of

ENTRY: Final = "entry"  # key of the validation context under which delivery says where it read


def _utc(moment: datetime) -> datetime:
    """Return `moment` in UTC, in whole milliseconds: what MongoDB keeps of a time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(microsecond=aware.microsecond // 1000 * 1000)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _pub_status(value: object) -> object:
    """Accept NewsML-G2's `stat:canceled` and the British spelling."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower().removeprefix("stat:")
    return "canceled" if word == "cancelled" else word


UtcDatetime = Annotated[datetime, AfterValidator(_utc)]
Line = Annotated[str, AfterValidator(_one_line)]
Identifier = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2048)]
PubStatus = Annotated[
    Literal["usable", "withheld", "canceled"],
    BeforeValidator(_pub_status),
]
Day = date  # a field named `date` hides the type within its class
EntityType = Literal["person", "organisation", "place", "group", "other"]


class Message(BaseModel):
    """Base of all that is published: immutable, fields it does not know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class FileOrigin(Message):
    """Where in a file an article stood."""

    path: str = Field(description="POSIX path relative to the inbox.")
    sha256: str = Field(description="SHA-256 of the whole file, 64 hexadecimal digits.")
    record: PositiveInt = Field(default=1, description="Which record of the file, from 1.")
    start: NonNegativeInt = Field(description="First byte of the record.")
    end: NonNegativeInt = Field(description="Byte after the record's last.")


class EntryOrigin(Message):
    """Which stream entry brought an article that no file did."""

    stream: str
    entry_id: str = Field(description="Redis stream id, `milliseconds-sequence`.")

    @property
    def added_at(self) -> datetime:
        """When Redis took the entry, by Redis's own clock."""
        return datetime.fromtimestamp(int(self.entry_id.partition("-")[0]) / 1000, UTC)


class Provenance(Message):
    """How an article came in: from a file, or as a message."""

    file: FileOrigin | None = None
    entry: EntryOrigin | None = None


def _entry(info: ValidationInfo) -> EntryOrigin | None:
    entry = (info.context or {}).get(ENTRY)
    return entry if isinstance(entry, EntryOrigin) else None


def _received_with_entry(value: object, info: ValidationInfo) -> object:
    entry = _entry(info)
    return entry.added_at if value is None and entry else value


def _provenance_of_entry(value: object, info: ValidationInfo) -> object:
    return Provenance(entry=_entry(info)) if value is None else value


def _text_of_html(value: object, info: ValidationInfo) -> object:
    html = info.data.get("body_html")
    return text_of(html) if not value and html else value


class RawArticle(Message):
    """One article as its publisher sent it, not yet interpreted.

    Whoever publishes to `articles.raw` sends this as one JSON object. Only some text is needed:
    a headline or a body (a kill may come without, when it names the article by uri, guid or url).
    `received_at` and `provenance` are filled in from the stream entry when they are left out.
    """

    uri: Identifier | None = Field(None, description="The publisher's lasting id of the article.")
    guid: Identifier | None = Field(None, description="The publisher's id, where it has no uri.")
    url: Identifier | None = Field(None, description="Where the article is published.")
    version: Annotated[str, Field(coerce_numbers_to_str=True)] | None = Field(
        None, description="The publisher's own version label; `updated_at` is what orders versions."
    )
    pub_status: PubStatus = Field("usable", description="IPTC pubStatus; `canceled` is a kill.")
    embargoed_until: UtcDatetime | None = Field(None, description="Not for readers before.")
    headline: Line | None = Field(None, description="Without one, the body's first line may be it.")
    byline: Line | None = None
    summary: Line | None = Field(None, description="The publisher's own short description.")
    body_html: str | None = Field(None, description="The body as HTML, kept as it came.")
    body: Annotated[str, BeforeValidator(_text_of_html), AfterValidator(_lines)] = Field(
        default="",
        validate_default=True,
        description="The body as text, a paragraph a line; made of `body_html` when left out.",
    )
    language: Identifier | None = Field(None, description="BCP 47, as the publisher says.")
    source: Line | None = Field(None, description="Publisher, agency or feed.")
    published_at: UtcDatetime | None = Field(None, description="First publication.")
    updated_at: UtcDatetime | None = Field(None, description="Time of this version.")
    received_at: Annotated[UtcDatetime, BeforeValidator(_received_with_entry)] = Field(
        default=None, validate_default=True, description="When Newsflow took it."
    )
    provenance: Annotated[Provenance, BeforeValidator(_provenance_of_entry)] = Field(
        default=None, validate_default=True, description="How it came in."
    )

    @model_validator(mode="after")
    def _has_text(self) -> Self:
        kill = self.pub_status == "canceled" and (self.uri or self.guid or self.url)
        if not self.headline and not self.body and not kill:
            msg = "neither `headline` nor `body` holds any text"
            raise ValueError(msg)
        return self

    @cached_property
    def text(self) -> str:
        """The stored text, which every offset counts in: the headline's line, then the body."""
        if not self.headline or _one_line(self.body.partition("\n")[0]) == self.headline:
            return self.body
        return f"{self.headline}\n{self.body}" if self.body else self.headline

    @cached_property
    def article_id(self) -> str:
        """What makes two deliveries the same article, see shared/identity.py."""
        return identity.article_id(
            uri=self.uri, guid=self.guid, url=self.url, source=self.source, text=self.text
        )

    @cached_property
    def content_hash(self) -> str:
        """What makes two deliveries say the same; how and when they came does not count."""
        return identity.content_hash(
            self.model_dump(mode="json", exclude={"received_at", "provenance"}, exclude_none=True)
        )

    @property
    def version_created(self) -> datetime:
        """The time that orders versions: updated, else published, else received."""
        return self.updated_at or self.published_at or self.received_at


class Span(Message):
    """A range of the stored text."""

    start: NonNegativeInt
    end: NonNegativeInt


class Dateline(Span):
    """The opening of a wire story that says where, when and by whom: `Moscow, July 20 (AFP)`."""

    text: str = Field(description="As it stands in the text, at start:end.")
    place: str | None = None
    date: Day | None = Field(None, description="A missing year is the nearest to the receipt.")
    agencies: tuple[str, ...] = ()


class Mention(Span):
    """One place where the text names an entity; `text` is the stored text at start:end."""

    text: str


class Entity(Message):
    """Somebody or something that the text names, with every mention of it."""

    name: str = Field(description="Canonical name.")
    type: EntityType
    count: PositiveInt = Field(description="Number of mentions.")
    mentions: tuple[Mention, ...] = Field(description="In the order of the text.")
    country: str | None = Field(None, description="ISO 3166-1 alpha-2, for a country.")
    role: Literal["agency", "dateline"] | None = Field(
        None, description="Agency that sent the story, or place named in its dateline only."
    )


class Topic(Message):
    """An IPTC Media Topic that the article is about."""

    id: str = Field(description="IPTC qcode, `medtop:` and eight digits.")
    name: str
    confidence: float = Field(ge=0, le=1, description="Share of the evidence.")


class Tool(Message):
    """What made an annotation, so that every tag can be checked."""

    name: str
    version: str


class EnrichedArticle(Message):
    """A RawArticle and what was learned from reading it."""

    article_id: str
    article: RawArticle
    headline: str | None = Field(None, description="The publisher's, else found in the text.")
    language: str | None = Field(None, description="ISO 639-1, identified; else the publisher's.")
    dateline: Dateline | None = None
    footer: Span | None = Field(None, description="The publisher's own words, not the story's.")
    entities: tuple[Entity, ...] = Field((), description="Most salient first.")
    topics: tuple[Topic, ...] = Field((), description="Most confident first.")
    tools: dict[str, Tool] = Field(
        default_factory=dict, description="By what it made: `entities`, `topics`, `language`."
    )
    enriched_at: UtcDatetime


def json_schema(message: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what a producer of `message` may send."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **message.model_json_schema(mode="validation"),
    }
