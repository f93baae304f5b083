import pytest

from services.enrich.entities.mentions import tidy
from services.enrich.tools import Tools
from shared.messages import EntityType, Span
from tests.unit.enrich.stories import tagged


def _found(tools: Tools, text: str, *names: tuple[str, EntityType]) -> list[str]:
    story = [Span(start=0, end=len(text))]
    tags = tidy(text, tagged(text, names), story=story, gazetteer=tools.gazetteer)
    return [text[tag.start : tag.end + 4].strip() for tag in tags]


_TWICE = "Okapi met Okapi."


def test_name_seen_twice_is_a_name_where_it_was_missed(tools: Tools) -> None:
    """A tagger that sees it here and there is right everywhere."""
    names: list[tuple[str, EntityType]] = [("Okapi", "organisation")] * 2

    assert len(_found(tools, f"{_TWICE} It asked Okapi again.", *names)) == 3


def test_name_seen_once_is_no_evidence(tools: Tools) -> None:
    """What was seen once may be a slip."""
    assert len(_found(tools, f"{_TWICE} Ask Okapi.", ("Okapi", "organisation"))) == 1


@pytest.mark.parametrize(
    "other", ["okapi", "Okapis", "Ask Grand Okapi", "Okapi Hills", "Okapi-like", "Okapi's"]
)
def test_only_the_same_name_counts(tools: Tools, other: str) -> None:
    """Written alike, whole, and in no longer name; a possessive is the same name."""
    names: list[tuple[str, EntityType]] = [("Okapi", "organisation")] * 2

    found = _found(tools, f"{_TWICE} It saw the {other} there.", *names)

    assert len(found) == (3 if other == "Okapi's" else 2)


def test_first_word_of_a_sentence_begins_no_longer_name(tools: Tools) -> None:
    """`Yesterday Okapi` is Okapi."""
    names: list[tuple[str, EntityType]] = [("Okapi", "organisation")] * 2

    assert len(_found(tools, f"{_TWICE} Yesterday Okapi left.", *names)) == 3


def test_name_outside_the_story_is_not_found(tools: Tools) -> None:
    """A footer names nobody."""
    text = f"{_TWICE}\nFollow Okapi"
    tags = tagged(text, [("Okapi", "organisation")] * 2)

    found = tidy(text, tags, story=[Span(start=0, end=16)], gazetteer=tools.gazetteer)

    assert len(found) == 2


def test_text_of_many_names_is_searched_for_the_most_frequent(tools: Tools) -> None:
    """Looking for each of ten thousand in a text that holds them would take minutes."""
    rare = [f"Name{number:05}" for number in range(10_000)]
    text = f"{'Okapi. ' * 3}{'. '.join(name for name in rare for _ in range(2))}. Okapi. Name09999."
    names: list[tuple[str, EntityType]] = [("Okapi", "organisation")] * 3
    names += [(name, "organisation") for name in rare for _ in range(2)]

    found = _found(tools, text, *names)

    assert len(found) == len(names) + 1
