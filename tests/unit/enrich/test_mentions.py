from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enrich.entities.mentions import Tag, tidy, trim
from services.enrich.tools import Tools
from shared.messages import EntityType, Span
from tests.unit.enrich.stories import tagged


def _tidied(tools: Tools, text: str, *names: tuple[str, EntityType]) -> list[tuple[str, str]]:
    story = [Span(start=0, end=len(text))]
    tags = tidy(text, tagged(text, names), story=story, gazetteer=tools.gazetteer)
    return [(text[tag.start : tag.end], tag.type) for tag in tags]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Museum reopens\nThe museum was closed.", False),
        ("Cafés close. Museum staff told the museum.", False),
        ("ATHENS (AP) - Museum staff told two museums.", False),
        ("Museum reopens\nThe City Museum was the museum's old name.", False),
        ("Museum reopens\nThe gallery was closed.", True),
        ("Museum reopens\nAll of Museum was the museum's.", True),
    ],
)
def test_a_word_that_begins_sentences_and_is_small_elsewhere_is_no_name(
    tools: Tools, text: str, kept: bool
) -> None:
    """Behind a stop, a dateline, or in a longer name it is capital by its place."""
    assert (("Museum", "place") in _tidied(tools, text, ("Museum", "place"))) is kept


@pytest.mark.parametrize(
    ("seen", "kind", "name"),
    [
        ("the United States", "place", "United States"),
        ("“Herald”", "organisation", "Herald"),
        ("Kenya's", "place", "Kenya"),
        ("the workers'", "organisation", None),
        ("all-Kenyan", "group", "Kenyan"),
        ("US-led", "place", "US"),
        ("Trans-Pacific", "other", "Trans-Pacific"),
        ("Al-Azhar", "organisation", "Al-Azhar"),
        ("President Amina Odhiambo", "person", "Amina Odhiambo"),
        ("Midfielder Amina Odhiambo", "person", "Amina Odhiambo"),
        ("Lt. Gen. Ada Lee", "person", "Ada Lee"),
        ("President", "person", None),
        ("Ms Park", "place", "Park"),
        ("General Motors", "organisation", "General Motors"),
        ("Washington, D.C.", "place", "Washington, D.C."),
        ("Acme Inc.", "organisation", "Acme Inc."),
        ("Acme (UK)", "organisation", "Acme (UK)"),
        ("Acme.", "organisation", "Acme"),
        ("Kabul\nThe Taliban", "place", "Kabul"),
        ("Group", "organisation", None),
        ("president", "person", None),
        ("2021", "other", None),
        ("A", "other", None),
        ("中壢", "place", "中壢"),
        ("Jose\u0301", "person", "Jose\u0301"),
        ("X" * 200, "organisation", None),
    ],
)
def test_name_is_trimmed_of_what_is_not_part_of_it(
    tools: Tools, seen: str, kind: EntityType, name: str | None
) -> None:
    """Articles, quotes, possessives, titles and joined words go; what is left may be no name."""
    tag = trim(seen, Tag(0, len(seen), kind), tools.gazetteer.around)

    assert (tag and seen[tag.start : tag.end]) == name


@pytest.mark.parametrize(
    ("text", "name"), [("Lam Chung-wang said", "Lam Chung-wang"), ("Bo Lam-led talks", "Bo Lam")]
)
def test_person_that_was_cut_at_a_hyphen_is_whole(tools: Tools, text: str, name: str) -> None:
    """A small letter after it goes on; `-led` is no part of a name."""
    seen = name.partition("-")[0]

    assert _tidied(tools, text, (seen, "person")) == [(name, "person")]


def test_country_before_a_full_name_is_a_name_of_its_own(tools: Tools) -> None:
    """The ambassador to Kenya Amina Odhiambo; a Jordan Lee is somebody."""
    text = "Envoy to Kenya Amina Odhiambo and Jordan Lee met."

    found = _tidied(tools, text, ("Kenya Amina Odhiambo", "person"), ("Jordan Lee", "person"))

    assert found == [("Kenya", "place"), ("Amina Odhiambo", "person"), ("Jordan Lee", "person")]


def test_courtesy_makes_a_person(tools: Tools) -> None:
    """Whoever is called Ms is a person, whatever the tagger saw."""
    assert _tidied(tools, "Ms Park spoke.", ("Ms Park", "place")) == [("Park", "person")]


def test_known_organisation_is_tagged_where_the_tagger_saw_nothing(tools: Tools) -> None:
    """A name in organisations.toml is a name wherever it stands as whole words."""
    text = "Reports of the Islamic State reached the U.N. and the unready."

    assert _tidied(tools, text) == [("Islamic State", "organisation"), ("U.N.", "organisation")]


def test_known_organisation_is_tagged_whole(tools: Tools) -> None:
    """Half a name that the tagger saw makes way for the whole."""
    text = "The Islamic State group said so."

    assert _tidied(tools, text, ("Islamic", "group")) == [("Islamic State", "organisation")]


def test_longer_of_two_names_that_overlap_stays(tools: Tools) -> None:
    """A slip of the tagger into a known name makes way for it."""
    text = "A new Islamic State unit came."

    found = _tidied(tools, text, ("new Islamic", "group"))

    assert found == [("Islamic State", "organisation")]


def test_longer_name_keeps_a_known_one_within(tools: Tools) -> None:
    """`Reuters` within a longer name is not a mention of Reuters."""
    text = "The Reuters Institute of Oxford said so."

    found = _tidied(tools, text, ("Reuters Institute", "organisation"), ("Oxford", "place"))

    assert found == [("Reuters Institute", "organisation"), ("Oxford", "place")]


def test_known_name_outside_the_story_is_not_tagged(tools: Tools) -> None:
    """Dateline and footer are not the story's words."""
    text = "LONDON (Reuters) - Rain fell.\nFollow Reuters"
    story = [Span(start=19, end=30)]

    assert tidy(text, [], story=story, gazetteer=tools.gazetteer) == []


def test_one_name_has_the_type_it_was_seen_as_most_often(tools: Tools) -> None:
    """A single slip of the tagger is outvoted."""
    text = "Mombasa grew. Mombasa shrank. MOMBASA stayed."

    found = _tidied(tools, text, ("Mombasa", "place"), ("Mombasa", "person"), ("MOMBASA", "place"))

    assert [kind for _, kind in found] == ["place", "place", "place"]


@given(data=st.data())
def test_no_two_mentions_overlap_and_all_stand_in_the_text(
    tools: Tools, data: st.DataObject
) -> None:
    """Whatever text and tags come in, what goes out is in order, apart and not empty."""
    text = data.draw(st.text(alphabet="A b.'-()’\n\u0301İ😀שU.S", max_size=60))
    ends = st.integers(0, len(text))
    kinds = st.sampled_from(get_args(EntityType))
    ranges = data.draw(st.lists(st.tuples(ends, ends, kinds)))
    tags = [Tag(min(a, b), max(a, b), kind) for a, b, kind in ranges]

    tidied = tidy(text, tags, story=[Span(start=0, end=len(text))], gazetteer=tools.gazetteer)

    assert all(0 <= tag.start < tag.end <= len(text) for tag in tidied)
    assert all(one.end <= other.start for one, other in pairwise(tidied))
