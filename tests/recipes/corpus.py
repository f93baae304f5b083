"""A few invented articles, each there for some question: stored as the store service stores."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import MongoClient

from services.store.documents import record
from services.store.mongo import Mongo
from shared.messages import (
    EnrichedArticle,
    Entity,
    EntityType,
    Mention,
    Point,
    Provenance,
    Quote,
    RawArticle,
    Tool,
    Topic,
)

KABUL: Final = ("Kabul", "place", "geonames:1138958", "AF", (69.1723, 34.5289))
BAGRAM: Final = ("Bagram", "place", "geonames:1147242", "AF", (69.2485, 34.9400))
KANDAHAR: Final = ("Kandahar", "place", "geonames:1138336", "AF", (65.7101, 31.6133))
LIMA: Final = ("Lima", "place", "geonames:3936456", "PE", (-77.0282, -12.0432))
NATIONS: Final = ("United Nations", "organisation", "organisation:united nations", None, None)
OKORO: Final = ("Ada Okoro", "person", "person:ada okoro", None, None)
KNOWN: Final = (KABUL, BAGRAM, KANDAHAR, LIMA, NATIONS, OKORO)

CONFLICT: Final = ("medtop:16000000", "conflict, war and peace")
SPORT: Final = ("medtop:15000000", "sport")
WEATHER: Final = ("medtop:17000000", "weather")

HARBOUR: Final = "Port Vesper closed its harbour.\nIt opens on Monday."


def day(number: int, hour: int = 8) -> datetime:
    return datetime(2026, 11, number, hour, tzinfo=UTC)


def article(
    name: str,
    at: datetime,
    body: str,
    *,
    topics: Mapping[tuple[str, str], float] | None = None,
    language: str = "en",
    lexicon: str = "2",
    **fields: Any,
) -> EnrichedArticle:
    """Return an article, read: whoever of KNOWN its text names is an entity of it."""
    raw = RawArticle(
        uri=f"urn:x:{name}",
        body=body,
        published_at=at,
        received_at=at,
        provenance=Provenance(),
        **fields,
    )
    return EnrichedArticle(
        article_id=raw.article_id,
        article=raw,
        headline=raw.headline,
        language=language,
        entities=tuple(filter(None, (_entity(raw.text, *known) for known in KNOWN))),
        topics=tuple(
            Topic(id=id_, name=said, confidence=sure)
            for (id_, said), sure in (topics or {}).items()
        ),
        quotes=_quotes(raw.text),
        tools={"topics": Tool(name="lexicon", version=lexicon)},
        enriched_at=at,
    )


def _entity(
    text: str,
    name: str,
    type_: EntityType,
    id_: str,
    country: str | None,
    point: tuple[float, float] | None,
) -> Entity | None:
    start = text.find(name)
    if start < 0:
        return None
    return Entity(
        id=id_,
        name=name,
        type=type_,
        count=1,
        salience=0.5,
        mentions=(Mention(start=start, end=start + len(name), text=name),),
        country=country,
        location=Point(coordinates=point) if point else None,
    )


def _quotes(text: str) -> tuple[Quote, ...]:
    """Return what stands in the text's one pair of marks: it is Ada Okoro's."""
    parts = text.split("“")
    if len(parts) == 1:
        return ()
    said, start = parts[1].partition("”")[0], len(parts[0]) + 1
    end = start + len(said)
    return (Quote(start=start, end=end, text=said, speaker=OKORO[0], speaker_id=OKORO[2]),)


def corpus() -> Sequence[EnrichedArticle]:
    """Return the articles in the order they came: a correction and a kill after what they change.

    `talks` begins with a letter of two UTF-16 units, so that offsets of code points differ.
    """
    wire: dict[str, Any] = {"source": "Test Wire"}
    post: dict[str, Any] = {"source": "Harbour Post"}
    talks = "Talks of the United Nations opened in Kabul, and Ada Okoro said: “We begin.”"
    harbour: dict[str, Any] = {
        "headline": "Harbour closes in storm",
        "topics": {WEATHER: 0.7},
        **post,
    }
    return (
        article("old", day(2), "Kabul waits.", headline="Before the time", lexicon="1", **wire),
        article("talks", day(16), talks, headline="𝒜 day of talks", topics={CONFLICT: 0.9}, **wire),
        article("talks-again", day(17), talks, headline="Talks", topics={CONFLICT: 0.9}, **post),
        article("harbour", day(17, 9), HARBOUR, **harbour),
        article("match", day(18), "Kabul won.", headline='Kabul, "at last"', topics={SPORT: 0.8}),
        article("bagram", day(19), "Bagram.", headline="Near", topics={CONFLICT: 0.6}, **wire),
        article("harbour", day(19, 9), f"{HARBOUR[:31]}\nIt opens on Friday.", **harbour),
        article("lima", day(20), "Lluvia en Lima.", headline="Lluvia", language="es", lexicon="1"),
        article("killed", day(20, 9), "Kabul.", headline="Wrong", **wire),
        article("killed", day(20, 10), "Kabul.", headline="Wrong", pub_status="canceled", **wire),
        article("far", day(21), "The United Nations in Kandahar.", headline="Far", **wire),
        article("withheld", day(21, 9), "Kabul.", headline="Held", pub_status="withheld", **wire),
        article(
            "later",
            day(22),
            "Kabul.",
            headline="Later",
            embargoed_until=datetime(2099, 1, 1, tzinfo=UTC),
        ),
    )


async def stored(mongo: Mongo, url: str) -> dict[str, str]:
    """Store the corpus, the second of the talks as a re-run of the first; return names by id."""
    await mongo.open()
    for one in corpus():
        await mongo.write([record(one)])
    ids = {str(one.article.uri).removeprefix("urn:x:"): one.article_id for one in corpus()}
    with MongoClient[dict[str, Any]](url) as client:
        client["newsflow"]["articles"].update_one(
            {"_id": ids["talks-again"]}, {"$set": {"cluster": ids["talks"]}}
        )
    return {id_: name for name, id_ in ids.items()}
