import pytest

from services.enrich import tables
from services.enrich.text.cleaning import whole
from services.enrich.tools import Tools
from services.enrich.topics.calibration import Calibration
from services.enrich.topics.lexicon import KnownIds, read_lexicon
from services.enrich.topics.topics import Assessment, TopicRules, topics_of
from shared.messages import Topic
from tests.unit.enrich.stories import WIRE, article, parted


def _found(tools: Tools, text: str) -> tuple[Topic, ...]:
    return topics_of(text, parts=parted(tools, text), rules=tools.topics)


def _topics(tools: Tools, text: str) -> dict[str, float]:
    return {topic.name: topic.confidence for topic in _found(tools, text)}


def _confidence(tools: Tools, text: str) -> dict[str, float]:
    """Return the confidence in every topic of the first level, assigned or not."""
    assessment = Assessment(text, parts=parted(tools, text), rules=tools.topics)
    return {topic.name: one for topic, one in assessment.confidence.items() if not topic.above}


def test_story_has_several_topics_most_confident_first(tools: Tools) -> None:
    """Topics of both levels, in the order of their confidence."""
    topics = _topics(tools, WIRE)

    assert next(iter(topics)) == "economy, business and finance"
    assert {"economy", "politics and government", "international relations"} <= set(topics)
    assert list(topics.values()) == sorted(topics.values(), reverse=True)


def test_topic_has_its_id_and_name(tools: Tools) -> None:
    """A topic is an IPTC qcode with the current English name."""
    first, *_ = _found(tools, "The church choir sang to the bishop.")

    assert (first.id, first.name, first.broader) == ("medtop:12000000", "religion", None)


def test_lower_topic_comes_after_the_one_above_it_and_names_it(tools: Tools) -> None:
    """No second level without its first, and never more confident."""
    found = _found(tools, WIRE)

    by_id = {topic.id: (number, topic) for number, topic in enumerate(found)}
    lower = [topic for topic in found if topic.broader]
    assert lower
    for topic in lower:
        number, above = by_id[topic.broader or ""]
        assert number < by_id[topic.id][0]
        assert above.confidence >= topic.confidence


def test_evidence_is_phrases_of_the_text_strongest_first(tools: Tools) -> None:
    """As they stand there, five at most, each once."""
    text = (
        "Football tonight\nThe Midfielder, the goalkeeper and the WINGER play football, "
        "said the referee. Football fans, a striker and a defender came to the stadium."
    )

    first, *_ = _found(tools, text)

    assert first.name == "sport"
    assert first.evidence[0] == "Football"
    assert len(first.evidence) == len(set(first.evidence)) == 5
    assert all(phrase in text for phrase in first.evidence)


def test_one_phrase_alone_is_no_certainty(tools: Tools) -> None:
    """Of articles with as little to go by, editors chose the topic of three in four."""
    [topic, *_] = _found(tools, "A committee met on Monday for an hour about the inflation.")

    assert topic.name == "economy, business and finance"
    assert 0.5 < topic.confidence < 0.95


def test_headline_speaks_louder_than_the_body(tools: Tools) -> None:
    """A word weighs more in the headline than another does in the lead."""
    confidence = _confidence(tools, "Football in the evening\nThe bishop did not come on Monday.")

    assert confidence["sport"] > confidence["religion"]


def test_lead_speaks_louder_than_the_rest(tools: Tools) -> None:
    """A word weighs more in the first sentences than another does far below."""
    text = f"It was so\nThe bishop came. {'People came. ' * 40}\nThe football came not."

    confidence = _confidence(tools, text)

    assert confidence["religion"] > confidence["sport"]


def test_passing_word_is_no_topic(tools: Tools) -> None:
    """What an editor would hardly assign is not named beside the rest."""
    text = "War goes on\nTroops, artillery and missiles: the invasion, said a soldier, of the army."

    assert "sport" not in _topics(tools, f"{text}\n{'It went on. ' * 40}\nFootball stopped.")


def test_word_within_an_ignored_phrase_is_no_evidence(tools: Tools) -> None:
    """A war of words is no war."""
    assert "conflict, war and peace" in _confidence(tools, "A war went on between the two.")
    assert _confidence(tools, "A war of words went on between the two.") == {}


def test_footer_is_no_evidence(tools: Tools) -> None:
    """What the publisher says of itself is not what the story is about."""
    story = "Rain falls\nIt rained on Monday in the north, and the weather stays wet."

    with_footer = f"{story}\nSupport our journalism\n{'Election, parliament, minister. ' * 20}"

    assert _topics(tools, with_footer) == _topics(tools, story)


def test_story_without_a_phrase_has_no_topic(tools: Tools) -> None:
    """No evidence is no topic rather than a guess."""
    assert _topics(tools, "Nothing of note was there.") == {}


def test_giant_story_is_read_in_its_beginning_only(tools: Tools) -> None:
    """What stands after 4,000 characters changes nothing."""
    text = "War broke out. " * 400
    given = article(text + "Football. " * 100_000)
    parts = whole(given, bureaus=tools.bureaus)

    topics = topics_of(given.text, parts=parts, rules=tools.topics)

    assert [topic.name for topic in topics] == ["conflict, war and peace", "armed conflict"]


def test_shipped_lexicon_covers_every_topic_of_the_first_level(tools: Tools) -> None:
    """All 17 subjects of IPTC have phrases of their own or below them."""
    phrases = tools.topics.lexicon.phrases

    tops = {claim.topic.id for one in phrases for claim in one.claims if not claim.topic.above}

    assert len(tops) == 17


@pytest.mark.parametrize("changed", ["lexicon", "calibration"])
def test_tool_changes_with_the_lexicon_and_the_calibration(changed: str) -> None:
    """Documents name both, so that what was made otherwise can be told."""
    shipped = tables.topic_rules()
    lexicon, calibration = shipped.lexicon, shipped.calibration
    if changed == "lexicon":
        toml = '[sport]\nid = "medtop:15000000"\nname = "sport"\nphrases = "golf"'
        lexicon = read_lexicon(toml, file="x", known=KnownIds(frozenset(), frozenset()))
    else:
        calibration = Calibration.model_validate({**calibration.model_dump(), "version": "x"})

    assert TopicRules(lexicon, calibration).tool != shipped.tool
