from services.enrich.cleaning import whole
from services.enrich.tools import Tools
from services.enrich.topics import topics_of
from tests.unit.enrich.stories import WIRE, article, parted


def _topics(tools: Tools, text: str) -> dict[str, float]:
    parts = parted(tools, text)
    found = topics_of(text, parts=parts, lexicon=tools.lexicon)
    return {topic.name: topic.confidence for topic in found}


def test_story_has_several_topics_most_confident_first(tools: Tools) -> None:
    """Topics of both levels, in the order of their evidence."""
    topics = _topics(tools, WIRE)

    assert next(iter(topics)) == "economy, business and finance"
    assert {"economy", "politics and government", "international relations"} <= set(topics)
    assert list(topics.values()) == sorted(topics.values(), reverse=True)


def test_topic_has_its_id_and_name(tools: Tools) -> None:
    """A topic is an IPTC qcode with the current English name."""
    text = "The church choir sang to the bishop."

    first, *_ = topics_of(text, parts=parted(tools, text), lexicon=tools.lexicon)

    assert (first.id, first.name) == ("medtop:12000000", "religion")


def test_confidence_is_the_share_of_the_evidence(tools: Tools) -> None:
    """Those of the first level add up to less than 1, and one phrase alone is no certainty."""
    topics = _topics(tools, "A committee met on Monday for an hour about the inflation.")

    assert set(topics) == {"economy, business and finance", "economy"}
    assert 0 < topics["economy"] < 0.6


def test_headline_speaks_louder_than_the_body(tools: Tools) -> None:
    """A word weighs more in the headline than another does in the lead."""
    text = "Football in the evening\nThe bishop did not come on Monday."

    topics = _topics(tools, text)

    assert topics["sport"] > topics["religion"]


def test_lead_speaks_louder_than_the_rest(tools: Tools) -> None:
    """A word weighs more in the first sentences than another does far below."""
    text = f"It rained\nThe bishop came. {'People came. ' * 40}\nThe football team came not."

    topics = _topics(tools, text)

    assert topics["religion"] > topics["sport"]


def test_passing_word_is_no_topic(tools: Tools) -> None:
    """What has less than a third of the strongest topic's evidence is not named beside it."""
    text = "War goes on\nTroops, artillery and missiles: the invasion, said a soldier, of the army."

    assert "sport" not in _topics(tools, f"{text}\n{'It went on. ' * 40}\nFootball stopped.")


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

    topics = topics_of(given.text, parts=parts, lexicon=tools.lexicon)

    assert [topic.name for topic in topics] == ["conflict, war and peace", "armed conflict"]


def test_shipped_lexicon_covers_every_topic_of_the_first_level(tools: Tools) -> None:
    """All 17 subjects of IPTC have phrases."""
    tops = {
        (topic.above or topic).id for phrase in tools.lexicon.phrases for topic in phrase.topics
    }

    assert len(tops) == 17
