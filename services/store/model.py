"""What stands in MongoDB, field by field. Pure.

docs/querying.md and the validators of the collections are made from these models; what
documents.py writes is held to them by a test. A field without a value is left out, never null. A
field without a description is told of where it belongs to. `ninjs` and `schema_org` name the
property of ninjs 3.3 and of schema.org's NewsArticle that means the same, where there is one.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field
from pydantic.types import JsonValue

from shared.messages import EntityType

Offset: TypeAlias = Annotated[int, Field(ge=0)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
Longitude: TypeAlias = Annotated[float, Field(ge=-180, le=180)]
Latitude: TypeAlias = Annotated[float, Field(ge=-90, le=90)]


def _is(what: str, *, ninjs: str = "", schema_org: str = "", alias: str | None = None) -> Any:  # noqa: ANN401 (of any type, as pydantic's own Field)
    """Return a field that is always there, with what is told of it."""
    return Field(description=what, alias=alias, json_schema_extra=_names(ninjs, schema_org))


def _may(what: str, *, ninjs: str = "", schema_org: str = "") -> Any:  # noqa: ANN401 (as above)
    """Return a field that is there when it has a value."""
    return Field(None, description=what, json_schema_extra=_names(ninjs, schema_org))


def _names(ninjs: str, schema_org: str) -> dict[str, JsonValue]:
    return {"ninjs": ninjs, "schema_org": schema_org}


class Stored(BaseModel):
    """Base of what stands in MongoDB: these fields, and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FileOrigin(Stored):
    """Where in a file an article stood."""

    path: str
    sha256: str
    member: str | None = None
    record: int
    start: Offset
    end: Offset


class EntryOrigin(Stored):
    """Which stream entry brought an article, and what stood there beside it."""

    stream: str
    entry_id: str
    producer: str | None = None
    message_id: str | None = None


class Provenance(Stored):
    """How an article came in."""

    file: FileOrigin | None = None
    entry: EntryOrigin | None = None


class Subject(Stored):
    """What an article is about, as its publisher says."""

    id: str | None = None
    name: str | None = None


class AltId(Stored):
    """A further id by the publisher."""

    role: str
    value: str


class Span(Stored):
    """A range of `text`, in code points."""

    start: Offset
    end: Offset


class Dateline(Span):
    """Where, when and by whom a wire story was written."""

    text: str
    place: str | None = None
    date: str | None = None
    agencies: tuple[str, ...]


class Mention(Span):
    """A place where the text names an entity."""

    text: str
    field: Literal["headline", "body"]


class Point(Stored):
    """GeoJSON, within the bounds that a 2dsphere index takes."""

    type: Literal["Point"]
    coordinates: tuple[Longitude, Latitude]


class Entity(Stored):
    """Somebody or something that the text names."""

    id: str | None = _may(
        "the same in every article: `geonames:1138958` for a place that is known, else type and "
        "name, `person:amina odhiambo`",
        ninjs="uri, literal",
        schema_org="@id",
    )
    name: str = _is(
        "the canonical name, see [entities](#entities)", ninjs="name", schema_org="name"
    )
    type: EntityType = _is(
        "`person`, `organisation`, `place`, `group`, `other`; one of them for all mentions in a "
        "document",
        ninjs="people, organisations, places",
        schema_org="@type",
    )
    count: Annotated[int, Field(ge=1)] = _is("number of mentions")
    salience: Share = _is("0 to 1, how much the article is about it, see below")
    mentions: tuple[Mention, ...] = _is(
        "`start`, `end`, `text`, `field` (`headline`, `body`); `text` is the document's text from "
        "start to end"
    )
    iso3166: str | None = _may(
        "the place's own code: ISO 3166-1 of a country (`AF`), 3166-2 of a part of one (`US-TX`, "
        "`GB-ENG`); a city has none"
    )
    country: str | None = _may(
        "ISO 3166-1 code of the country that it is, or lies in", schema_org="addressCountry"
    )
    location: Point | None = _may(
        "GeoJSON Point: a city's own, of a country or a part of one its most central settlement's",
        ninjs="geoJSON",
        schema_org="geo",
    )
    role: Literal["agency", "dateline"] | None = _may(
        "`agency` sent the story; `dateline`: named there only"
    )


class Topic(Stored):
    """An IPTC Media Topic that the article is about."""

    id: str
    name: str
    broader: str | None = _may(
        "the id of the topic above it, which is assigned too; of a second level"
    )
    confidence: Share = _is("how likely an editor would assign it, 0 to 1")
    evidence: tuple[str, ...] = _is(
        "phrases of the text that speak for it, strongest first, five at most"
    )


class Quote(Span):
    """Somebody's words, within quotation marks."""

    text: str
    speaker: str
    speaker_id: str


class Tool(Stored):
    """What made an annotation."""

    name: str
    version: str


