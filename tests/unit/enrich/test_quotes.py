import re
from typing import Final

import pytest

from services.enrich.entities.entities import entities_of
from services.enrich.entities.mentions import Tag, tidy
from services.enrich.quotes.quotes import quotes_of
from services.enrich.tools import Tools
from shared.messages import EntityType, Quote
from tests.unit.enrich.stories import WIRE, parted, read

# Who is named in the cases below. The tagger is not asked: they are about quotations only.
_NAMED: Final[dict[str, EntityType]] = {
    "Ada Okoro": "person",
    "Okoro": "person",
    "Bo Odhiambo": "person",
    "Odhiambo": "person",
    "Harbour Trust": "organisation",
    "Ports Union": "organisation",
    "Port Vesper": "place",
}
_NAME: Final = re.compile("|".join(_NAMED))
_RAIN: Final = "We hope for rain"


def quotes(tools: Tools, story: str) -> list[Quote]:
    """Return the quotes of a story that stands under a headline."""
    text = f"Rain stops play\n{story}"
    tags = [Tag(name.start(), name.end(), _NAMED[name[0]]) for name in _NAME.finditer(text)]
    parts = parted(tools, text)
    tags = tidy(text, tags, story=parts.story, gazetteer=tools.gazetteer)
    found = entities_of(text, tags, parts=parts, gazetteer=tools.gazetteer)
    given = quotes_of(text, found, parts=parts, wording=tools.wording)
    assert [text[quote.start : quote.end] for quote in given] == [quote.text for quote in given]
    return list(given)


def said(tools: Tools, story: str) -> list[tuple[str, str]]:
    """Return the words that are quoted, each with its speaker."""
    return [(quote.text, quote.speaker) for quote in quotes(tools, story)]


@pytest.mark.parametrize(
    "story",
    [
        '"We hope for rain," Ada Okoro said.',
        '"We hope for rain," said Ada Okoro.',
        '"We hope for rain", Ada Okoro said.',
        '"We hope for rain," says farmer Ada Okoro.',
        '"We hope for rain," Ada Okoro told the BBC on Monday.',
        '"We hope for rain," Mayor Ada Okoro, 45, also said.',
        '"We hope for rain," said the mayor of Port Vesper, Ada Okoro.',
        '"We hope for rain," said Ada Okoro, who keeps goats in the hills.',
        '"We hope for rain," said Ada Okoro on Monday in Port Vesper.',
        '"We hope for rain," said Ports Union leader Ada Okoro.',
        '"We hope for rain," Ada Okoro, a farmer and a friend of Bo Odhiambo, said.',
        '"We hope for rain," according to Ada Okoro.',
        "\u201cWe hope for rain,\u201d Ada Okoro said.",
        "\u201eWe hope for rain,\u201c Ada Okoro said.".replace("\u201c", "\u201d"),
        'Ada Okoro said: "We hope for rain."',
        'Ada Okoro said, "We hope for rain."',
        'Ada Okoro, the mayor, said: "We hope for rain."',
        'Ada Okoro (45) said: "We hope for rain."',
        'The mayor, Ada Okoro, said: "We hope for rain."',
        'On Monday, opposition leader Ada Okoro added: "We hope for rain."',
        'Ada Okoro told AFP on Monday: "We hope for rain."',
        'Ada Okoro told reporters in Port Vesper, the capital, that "We hope for rain."',
        'Ada Okoro said in a statement: "We hope for rain."',
        'But Dr. Ada Okoro said: "We hope for rain."',
        'The goats of Ada Okoro are thin. "We hope for rain," Okoro said.',
        'Ada Okoro has forty goats. "We hope for rain," she said.',
        'Ada Okoro has forty goats.\n"We hope for rain," she told AFP.',
        'Ada Okoro has forty goats. She said: "We hope for rain."',
        'Mayor Ada Okoro keeps goats. "We hope for rain," the mayor said.',
        'Ada Okoro, the mayor, keeps goats. "We hope for rain," the mayor said.',
    ],
)
def test_plain_wording_says_whose_words_they_are(tools: Tools, story: str) -> None:
    """Behind and before, with title and apposition, by a pronoun that can mean nobody else."""
    [(words, speaker)] = said(tools, story)

    assert words.rstrip(".") == _RAIN
    assert speaker == "Ada Okoro"


