from collections.abc import Iterable

import pytest

from services.enrich.text.cleaning import parts_of
from services.enrich.text.footers import Ending, ending_of
from services.enrich.tools import Tools
from tests.unit.enrich.stories import article, at

OURS = "The Harbour Post is a friend of the town, and lives on what its readers give."
STORY = """Rain stops play
It rained on the ground of Port Vesper on Monday, and nobody played any cricket there.
The captain said that he had never seen such rain in all of his long career in the town."""


def ending(text: str, **fields: str) -> Ending:
    """Return what is remembered of an article of the Harbour Post."""
    found = ending_of(article(text, **{"source": "Harbour Post", **fields}))
    assert found is not None
    return found


def footer(tools: Tools, text: str, learned: Iterable[str]) -> str | None:
    """Return the footer of `text` when the source put each of `learned` under others."""
    hashes = {hash_ for line in learned for hash_ in ending(f"{STORY}\n{line}").paragraphs}
    parts = parts_of(article(text), bureaus=tools.bureaus, closings=tools.closings, learned=hashes)
    return at(text, parts.footer)


def test_learned_paragraph_closes_the_story(tools: Tools) -> None:
    """No word of data/wire.toml is in it."""
    text = f"{STORY}\n{OURS}"

    assert footer(tools, text, []) is None
    assert footer(tools, text, [OURS]) == OURS


@pytest.mark.parametrize(
    "written",
    [OURS.upper(), OURS.replace(" ", "  "), OURS.replace(",", " \u2013"), f"\t{OURS} 2026"],
)
def test_case_digits_blanks_and_punctuation_make_no_difference(tools: Tools, written: str) -> None:
    """A footer is set anew every year, and in another typeface."""
    assert footer(tools, f"{STORY}\n{written}", [OURS]) == written.strip()


def test_lines_that_are_no_sentence_may_stand_in_a_footer(tools: Tools) -> None:
    """Headlines of other stories, a name, a link."""
    rest = f"{OURS}\nFerry runs aground off Port Vesper\nAnn Lee"

    assert footer(tools, f"{STORY}\n{rest}", [OURS]) == rest


def test_nothing_is_cut_that_the_story_goes_on_after(tools: Tools) -> None:
    """A learned paragraph with a sentence after it that is not learned is part of the story."""
    text = f"{STORY}\n{OURS}\nThe match goes on on Tuesday, if the rain does not."

    assert footer(tools, text, [OURS]) is None


def test_learned_paragraphs_may_stand_before_a_known_footer(tools: Tools) -> None:
    """The cut is at the first of both."""
    text = f"{STORY}\n{OURS}\n(Reporting by Ann Lee; editing by Bo Li)\nAnything at all. And more."

    assert (footer(tools, text, [OURS]) or "").startswith("The Harbour Post is")
    assert (footer(tools, text, []) or "").startswith("(Reporting")


def test_first_half_of_a_text_is_never_cut(tools: Tools) -> None:
    """What stands early is no footer, even if all after it is learned."""
    text = f"Rain stops play\nIt rained.\n{OURS}\n{OURS}\n{OURS}"

    assert footer(tools, text, [OURS]) == OURS


@pytest.mark.parametrize("line", ["He said.", "The trial continues.", "Nobody hurt!", "Ann Lee"])
def test_short_sentences_and_names_are_never_learned(line: str) -> None:
    """They close many a story, and are its own."""
    text = f"{STORY}\n{OURS}"

    assert ending(f"{text}\n{line}").paragraphs == ending(text).paragraphs


def test_article_without_source_or_end_is_not_learned_from() -> None:
    """There is nobody whose habit it could be."""
    assert ending_of(article(f"{STORY}\n{OURS}")) is None
    assert ending_of(article("Rain.", source="Harbour Post")) is None
    assert ending_of(article("", uri="urn:x:1", pub_status="canceled", source="Post")) is None


def test_story_that_is_sent_again_shares_a_sign() -> None:
    """Under another id by its lead, with another lead by one of its paragraphs."""

    def signs(text: str, uri: str) -> set[bytes]:
        found = ending(text, uri=uri).signs
        return {found[at : at + 4] for at in (0, 4, 8)}

    first = signs(f"{STORY}\n{OURS}", "urn:1")
    other = STORY.replace("Port Vesper", "Lima").replace("captain", "coach")

    assert first & signs(f"{STORY}\n{OURS}", "urn:2")
    assert first & signs(f"{other}\n{OURS}", "urn:1")
    assert not first & signs(f"{other}\n{OURS}", "urn:2")


def test_what_is_remembered_of_a_long_text_is_bounded() -> None:
    """A text of many lines takes no more than thirty paragraphs, its last."""
    lines = [f"{'ab'[number % 2] * (20 + number)} line without an end" for number in range(900)]

    found = ending("\n".join(lines))

    assert len(found.paragraphs) == 30
    assert {len(paragraph) for paragraph in found.paragraphs} == {6}
    assert len(found.signs) == 12


@pytest.mark.timeout(10)
@pytest.mark.parametrize("unit", ["a\n", "Ann Lee and Bo Li\n", ".", "a ", "\"'", "\u0301 "])
def test_strange_text_takes_no_longer(tools: Tools, unit: str) -> None:
    """Lines and marks without end are read in time that grows with them."""
    text = f"Rain\nIt rained.\n{unit * (200_000 // len(unit))}"

    found = ending_of(article(text, source="Harbour Post"))
    learned = frozenset(found.paragraphs if found else ())

    given = article(text)
    assert parts_of(given, bureaus=tools.bureaus, closings=tools.closings, learned=learned).story