class Sent(Stored):
    """What a publisher sent, and when."""

    id: str = _is("the document's own id", alias="_id")
    uri: str | None = _may("the publisher's own identity", ninjs="uri", schema_org="identifier")
    guid: str | None = _may("the same, where it has no uri", schema_org="identifier")
    url: str | None = _may("where it is published", schema_org="url")
    version: str | None = _may(
        "the publisher's version label", ninjs="version", schema_org="version"
    )
    pub_status: Literal["usable", "withheld", "canceled"] = _is(
        "`usable`, `withheld`, `canceled` (a kill, [for good](#versions-kills-and-embargoes))",
        ninjs="pubStatus",
        schema_org="creativeWorkStatus",
    )
    embargoed_until: datetime | None = _may("not for readers before", ninjs="embargoedUntil")
    headline: str | None = _may("as sent", ninjs="headlines", schema_org="headline")
    byline: str | None = _may("as sent", ninjs="by", schema_org="author")
    summary: str | None = _may("as sent", ninjs="descriptions", schema_org="abstract")
    body_html: str | None = _may("the body as HTML, if it came so", ninjs="bodies")
    language: str | None = _may("as sent", ninjs="language", schema_org="inLanguage")
    source: str | None = _may("as sent", ninjs="infoSources", schema_org="publisher")
    urgency: Annotated[int, Field(ge=1, le=9)] | None = _may("as sent, 1 to 9", ninjs="urgency")
    located: str | None = _may(
        "as sent: where it was written", ninjs="located", schema_org="locationCreated"
    )
    subjects: tuple[Subject, ...] | None = _may(
        "as sent: the publisher's own topics, `id` and `name`; Media Topics as `medtop:...`",
        ninjs="subjects",
        schema_org="about",
    )
    alt_ids: tuple[AltId, ...] | None = _may(
        "as sent: further ids, `role` and `value`", ninjs="altIds", schema_org="identifier"
    )
    published_at: datetime | None = _may(
        "as sent", ninjs="firstCreated", schema_org="datePublished"
    )
    updated_at: datetime | None = _may("as sent", schema_org="dateModified")
    version_created: datetime = _is(
        'orders versions and answers "when": updated, else published, else received',
        ninjs="versionCreated",
    )
    received_at: datetime = _is("when Newsflow took this version")
    provenance: Provenance = _is(
        "`entry`: `stream`, `entry_id`, `producer`, `message_id`; of one that came in a file, "
        "`file`: `path`, `sha256`, `member` (of an archive), `record`, `start`, `end`"
    )
    content_hash: str = _is("SHA-256 of what the publisher said")


class Article(Sent):
    """A head: the newest version of an article, and what was learned from reading it."""

    id: str = _is(
        "the article id: 32 hexadecimal digits, the same for every delivery and version",
        alias="_id",
    )
    headline: str | None = _may(
        "the publisher's, else the first line of the text if it reads like one",
        ninjs="headlines",
        schema_org="headline",
    )
    summary: str = _is(
        "the publisher's, else the first paragraph of the story, at most 500 characters",
        ninjs="descriptions",
        schema_org="abstract",
    )
    text: str = _is(
        "the whole text: the headline's line, then the body. Every offset counts its code points",
        ninjs="bodies",
        schema_org="articleBody",
    )
    language: str | None = _may(
        "identified (ISO 639-1), else as sent", ninjs="language", schema_org="inLanguage"
    )
    dateline: Dateline | None = _may(
        "`start`, `end`, `text`; `place`, `date` (ISO), `agencies`", schema_org="dateline"
    )
    footer: Span | None = _may(
        "`start`, `end`: the publisher's own words at the end, known or "
        "[learned](operations.md#footers-that-are-learned); `text` keeps them"
    )
    entities: tuple[Entity, ...] = _is(
        "most salient first: `id`, `name`, `type`, `count`, `salience`, `mentions[]`; of a place "
        "`iso3166`, `country`, `location`; `role`",
        ninjs="people, organisations, places",
        schema_org="mentions",
    )
    topics: tuple[Topic, ...] = _is(
        "[Media Topics](topics.md) of two levels, most confident first: `id` (`medtop:`), `name`",
        ninjs="subjects",
        schema_org="about",
    )
    quotes: tuple[Quote, ...] = _is(
        "in the order of the text: `start`, `end`, `text` (without the marks), `speaker`, "
        "`speaker_id` (an entity's `id`)"
    )
    cluster: str = _is(
        "`_id` of the canonical article: the first seen of those that run the same story; its own "
        "when it is alone"
    )
    joined: str | None = _may(
        "another article of the cluster, by which the store keeps it together; nothing to query"
    )
    made_by: str | None = _may(
        "`_id` of the revision that made the document, whose sender was told `stored`; nothing to "
        "query"
    )
    signature: str | None = _may(
        "base64 of 128 numbers of 16 bits, a MinHash of the story; none under 20 shingles of three "
        "words"
    )
    tools: dict[str, Tool] = _is(
        "what made `entities`, `topics`, `signature`, `language` and `text` (headline, dateline, "
        "footer, quotes): `name` and `version`"
    )
    enriched_at: datetime = _is("when this version was read")
    first_seen_at: datetime = _is("the first of all deliveries")
    last_seen_at: datetime = _is("the last of all deliveries")
    schema_version: int = _is("2; 1 had no `cluster`")


class Revision(Sent):
    """One version as its publisher sent it, and what re-runs of it are found by."""

    id: str = _is("the article id, and the beginning of `content_hash`", alias="_id")
    article_id: str = _is("`_id` of the article in `articles`")
    body: str = _is(
        "the body as text, a paragraph a line", ninjs="bodies", schema_org="articleBody"
    )
    signature: str | None = _may("a MinHash of the story, as in the article")
    signed_by: str | None = _may("name and version of the tool that made it")
    bands: tuple[int, ...] | None = _may("by which re-runs are looked for; nothing to query")
    enriched_at: datetime | None = _may("when this version was read first")
    stored_at: datetime | None = _may("when it was first written here")
