import pytest

from services.enrich.topics.lexicon import KnownIds, Lexicon, LexiconError, read_lexicon

_SPORT = '[sport]\nid = "medtop:15000000"\nname = "sport"\n'
_EVENT = '[sport.event]\nid = "medtop:20001108"\nname = "sport event"\n'
_KNOWN = KnownIds(
    lower=frozenset({"medtop:20000822", "medtop:20001108", "medtop:20001301"}),
    retired=frozenset({"medtop:20001109"}),
)


def _read(toml: str) -> Lexicon:
    return read_lexicon(toml, file="desk.toml", known=_KNOWN)


def _problems(toml: str) -> list[str]:
    with pytest.raises(LexiconError) as raised:
        _read(toml)
    return str(raised.value).split("\n")


def _weights(lexicon: Lexicon, text: str) -> dict[str, float]:
    [phrase] = [phrase for phrase in lexicon.phrases if phrase.text == text]
    return {topic.name: weight for topic, weight in phrase.claims}


def test_phrases_are_parted_by_commas_or_lines() -> None:
    """A newsroom writes as it likes: capitals, blanks and a last comma make no difference."""
    lexicon = _read(f'{_SPORT}phrases = """\nWorld  Cup, medal,\nrugby\nmatch,\n"""')

    assert [phrase.text for phrase in lexicon.phrases] == ["world cup", "medal", "rugby", "match"]


@pytest.mark.parametrize(
    ("phrase", "plural"),
    [("medal", "medals"), ("match", "matches"), ("derby", "derbies"), ("relay", "relays")],
)
def test_plural_is_understood(phrase: str, plural: str) -> None:
    """A phrase is found in the singular and in the plural, as one phrase."""
    lexicon = _read(f'{_SPORT}phrases = "{phrase}"')

    found = [
        lexicon.phrases[lexicon.phrase_of_form[match.phrase]].text
        for match in lexicon.forms.find(f"{phrase}, {plural}")
    ]

    assert found == [phrase, phrase]


def test_version_changes_with_the_file() -> None:
    """Documents name the very file that made their topics."""
    one, other = (_read(f'{_SPORT}phrases = "{word}"').version for word in ("match", "medal"))

    assert one != other


def test_weak_phrase_says_half() -> None:
    """The weight of a section is that of its phrases; what is weak weighs half as much."""
    lexicon = _read(f'{_SPORT}weight = 1.8\nphrases = "match"\nweak = "game"')

    assert _weights(lexicon, "match") == {"sport": 1.8}
    assert _weights(lexicon, "game") == {"sport": 0.9}


def test_phrase_speaks_for_the_upper_topic_once() -> None:
    """However many topics below it a phrase speaks for, the strongest of them counts."""
    place = '[sport.prize]\nid = "medtop:20001301"\nname = "prize"\nweight = 1.5\n'

    lexicon = _read(f'{_SPORT}{_EVENT}phrases = "final"\n{place}phrases = "final"')

    assert _weights(lexicon, "final") == {"sport event": 1.0, "prize": 1.5, "sport": 1.5}


def test_ignored_phrase_speaks_for_nothing() -> None:
    """It is found, so that the words within are not."""
    lexicon = _read(f'{_SPORT}phrases = "football"\n[ignore]\nphrases = "political football"')

    [match] = lexicon.forms.find("a political football")

    assert lexicon.phrases[lexicon.phrase_of_form[match.phrase]].claims == ()


