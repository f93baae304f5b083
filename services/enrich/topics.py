"""What a story is about, as IPTC Media Topics: a phrase lexicon that a newsroom edits. Pure.

One Aho-Corasick pass finds the lexicon's phrases (lexicon.py) in the first 4,000 characters of the
story. A phrase is evidence for its topic:

    its topic's weight (1.35 times that for a phrase of several words)
    x log(1 + the sum over where it stands: 3 in the headline, 1.8 in the lead, else 1)

Without a headline the first sentence counts as one. What is evidence for a topic is evidence for
the one above it. The confidence of a topic is its share of all evidence found, and of a constant
doubt, so that one phrase alone is no certainty.
"""

import math
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from services.enrich.cleaning import Parts
from services.enrich.lexicon import Lexicon, Section
from services.enrich.names import lower_in_place
from shared.messages import Topic

_READ: Final = 4_000  # characters: a story says early what it is about; more changed nothing
_LEAD: Final = 350  # characters after the headline
_IN_HEADLINE: Final = 3.0
_IN_LEAD: Final = 1.8
_SEVERAL_WORDS: Final = 1.35
_DOUBT: Final = 2.0  # about one phrase in the headline
_BESIDE: Final = 0.3  # of the strongest topic's evidence, to be named beside it: the best F1
_MOST: Final = 3  # topics of a level
_SENTENCE: Final = re.compile(r".{20,250}?[.!?][\"\u2019\u201d)]?\s", re.DOTALL)


def topics_of(text: str, *, parts: Parts, lexicon: Lexicon) -> tuple[Topic, ...]:
    """Return up to three topics of the first level and three below them, most confident first."""
    story = "".join(text[span.start : span.end] for span in parts.story)[:_READ]
    evidence = _evidence(story, _headline_end(story, parts), lexicon)
    first = {topic: weight for topic, weight in evidence.items() if topic.above is None}
    chosen = _strongest(first)
    second = {topic: weight for topic, weight in evidence.items() if topic.above in chosen}
    total = sum(first.values()) + _DOUBT
    topics = [*chosen.items(), *_strongest(second).items()]
    topics.sort(key=lambda topic: -topic[1])  # stable: of two alike the upper level first
    return tuple(
        Topic(id=topic.id, name=topic.name, confidence=round(weight / total, 3))
        for topic, weight in topics
    )


def _headline_end(story: str, parts: Parts) -> int:
    if parts.headline:
        return parts.headline.end
    sentence = _SENTENCE.match(story)
    return sentence.end() if sentence else 0


def _evidence(story: str, headline_end: int, lexicon: Lexicon) -> dict[Section, float]:
    """Return the evidence for every topic of either level that has any."""
    heard: dict[int, float] = defaultdict(float)
    for match in lexicon.forms.find(lower_in_place(story)):
        if match.start < headline_end:
            loudness = _IN_HEADLINE
        else:
            loudness = _IN_LEAD if match.start < headline_end + _LEAD else 1.0
        heard[lexicon.phrase_of_form[match.phrase]] += loudness
    evidence: dict[Section, float] = defaultdict(float)
    for phrase, loudness in heard.items():
        several = _SEVERAL_WORDS if " " in lexicon.phrases[phrase].text else 1.0
        for topic in lexicon.phrases[phrase].topics:
            weight = topic.weight * several * math.log1p(loudness)
            evidence[topic] += weight
            if topic.above:
                evidence[topic.above] += weight
    return evidence


def _strongest(evidence: Mapping[Section, float]) -> dict[Section, float]:
    ordered = sorted(evidence.items(), key=lambda topic: -topic[1])[:_MOST]
    return {topic: weight for topic, weight in ordered if weight >= _BESIDE * ordered[0][1]}