@pytest.mark.parametrize(
    "story",
    [
        '"We hope for rain," the Harbour Trust said.',
        '"We hope for rain," a spokesman for the Harbour Trust said.',
        '"We hope for rain," said a Harbour Trust spokeswoman.',
        'The Harbour Trust\u2019s spokesperson said: "We hope for rain."',
        'In a statement, the Harbour Trust said: "We hope for rain."',
    ],
)
def test_organisation_speaks_for_itself_or_by_a_spokesman(tools: Tools, story: str) -> None:
    """One without a name has no other."""
    [(_, speaker)] = said(tools, story)

    assert speaker == "Harbour Trust"


@pytest.mark.parametrize(
    "story",
    [
        '"We hope for rain," a friend of Ada Okoro said.',
        '"We hope for rain," Ada Okoro\'s brother said.',
        '"We hope for rain," said Ada Okoro\'s brother.',
        '"We hope for rain," said a spokesman for Ada Okoro.',
        '"We hope for rain," the man who met Ada Okoro said.',
        '"We hope for rain," Bo Odhiambo and Ada Okoro said.',
        '"We hope for rain," said Ada Okoro and Bo Odhiambo.',
        '"We hope for rain," said the farmers of Port Vesper.',
        '"We hope for rain," said a lawyer.',
        '"We hope for rain," it said on the wall of the Harbour Trust.',
        '"We hope for rain," the report, which Ada Okoro said was wrong, reads.',
        '"We hope for rain." Ada Okoro said that she had waited for weeks.',
        '"We hope for rain." Then Ada Okoro left.',
        '"We hope for rain," he said.',
        'Ada Okoro met Bo Odhiambo. "We hope for rain," she said.',
        'The minister met Ada Okoro. "We hope for rain," he said.',
        'Ada Okoro has goats. They are thin. "We hope for rain," she said.',
        'Ms Okoro, Ada Okoro, has goats. Mr Okoro is out. "We hope for rain," they said.',
        'Ms Ada Okoro has goats. "We hope for rain," he said.',
        'Mayor Ada Okoro keeps goats. "We hope for rain," the minister said.',
        'Ada Okoro met the minister. "We hope for rain," the minister said.',
        'The minister met Ada Okoro. "We hope for rain," the minister said.',
        'Ada Okoro\'s brother said: "We hope for rain."',
        'Police who saw Ada Okoro said: "We hope for rain."',
        'Ada Okoro said the minister had told him: "We hope for rain."',
        'Ada Okoro and Bo Odhiambo said: "We hope for rain."',
        'Ada Okoro wore a shirt that said "We hope for rain" on Monday.',
        'Ada Okoro sang "We hope for rain" in the square.',
        'Ada Okoro called the plan "a waste of money".',
        'Ada Okoro is the so-called "queen of goats" of Port Vesper.',
        'The Harbour Trust said the "green" harbour of the "future" was near.',
        'Ada Okoro said: "We hope for rain',
        '"We hope for rain. Ada Okoro said.',
        'The boat is 12" long, Ada Okoro said, and 30" wide.',
        'Ada Okoro said: ""',
        '", ," Ada Okoro said.',
    ],
)
def test_words_that_are_not_plainly_somebodys_are_left_out(tools: Tools, story: str) -> None:
    """None is better than a wrong speaker."""
    assert said(tools, story) == []


def test_second_quotation_of_a_paragraph_is_the_same_speakers(tools: Tools) -> None:
    """Nothing but the attribution stands between them."""
    story = '"We hope for rain," Ada Okoro said. "The goats are thin."'
    parted_words = '"If it rains," said Ada Okoro, "we will dance."'

    assert said(tools, story) == [(_RAIN, "Ada Okoro"), ("The goats are thin.", "Ada Okoro")]
    assert said(tools, parted_words) == [
        ("If it rains", "Ada Okoro"),
        ("we will dance.", "Ada Okoro"),
    ]


