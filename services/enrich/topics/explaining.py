"""Why an article has its topics, and what it almost was about. Pure."""

from typing import Final, NamedTuple

from services.enrich.text.cleaning import parts_of
from services.enrich.text.dateline import Bureaus
from services.enrich.text.footers import Footers
from services.enrich.text.language import language_of
from services.enrich.topics.lexicon import Section
from services.enrich.topics.topics import Assessment, Sign, TopicRules
from shared.messages import RawArticle

_NEARLY: Final = 0.1  # confidence; below, there is little to tell
_MOST: Final = 5  # topics that nearly made it
_READ: Final = "en"


class Reason(NamedTuple):
    """A topic, and what speaks for it."""

    topic: Section
    confidence: float
    evidence: float
    share: float  # of the evidence found for all topics, or for the one above it
    signs: tuple[Sign, ...]  # strongest first


class Explanation(NamedTuple):
    """The topics that were assigned and those that nearly were, most confident first.

    Neither where the article is not read because of its language.
    """

    headline: str | None
    language: str | None
    assigned: tuple[Reason, ...] = ()
    nearly: tuple[Reason, ...] = ()

    @property
    def is_read(self) -> bool:
        """Say whether topics were looked for."""
        return self.language == _READ


def explain(
    article: RawArticle, *, rules: TopicRules, bureaus: Bureaus, closings: Footers
) -> Explanation:
    """Read an article for topics as `enrich` does, without its names."""
    language = language_of(article.text, declared=article.language).code
    if language != _READ:
        return Explanation(article.headline, language)
    parts = parts_of(article, bureaus=bureaus, closings=closings)
    headline = parts.headline
    assessment = Assessment(article.text, parts=parts, rules=rules)
    assigned = assessment.assigned()
    nearly = [
        topic
        for topic, confidence in assessment.confidence.items()
        if confidence >= _NEARLY
        and topic not in assigned
        and (topic.above is None or topic.above in assigned)
    ]
    return Explanation(
        article.text[headline.start : headline.end] if headline else None,
        language,
        tuple(_reason(assessment, topic) for topic in assigned),
        tuple(_reason(assessment, topic) for topic in nearly[:_MOST]),
    )


def _reason(assessment: Assessment, topic: Section) -> Reason:
    evidence = assessment.evidence
    total = sum(weight for one, weight in evidence.items() if one.above is None)
    of = evidence[topic.above] if topic.above else total
    return Reason(
        topic,
        assessment.confidence[topic],
        evidence[topic],
        evidence[topic] / of,
        tuple(assessment.signs(topic)),
    )
