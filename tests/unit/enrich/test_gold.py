"""The gold set: what is found in clear stories is exactly what is expected, known misses aside."""

import pytest

from services.enrich.tools import Tools
from tests.unit.enrich.gold import Expected, Story, differences, stories


@pytest.mark.parametrize("story", stories(), ids=lambda story: story.file.stem)
def test_a_story_is_read_as_expected(tools: Tools, story: Story) -> None:
    """What differs is a known miss: a new one is a fault, one that is right now has to go."""
    assert differences(story.expected, story.found(tools)) == story.known_misses


def test_what_is_expected_stands_in_the_story() -> None:
    """Every mention, as often as it is listed: nobody expects what cannot be found."""
    for story in stories():
        text = "\n".join(story.article["paragraphs"])
        for name, mentions in story.expected["entities"].items():
            for mention in set(mentions):
                assert text.count(mention) >= mentions.count(mention), (story.file.name, name)


def test_differences_are_said_one_by_one() -> None:
    """Missed, invented, and found at other places."""
    nothing: Expected = {"language": "en", "headline": None, "dateline": None, "footer": None}
    expected = {**nothing, "entities": {"A": ["a"], "B": ["b"]}, "topics": ["1"]}
    found = {**nothing, "language": "fr", "entities": {"B": ["b", "b"], "C": ["c"]}, "topics": []}

    assert differences(expected, found) == [
        "language: fr, not en",
        "entities: A missed",
        "entities: B: b, b, not b",
        "entities: C invented: c",
        "topics: 1 missed",
    ]
