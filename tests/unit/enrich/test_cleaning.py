from datetime import UTC, date, datetime

import pytest

from services.enrich.text.cleaning import whole
from services.enrich.tools import Tools
from tests.unit.enrich.stories import DATELINE, FOOTER, FRENCH, HEADLINE, WIRE, article, at, parted


def test_wire_story_is_told_in_its_parts(tools: Tools) -> None:
    """Headline, dateline, story and footer are ranges of the stored text."""
    parts = parted(tools, WIRE)

    assert at(WIRE, parts.headline) == HEADLINE
    assert parts.opening is not None
    assert parts.opening.dateline.text == DATELINE
    assert at(WIRE, parts.footer) == FOOTER
    story = "".join(WIRE[part.start : part.end] for part in parts.story)
    assert story == WIRE.replace(f"{DATELINE} ", "").removesuffix(FOOTER)


def test_publishers_headline_is_the_first_line_of_the_text(tools: Tools) -> None:
    """What the publisher calls the headline is it, even if it reads like a sentence."""
    given = article("Body one.\nBody two.", headline="It rained. It poured.")

    parts = whole(given, bureaus=tools.bureaus)

    assert at(given.text, parts.headline) == "It rained. It poured."


@pytest.mark.parametrize(
    "text",
    [
        "Only one line, however short",
        "The minister said that it would rain.\nAnd it did.",
        'She said: "It will rain."\nAnd it did.',
        f"{'A long first line ' * 12}\nAnd then the story goes on here.",
        "Nairobi, March 3 (KNA) It rained\nAnd it poured.",
    ],
)
def test_first_line_that_is_part_of_the_story_is_no_headline(tools: Tools, text: str) -> None:
    """A headline is short, without a full stop or a dateline, and a story follows."""
    assert parted(tools, text).headline is None


@pytest.mark.parametrize("headline", ["Rain stops play", "What is rain?", "Rain at last!"])
def test_short_first_line_without_full_stop_is_the_headline(tools: Tools, headline: str) -> None:
    """A headline may ask or exclaim."""
    text = f"{headline}\nIt rained on Monday.\nAnd it poured."

    assert at(text, parted(tools, text).headline) == headline


def test_dateline_may_follow_a_byline(tools: Tools) -> None:
    """Up to two lines that say who wrote it may stand before the dateline."""
    text = "Rain stops play\nBy Ann Lee\nLONDON (Reuters) - It rained on Monday.\nAnd it poured."

    parts = parted(tools, text)

    assert parts.opening is not None
    assert parts.opening.dateline.text == "LONDON (Reuters)"


@pytest.mark.parametrize(
    ("times", "year"),
    [
        ({}, 2021),
        ({"published_at": datetime(2015, 3, 3, tzinfo=UTC)}, 2015),
        ({"updated_at": datetime(2016, 3, 3, tzinfo=UTC)}, 2016),
    ],
)
def test_year_of_the_dateline_is_that_of_the_article(
    tools: Tools, times: dict[str, datetime], year: int
) -> None:
    """Publication decides, else the update, else the receipt."""
    parts = parted(tools, WIRE, **times)

    assert parts.opening is not None
    assert parts.opening.dateline.date == date(year, 3, 3)


@pytest.mark.parametrize(
    "line",
    ["(Reporting by Ann Lee; Editing by Bo Li)", "SUPPORT OUR JOURNALISM", "© 2021 The Herald"],
)
def test_footer_that_no_story_says_closes_it_early(tools: Tools, line: str) -> None:
    """The footer begins with such a line wherever it stands after the first paragraph."""
    text = f"Rain stops play\nIt rained.\n{line}\n{'More of the publisher. ' * 40}"

    assert (at(text, parted(tools, text).footer) or "").startswith(line)


def test_line_that_may_part_a_story_closes_it_only_late(tools: Tools) -> None:
    """`Read more` in the middle is a link, at the end it is the footer."""
    middle = f"Rain stops play\nIt rained.\nRead more here\n{'And it poured. ' * 40}"
    end = f"Rain stops play\n{'It rained. ' * 40}\nFollow the Daily Rain on Twitter\nTags: rain"

    assert parted(tools, middle).footer is None
    assert at(end, parted(tools, end).footer) == "Follow the Daily Rain on Twitter\nTags: rain"


def test_first_paragraph_is_never_a_footer(tools: Tools) -> None:
    """An article that opens like a footer keeps a story."""
    text = "Rain stops play\nDisclaimer: this is all there is."

    parts = parted(tools, text)

    assert parts.footer is None
    assert [at(text, part) for part in parts.story] == [text]


def test_other_languages_pass_whole(tools: Tools) -> None:
    """No dateline and no footer is looked for where the words are not known."""
    given = article(f"Une rencontre à Paris\nPARIS (AFP) - {FRENCH}\nSupport our journalism")

    parts = whole(given, bureaus=tools.bureaus)

    assert at(given.text, parts.headline) == "Une rencontre à Paris"
    assert (parts.opening, parts.footer) == (None, None)
    assert [at(given.text, part) for part in parts.story] == [given.text]


def test_kill_without_text_has_no_parts(tools: Tools) -> None:
    """A cancellation may come with nothing to read."""
    kill = article("", uri="urn:x:1", pub_status="canceled")

    assert whole(kill, bureaus=tools.bureaus).headline is None
