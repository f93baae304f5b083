"""The contracts: what travels between services, oldest stage first.

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
from shared.streams import RAW

_MANY: Final = 1_000  # subjects, further ids: 450,000 of them took ten seconds to read
_EXACT: Final = 2**53  # up to which every whole number is a float, too
ENTRY: Final = "entry"  # key of the validation context under which delivery says where it read


def _utc(moment: datetime) -> datetime:
    """Return `moment` in UTC, in whole milliseconds: what MongoDB keeps of a time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        there = aware.astimezone(UTC)
    except OverflowError:
        msg = "no such time in UTC, before the year 1 or after 9999"
        raise ValueError(msg) from None
    below = there.microsecond % 1000
    return there.replace(microsecond=there.microsecond - below) if below else there


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _lines(text: str) -> str:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip()


def _pub_status(value: object) -> object:
    """Accept NewsML-G2's `stat:canceled` and the British spelling."""
    if not isinstance(value, str):
        return value
    word = value.strip().lower().removeprefix("stat:")
    return "canceled" if word == "cancelled" else word


def _exact(value: object) -> object:
    """Refuse a number that JSON parsers round: it would not be what was sent."""
    if isinstance(value, float) and not -_EXACT < value < _EXACT:  # nor NaN
        msg = "too many digits for a number; send it as a text"
        raise ValueError(msg)
    return value


UtcDatetime = Annotated[datetime, AfterValidator(_utc)]
# Headline and summary are indexed by word: one article of 1.3 million different words kept MongoDB
# busy for longer than the ten seconds of a write, for ever; a hundred at both limits take 5 s.
Line = Annotated[str, StringConstraints(max_length=50_000), AfterValidator(_one_line)]
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
    member: str | None = Field(
        None, description="Which file of an archive; bytes count in it, unpacked."
    )
    record: PositiveInt = Field(default=1, description="Which record of the file, from 1.")
    start: NonNegativeInt = Field(description="First byte of the record.")
    end: NonNegativeInt = Field(description="Byte after the record's last.")


class EntryOrigin(Message):
    """Which stream entry brought an article, and what stood there beside it."""

    stream: str
    entry_id: str = Field(description="Redis stream id, `milliseconds-sequence`.")
    producer: str | None = Field(None, description="Who sent it, as the entry's field says.")
    message_id: str | None = Field(None, description="The producer's own name for the message.")

    @property
    def added_at(self) -> datetime:
        """When Redis took the entry, by Redis's own clock."""
        return datetime.fromtimestamp(int(self.entry_id.partition("-")[0]) / 1000, UTC)


class Provenance(Message):
    """How an article came in: out of a file or not, and by which entry of the stream."""

    file: FileOrigin | None = None
    entry: EntryOrigin | None = None


class Subject(Message):
    """What an article is about, as its publisher says."""

    id: Identifier | None = Field(
        None, description="A concept id as given; one of IPTC's is written `medtop:04000000`."
    )
    name: Line | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.id and not self.name:
            msg = "neither `id` nor `name`"
            raise ValueError(msg)
        return self


def _entry(info: ValidationInfo) -> EntryOrigin | None:
    entry = (info.context or {}).get(ENTRY)
    return entry if isinstance(entry, EntryOrigin) else None


def _received_with_entry(value: object, info: ValidationInfo) -> object:
    entry = _entry(info)
    return entry.added_at if value is None and entry else value


def _provenance_of_entry(value: object, info: ValidationInfo) -> object:
    """Say which entry brought the article; of a file's, too, where it is read first."""
    entry = _entry(info)
    if value is None:
        return Provenance(entry=entry)
    if entry and entry.stream == RAW and isinstance(value, dict):
        return {**value, "entry": entry}
    return value


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
    version: (
        Annotated[str, Field(coerce_numbers_to_str=True, max_length=2048), BeforeValidator(_exact)]
        | None
    ) = Field(
        None,
        description="The publisher's own version label; `updated_at` is what orders versions.",
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
    urgency: Annotated[int, Field(ge=1, le=9)] | None = Field(
        None, description="IPTC urgency: 1 is a flash, 9 the least."
    )
    located: Line | None = Field(None, description="Where the story was written, as given.")
    subjects: tuple[Subject, ...] = Field(
        (), max_length=_MANY, description="The publisher's own topics, as given."
    )
    alt_ids: dict[str, str] = Field(
        default_factory=dict,
        max_length=_MANY,
        description="The publisher's further ids, by their kind.",
    )
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
        named = self.uri or self.guid or self.url
        return identity.article_id(
            uri=self.uri,
            guid=self.guid,
            url=self.url,
            source=self.source,
            text="" if named else self.text,
        )

    @cached_property
    def content_hash(self) -> str:
        """What makes two deliveries say the same; how and when they came does not count."""
        return identity.content_hash(
            self.model_dump(
                mode="json", exclude={"received_at", "provenance"}, exclude_defaults=True
            )
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
    field: Literal["headline", "body"] = Field("body", description="Which part of the text.")


class Point(Message):
    """A place on the earth, as GeoJSON (RFC 7946)."""

    type: Literal["Point"] = "Point"
    coordinates: tuple[float, float] = Field(description="Longitude, then latitude, in degrees.")


class Entity(Message):
    """Somebody or something that the text names, with every mention of it."""

    id: str | None = Field(
        None, description="The same in every article: `geonames:` and a number, else type and name."
    )
    name: str = Field(description="Canonical name.")
    type: EntityType
    count: PositiveInt = Field(description="Number of mentions.")
    salience: float = Field(0, ge=0, le=1, description="How much the article is about it.")
    mentions: tuple[Mention, ...] = Field(description="In the order of the text.")
    iso3166: str | None = Field(
        None, description="ISO 3166-1 alpha-2 code of a country, 3166-2 code of a part of one."
    )
    country: str | None = Field(
        None, description="ISO 3166-1 alpha-2 code of the country that it is, or lies in."
    )
    location: Point | None = Field(None, description="Where a place lies, by GeoNames.")
    role: Literal["agency", "dateline"] | None = Field(
        None, description="Agency that sent the story, or place named in its dateline only."
    )


class Quote(Span):
    """Somebody's words, within quotation marks; `text` is the stored text at start:end."""

    text: str = Field(description="Without the quotation marks.")
    speaker: str = Field(description="Canonical name of the entity that says it.")
    speaker_id: str = Field(description="Its `id` among the article's entities.")


class Topic(Message):
    """An IPTC Media Topic that the article is about."""

    id: str = Field(description="IPTC qcode, `medtop:` and eight digits.")
    name: str
    broader: str | None = Field(None, description="Id of the topic above it, for a second level.")
    confidence: float = Field(
        ge=0, le=1, description="How likely an editor would assign it; calibrated."
    )
    evidence: tuple[str, ...] = Field((), description="Phrases of the text, strongest first.")


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
    quotes: tuple[Quote, ...] = Field((), description="In the order of the text.")
    signature: str | None = Field(
        None, description="Base64 of a MinHash of the story, by which near-duplicates are found."
    )
    tools: dict[str, Tool] = Field(
        default_factory=dict,
        description="By what it made: `language`, `text`, `entities`, `topics`, `signature`.",
    )
    enriched_at: UtcDatetime


def json_schema(message: type[Message]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of what a producer of `message` may send."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **message.model_json_schema(mode="validation"),
    }
