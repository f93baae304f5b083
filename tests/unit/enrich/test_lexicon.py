import pytest

from services.enrich.lexicon import LexiconError, read_lexicon

_SPORT = '[sport]\nid = "medtop:15000000"\nname = "sport"\n'
_EVENT = '[sport.event]\nid = "medtop:20001108"\nname = "sport event"\n'


def _error(toml: str) -> str:
    with pytest.raises(LexiconError) as raised:
        read_lexicon(toml, file="desk.toml", retired={"medtop:20001109"})
    return str(raised.value)


def test_phrases_are_parted_by_commas_or_lines() -> None:
    """A newsroom writes as it likes: capitals, blanks and a last comma make no difference."""
    toml = f'{_SPORT}phrases = """\nWorld  Cup, medal,\nrugby\nmatch,\n"""'

    lexicon = read_lexicon(toml, file="desk.toml", retired=())

    assert [phrase.text for phrase in lexicon.phrases] == ["world cup", "medal", "rugby", "match"]


def test_plural_is_understood() -> None:
    """A phrase is found in the singular and in the plural, as one phrase."""
    lexicon = read_lexicon(f'{_SPORT}phrases = "match, medal"', file="desk.toml", retired=())

    found = [
        lexicon.phrases[lexicon.phrase_of_form[match.phrase]].text
        for match in lexicon.forms.find("matches, medal, medals")
    ]

    assert found == ["match", "medal", "medal"]


def test_version_changes_with_the_file() -> None:
    """Documents name the very file that made their topics."""
    one, other = (
        read_lexicon(f'{_SPORT}phrases = "{word}"', file="desk.toml", retired=()).tool
        for word in ("match", "medal")
    )

    assert one.name == "lexicon"
    assert one.version != other.version


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("[sport", "not TOML: "),
        ("", "no phrases"),
        (_SPORT, "no phrases"),
        ("sport = 1", "[sport]: is no section"),
        ('[sport]\nid = "medtop:15000000"', "[sport]: name: Field required"),
        ('[sport]\nname = "sport"', "[sport]: id: Field required"),
        (f"{_SPORT}wieght = 2", "[sport]: wieght: Extra inputs are not permitted"),
        (f"{_SPORT}weight = 0", "[sport]: weight: Input should be greater than 0"),
        (f"{_SPORT}weight = inf", "[sport]: weight: Input should be a finite number"),
        (f'{_SPORT}weight = "much"', "[sport]: weight: Input should be a valid number"),
        (f"{_SPORT}phrases = 1", "[sport]: phrases: Input should be a valid tuple"),
        (f'{_SPORT}phrases = "match,, medal"', "[sport]: phrases: an empty phrase"),
        (f'{_SPORT}phrases = "match, Match"', "[sport]: phrases: stands twice: match"),
        (
            '[sport]\nid = "medtop:20001108"\nname = "sport event"',
            "[sport]: id: no Media Topic of this level: medtop:20001108",
        ),
        (
            '[sport]\nid = "15000000"\nname = "sport"',
            "[sport]: id: no Media Topic of this level: 15000000",
        ),
        (
            f'{_SPORT}[sport.event]\nid = "medtop:20001109"\nname = "championship"',
            "[sport.event]: id: retired by IPTC: medtop:20001109",
        ),
        (
            f"{_SPORT}{_EVENT}{_EVENT.replace('event]', 'cup]')}",
            "[sport.cup]: id: medtop:20001108 is that of [sport.event]",
        ),
        (
            f'{_SPORT}{_EVENT}[sport.event.final]\nid = "medtop:20001343"\nname = "final game"',
            "[sport.event.final]: is a third level, only two are read",
        ),
    ],
)
def test_error_names_file_section_and_what_is_wrong(toml: str, problem: str) -> None:
    """Who edits the lexicon is told where to look."""
    assert _error(toml).startswith(f"desk.toml: {problem}")


def test_phrase_may_stand_under_several_topics() -> None:
    """It is evidence for each of them."""
    toml = f'{_SPORT}phrases = "final"\n{_EVENT}phrases = "final"'

    [phrase] = read_lexicon(toml, file="desk.toml", retired=()).phrases

    assert [topic.name for topic in phrase.topics] == ["sport", "sport event"]