def test_id_that_is_newer_than_the_list_is_taken() -> None:
    """IPTC adds topics between two releases of Newsflow."""
    lexicon = _read(f'{_SPORT}[sport.new]\nid = "medtop:20009999"\nname = "new"\nphrases = "golf"')

    assert lexicon.topics[-1].id == "medtop:20009999"


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        ("\n[sport", "2: not TOML: "),
        ('[sport]\nname = """', "2: not TOML: "),
        ("", "1: no phrases; write phrases = "),
        (_SPORT, "1: no phrases; write phrases = "),
        (f"{_SPORT}[ignore]\nphrases = 'war of words'", "1: no phrases; write phrases = "),
        ("\nsport = 1", "2: sport: is no section"),
        ('[sport]\nid = "medtop:15000000"', "1: [sport]: name: is missing; write `name = ...`"),
        ('\n[sport]\nname = "sport"', "2: [sport]: id: is missing; write `id = ...`"),
        (f"{_SPORT}wieght = 2", "4: [sport]: wieght: means nothing here; a topic has id, name"),
        (f"{_SPORT}weight = 0", "4: [sport]: weight: Input should be greater than 0"),
        (f"{_SPORT}weight = inf", "4: [sport]: weight: Input should be a finite number"),
        (f'{_SPORT}weight = "much"', "4: [sport]: weight: Input should be a valid number"),
        (f"{_SPORT}phrases = 1", "4: [sport]: phrases: must stand within quotation marks"),
        (f'{_SPORT}phrases = "match,, medal"', "4: [sport]: phrases: an empty phrase"),
        (
            f'{_SPORT}phrases = """\nmatch,\nmedal,\nMatch\n"""',
            "7: [sport]: phrases: stands twice: match; keep one",
        ),
        (
            f'{_SPORT}phrases = "match"\nweak = "match"',
            "5: [sport]: weak: stands twice: match; keep one",
        ),
        (
            f'{_SPORT}phrases = "match"\n[ignore]\nphrases = "match"',
            "6: [ignore]: is evidence for sport: match",
        ),
        (
            f'{_SPORT}phrases = "match"\n[ignore]\nweak = "game"',
            "6: [ignore]: weak: means nothing here",
        ),
        (
            '[sport]\nid = "medtop:20001108"\nname = "sport event"',
            "2: [sport]: id: no Media Topic of the first level, like medtop:02000000: medtop:2000",
        ),
        (
            '[sport]\nid = "15000000"\nname = "sport"',
            "2: [sport]: id: no Media Topic of the first level, like medtop:02000000: 15000000",
        ),
        (
            f'{_SPORT}[sport.event]\nid = "medtop:20001109"\nname = "championship"',
            "5: [sport.event]: id: IPTC has retired medtop:20001109; take the topic",
        ),
        (
            f'{_SPORT}[sport.event]\nid = "medtop:20000001"\nname = "championship"',
            "5: [sport.event]: id: IPTC has no topic medtop:20000001; look it up",
        ),
        (
            f"{_SPORT}{_EVENT}{_EVENT.replace('event]', 'cup]')}",
            "8: [sport.cup]: id: medtop:20001108 is that of [sport.event]; keep one",
        ),
        (
            f'{_SPORT}{_EVENT}[sport.event.final]\nid = "medtop:20001301"\nname = "final game"',
            "7: [sport.event.final]: is a third level; only two are read",
        ),
    ],
)
def test_error_names_file_and_line_and_what_is_wrong(toml: str, problem: str) -> None:
    """Who edits the lexicon is told where to look, and what to do."""
    [found] = _problems(toml)

    assert found.startswith(f"desk.toml:{problem}")


def test_all_that_is_wrong_is_said_at_once_in_the_order_of_lines() -> None:
    """A newsroom mends a file in one go."""
    toml = (
        f'{_SPORT}weight = 0\n[sport.event]\nid = "medtop:20001109"\nwieght = 2\n'
        '[crime]\nid = "medtop:2"\nname = "crime"\nphrases = "theft, , theft"'
    )

    problems = _problems(toml)

    assert [problem.split(" ")[0] for problem in problems] == [
        f"desk.toml:{line}:" for line in (4, 5, 6, 7, 9, 11, 11)
    ]


def test_phrase_may_stand_under_several_topics() -> None:
    """It is evidence for each of them."""
    lexicon = _read(f'{_SPORT}phrases = "final"\n{_EVENT}phrases = "final"')

    assert _weights(lexicon, "final") == {"sport": 1.0, "sport event": 1.0}
