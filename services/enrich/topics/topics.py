"""What a story is about, as IPTC Media Topics: a phrase lexicon that a newsroom edits. Pure.

One Aho-Corasick pass finds the lexicon's phrases (lexicon.py) in the first 4,000 characters of the
story. A phrase is evidence for its topic:

    its weight for the topic (1.35 times that for a phrase of several words)
    x log(1 + the sum over where it stands: 3 in the headline, 1.8 in the lead, else 1)

Without a headline the first sentence counts as one. What is evidence for a topic is evidence for
the one above it. From the share of all evidence follows how likely an editor would assign the
topic (calibration.py, where all these numbers come from); what is likely enough is assigned.
"""

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from services.enrich.names import lower_in_place
from services.enrich.phrases import Match
from services.enrich.text.cleaning import Parts
from services.enrich.topics.calibration import Calibration
from services.enrich.topics.lexicon import Lexicon, Section
from shared.messages import Tool, Topic

Place = Literal["headline", "lead", "body"]

_SHOWN: Final = 5  # phrases of evidence in a document
_SENTENCE: Final = re.compile(r".{20,250}?[.!?][\"\u2019\u201d)]?\s", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TopicRules:
    """All that topics are made by."""

    lexicon: Lexicon
    calibration: Calibration

    @property
    def tool(self) -> Tool:
        """Return how documents name it: it changes with every phrase and every number."""
        version = f"{self.lexicon.version}+calibration.{self.calibration.version}"
        return Tool(name="lexicon", version=version)


class Sign(NamedTuple):
    """A phrase that speaks for a topic: as it first stands in the text, where, how much it says."""

    text: str
    places: tuple[Place, ...]  # every time it stands there
    evidence: float


@dataclass(slots=True)
class _Heard:
    """How often and where a phrase stands."""

    matches: list[Match]
    loudness: float


def topics_of(text: str, *, parts: Parts, rules: TopicRules) -> tuple[Topic, ...]:
    """Return the topics an editor would likely assign, of two levels, most confident first.

    One of the second level comes only with the one above it, and after it.
    """
    assessment = Assessment(text, parts=parts, rules=rules)
    return tuple(
        Topic(
            id=topic.id,
            name=topic.name,
            broader=topic.above.id if topic.above else None,
            confidence=round(assessment.confidence[topic], 3),
            evidence=tuple(sign.text for sign in assessment.signs(topic, most=_SHOWN)),
        )
        for topic in assessment.assigned()
    )


class Assessment:
    """How likely each topic is that anything in a story speaks for, and what does.

    `evidence` and `confidence` are by topic, the latter most confident first.
    """

    def __init__(self, text: str, *, parts: Parts, rules: TopicRules) -> None:
        self._rules = rules
        places = rules.calibration.places
        self._story = "".join(text[span.start : span.end] for span in parts.story)[: places.read]
        self._headline_end = _headline_end(self._story, parts)
        self._lead_end = self._headline_end + places.lead
        self._heard = self._listen()
        self._said = self._weigh()
        self.evidence = {topic: sum(one[0] for one in said) for topic, said in self._said.items()}
        self.confidence = self._judge()

    def assigned(self) -> list[Section]:
        """Return what is likely enough, most confident first: no lower topic without its upper."""
        least, most = self._rules.calibration.assigned, self._rules.calibration.most
        likely = [topic for topic, confidence in self.confidence.items() if confidence >= least]
        upper = [topic for topic in likely if topic.above is None][:most]
        lower = [topic for topic in likely if topic.above in upper][:most]
        return [topic for topic in likely if topic in upper or topic in lower]

    def signs(self, topic: Section, *, most: int | None = None) -> list[Sign]:
        """Return the phrases that speak for a topic, or the first of them, strongest first."""
        said = sorted(self._said[topic], key=lambda one: -one[0])[:most]
        return [
            Sign(
                self._story[heard.matches[0].start : heard.matches[0].end],
                tuple(map(self._place, heard.matches)),
                evidence,
            )
            for evidence, heard in said
        ]

    def _listen(self) -> dict[int, _Heard]:
        """Return every phrase of the lexicon that stands in the story."""
        lexicon, places = self._rules.lexicon, self._rules.calibration.places
        headline_end, lead_end = self._headline_end, self._lead_end
        heard: dict[int, _Heard] = {}
        for match in lexicon.forms.find(lower_in_place(self._story)):
            if match.start < headline_end:
                loudness = places.in_headline
            else:
                loudness = places.in_lead if match.start < lead_end else 1.0
            phrase = lexicon.phrase_of_form[match.phrase]
            if before := heard.get(phrase):
                before.matches.append(match)
                before.loudness += loudness
            else:
                heard[phrase] = _Heard([match], loudness)
        return heard

    def _weigh(self) -> dict[Section, list[tuple[float, _Heard]]]:
        """Return what every phrase says, by topic of either level."""
        phrases = self._rules.lexicon.phrases
        several_words = self._rules.calibration.places.several_words
        said: dict[Section, list[tuple[float, _Heard]]] = defaultdict(list)
        for number, heard in self._heard.items():
            text, claims = phrases[number]
            volume = math.log1p(heard.loudness) * (several_words if " " in text else 1.0)
            for topic, weight in claims:
                said[topic].append((weight * volume, heard))
        return said

    def _judge(self) -> dict[Section, float]:
        """Return the confidence in every topic, most confident first."""
        calibration, evidence = self._rules.calibration, self.evidence
        total = sum(weight for topic, weight in evidence.items() if topic.above is None)
        likely = {
            topic: calibration.first.probability(weight, of=total)
            for topic, weight in evidence.items()
            if topic.above is None
        }
        for topic, weight in evidence.items():
            if topic.above:
                below = calibration.second.probability(weight, of=evidence[topic.above])
                likely[topic] = likely[topic.above] * below
        return dict(sorted(likely.items(), key=lambda one: -one[1]))

    def _place(self, match: Match) -> Place:
        if match.start < self._headline_end:
            return "headline"
        return "lead" if match.start < self._lead_end else "body"


def _headline_end(story: str, parts: Parts) -> int:
    if parts.headline:
        return parts.headline.end
    sentence = _SENTENCE.match(story)
    return sentence.end() if sentence else 0