def test_second_quotation_may_be_somebody_elses(tools: Tools) -> None:
    """Its own attribution goes first; behind a sentence of its own it is nobody's."""
    story = '"We hope for rain," Ada Okoro said. "We do not," said Bo Odhiambo.'
    later = '"We hope for rain," Ada Okoro said. A cyclist rang his bell. "Mind the goats."'

    assert said(tools, story) == [(_RAIN, "Ada Okoro"), ("We do not", "Bo Odhiambo")]
    assert said(tools, later) == [(_RAIN, "Ada Okoro")]


def test_paragraph_that_is_all_a_quotation_goes_on_with_it(tools: Tools) -> None:
    """As newspapers set it, with the mark closed or not."""
    closed = '"We hope for rain," Ada Okoro said.\n"The goats are thin."\nIt did not rain.'
    open_ = 'Ada Okoro said: "We hope for rain.\n"The goats are thin.\n"So am I."\nIt rained.'
    behind = '"We hope for rain.\n"The goats are thin," Ada Okoro said.'

    assert said(tools, closed) == [(_RAIN, "Ada Okoro"), ("The goats are thin.", "Ada Okoro")]
    assert [words for words, _ in said(tools, open_)] == [
        "We hope for rain.",
        "The goats are thin.",
        "So am I.",
    ]
    assert [speaker for _, speaker in said(tools, behind)] == ["Ada Okoro"] * 2


def test_pronoun_follows_who_spoke_before(tools: Tools) -> None:
    """From sentence to sentence, as long as nobody else comes in."""
    story = (
        'Ada Okoro has goats. "We hope for rain," she said.\n"The goats are thin," she added.\n'
        'Bo Odhiambo laughed at Okoro. "So are you," he said.'
    )

    assert said(tools, story) == [(_RAIN, "Ada Okoro"), ("The goats are thin", "Ada Okoro")]


def test_quotation_within_a_quotation_is_part_of_it(tools: Tools) -> None:
    """Single marks do not end it."""
    story = "\"He told me 'go home' and I went,\" Ada Okoro said."

    assert said(tools, story) == [("He told me 'go home' and I went", "Ada Okoro")]


def test_speaker_is_an_entity_of_the_article(tools: Tools) -> None:
    """By its canonical name and its id."""
    [quote] = quotes(tools, 'Ada Okoro has goats.\n"We hope for rain," Okoro said.')

    assert (quote.speaker, quote.speaker_id) == ("Ada Okoro", "person:ada okoro")


def test_headline_and_footer_quote_nobody(tools: Tools) -> None:
    """They are the publisher's words."""
    text = '"Rain," Okoro said\nAda Okoro has goats.\nSupport our journalism\n"More," Okoro said.'
    parts = parted(tools, text, headline='"Rain," Okoro said')
    tags = [Tag(name.start(), name.end(), "person") for name in re.finditer("Okoro", text)]
    found = entities_of(text, tags, parts=parts, gazetteer=tools.gazetteer)

    assert quotes_of(text, found, parts=parts, wording=tools.wording) == ()


def test_wire_story_quotes_its_speaker(tools: Tools) -> None:
    """Through the handler, with the tagger's own names; the minister without a name is nobody."""
    [quote] = read(tools, WIRE).quotes

    assert (quote.text, quote.speaker) == (
        "The talks with the US may begin on Monday",
        "Amina Odhiambo",
    )
    assert WIRE[quote.start : quote.end] == quote.text
    assert quote.speaker_id in {entity.id for entity in read(tools, WIRE).entities}


def test_quotes_of_a_text_are_bounded(tools: Tools) -> None:
    """A document has room for the text first."""
    assert len(quotes(tools, 'Ada Okoro said: "It rains."\n' * 1_200)) == 1_000


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "unit",
    [
        '"',
        '" ',
        '"\u201c',
        '"\u201d\n',
        '"a" ',
        '"aa," Okoro said. ',
        '"aa," he said. ',
        'Okoro said: "aa\n',
        ' "aa',
        "Okoro said, ",
        "said ",
        '"aa," Okoro, ',
    ],
)
def test_strange_marks_take_no_longer(tools: Tools, unit: str) -> None:
    """Marks and verbs without end are read in time that grows with them."""
    quotes(tools, f"Ada Okoro keeps goats.\n{unit * (60_000 // len(unit))}")
