"""Small wire stories, invented for these tests, and how to read them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from services.enrich.entities.entities import entities_of
from services.enrich.entities.mentions import Tag, tidy
from services.enrich.handler import enrich
from services.enrich.text.cleaning import Parts, parts_of
from services.enrich.tools import Tools
from shared.messages import EnrichedArticle, Entity, EntityType, RawArticle, Span

RECEIVED: Final = datetime(2021, 3, 4, 9, 30, tzinfo=UTC)
HEADLINE: Final = "Kenya, US to resume trade talks next week"
DATELINE: Final = "Nairobi, March 3 (Reuters/KNA)"
FOOTER: Final = (
    "Support independent journalism\nThe Herald in Berlin and its editor Angela Weber need you."
)
WIRE: Final = f"""{HEADLINE}
{DATELINE} Kenya and the United States are to resume trade talks next week, \
President Amina Odhiambo said on Tuesday, as inflation and tariffs weigh on the economy.
"The talks with the US may begin on Monday," Odhiambo told Reuters. Kenyan farmers want exports.
The World Food Programme (WFP) and the African Union will send diplomats to Mombasa.
"We hope for a trade agreement," the foreign minister of Kenya said. The WFP did not comment.
{FOOTER}"""
FRENCH: Final = (
    "Le président de la République a rencontré lundi le chancelier allemand à Paris pour parler "
    "de l'économie européenne et de la guerre, selon un communiqué de l'Élysée."
)


def article(body: str, **fields: Any) -> RawArticle:
    """Return an article that came in on 4 March 2021 as nothing but its text."""
    return RawArticle(**{"body": body, "received_at": RECEIVED, **fields})


def read(tools: Tools, body: str, **fields: Any) -> EnrichedArticle:
    """Return what `enrich` makes of one article."""
    [enriched] = enrich([article(body, **fields)], tools=tools, now=RECEIVED)
    assert isinstance(enriched, EnrichedArticle)
    return enriched


def parted(tools: Tools, body: str, **fields: Any) -> Parts:
    """Return the parts of an article."""
    return parts_of(article(body, **fields), bureaus=tools.bureaus, closings=tools.closings)


def at(text: str, span: Span | None) -> str | None:
    """Return what stands at `span`."""
    return text[span.start : span.end] if span else None


def tagged(text: str, names: Iterable[tuple[str, EntityType]], *, start: int = 0) -> list[Tag]:
    """Return where `names` stand in `text` from `start`, each after the one before."""
    tags, here = [], start
    for name, kind in names:
        here = text.index(name, here)
        tags.append(Tag(here, here + len(name), kind))
        here += len(name)
    return tags


def entities(
    tools: Tools, text: str, names: Iterable[tuple[str, EntityType]], *, start: int = 0
) -> dict[str, Entity]:
    """Return by name the entities of `text` when the tagger saw `names`, most salient first."""
    parts = parted(tools, text)
    tags = tagged(text, names, start=start)
    tidied = tidy(text, tags, story=parts.story, gazetteer=tools.gazetteer)
    found = entities_of(text, tidied, parts=parts, gazetteer=tools.gazetteer)
    return {entity.name: entity for entity in found}


def texts(entity: Entity) -> list[str]:
    """Return the mentions as they are written."""
    return [mention.text for mention in entity.mentions]
