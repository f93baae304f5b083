"""Small files measured from end to end, so that the command keeps up with what it measures."""

import pytest
from rich.console import Console

from services.enrich.tools import Tools, load_tools
from tests.benchmarks.quality import measuring, tables
from tests.benchmarks.quality.contestants import BY_SPACY, CHAIN, PLAIN, TAGGER
from tests.benchmarks.quality.labelled import NamedText, TopicText

STORY = (
    "Striker Omar Farouk scored twice as Kenyan champions won the football cup final in Nairobi, "
    "and the coach said the team had played its best match of the season."
)


@pytest.fixture(scope="module")
def tools() -> Tools:
    return load_tools()


def shown(*what: object) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        console.print(*what)
    return capture.get()


def test_every_finder_is_scored_on_the_same_texts(tools: Tools) -> None:
    """Types that nobody marked are not scored; a country's people are a group."""
    names = frozenset(
        (STORY.index(name), STORY.index(name) + len(name), kind)
        for name, kind in (("Kenyan", "group"), ("Nairobi", "place"))
    )

    figures = measuring.entities([NamedText(STORY, names)], tools)

    assert list(figures["scores"]) == [PLAIN, BY_SPACY, TAGGER, CHAIN]
    assert list(figures["scores"][CHAIN]) == ["place", "group", "together"]
    assert figures["scores"][CHAIN]["group"]["f1"] == figures["scores"][CHAIN]["place"]["f1"] == 1
    assert ["place", "place", 1] in map(list, figures["confusion"])
    assert "place         1" in shown(*tables.entities("names.jsonl", figures))


def test_topics_of_six_are_chosen_among_six(tools: Tools) -> None:
    """What is not among them is no answer."""
    sport, health = "medtop:15000000", "medtop:07000000"
    texts = [
        TopicText(STORY, sport, frozenset({sport}), None),
        TopicText(STORY, health, frozenset({health}), frozenset({health})),
    ]

    figures = measuring.topics(texts, tools)

    assert (figures["covered"], figures["primary"]) == (0.5, 0.5)
    assert figures["by_topic"][sport]["f1"] == 1
    assert figures["confusion"] == [(health, "none", 1)]
    assert "medtop:15000000 sport       1      1.000" in shown(*tables.topics("t.jsonl", figures))


def test_every_mention_is_the_text_at_its_offsets(tools: Tools) -> None:
    """Counted over all that is found."""
    figures = measuring.found([STORY, f" {STORY}"], tools)

    assert figures["articles"] == figures["in English"] == figures["with topics"] == 2
    assert figures["mentions"] == figures["mentions that hold"] > 4
    assert "mentions that hold" in shown(tables.found("articles.jsonl", figures))


def test_speed_is_a_ratio_to_plain_spacy(tools: Tools) -> None:
    """Of the same articles in the same run, plain spaCy's own is 1."""
    figures = measuring.speed([f"{STORY} {number}" for number in range(4)], tools, rounds=2)

    assert (figures["articles"], figures["rounds"]) == (1, 2)
    assert figures["contestants"][PLAIN]["ratio"] == 1
    assert list(figures["contestants"]) == [PLAIN, BY_SPACY, TAGGER, measuring.WHOLE]
    assert "whole chain" in shown(tables.speed("articles.jsonl", figures))


def test_figures_name_the_machine_and_every_version(tools: Tools) -> None:
    """Without them no figure can be compared."""
    figures = measuring.machine(tools)

    assert {"date", "processor", "cores", "python", "spacy", "numpy", "onnxruntime"} < set(figures)
    assert {"entities", "topics"} <= set(figures["tools"])
    assert "ner-newswire" in shown(tables.machine(figures))
