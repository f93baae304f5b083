from datetime import date

import pytest

from services.enrich.text.dateline import Opening, read_dateline
from services.enrich.tools import Tools

_NEAR = date(2021, 3, 4)
_MINSK = "Minsk, May 2 (BelTA/UNI)"
_OPENINGS = [
    (f"{_MINSK} The", _MINSK, ("Minsk", date(2021, 5, 2), ("BelTA", "UNI"))),
    ("LONDON (Reuters) - Oil", "LONDON (Reuters)", ("London", None, ("Reuters",))),
    (
        "KABUL, Afghanistan (AP) — The",
        "KABUL, Afghanistan (AP)",
        ("Kabul, Afghanistan", None, ("AP",)),
    ),
    ("CAIRO - 26 July 2022: The", "CAIRO - 26 July 2022", ("Cairo", date(2022, 7, 26), ())),
    ("SINGAPORE (May 6, 2021) — A", "SINGAPORE (May 6, 2021)", ("Singapore", date(2021, 5, 6), ())),
    (
        "MOSCOW, May 2. /TASS/. The",
        "MOSCOW, May 2. /TASS/",
        ("Moscow", date(2021, 5, 2), ("TASS",)),
    ),
    (
        "Delhi [India], May 2 (ANI): The",
        "Delhi [India], May 2 (ANI)",
        ("Delhi", date(2021, 5, 2), ("ANI",)),
    ),
    ("Tehran, IRNA - The", "Tehran, IRNA", ("Tehran", None, ("IRNA",))),
    ("May 2, 2019 (KHARTOUM) - The", "May 2, 2019 (KHARTOUM)", ("Khartoum", date(2019, 5, 2), ())),
    (
        "afrol News, 20 June - Rain",
        "afrol News, 20 June",
        (None, date(2021, 6, 20), ("afrol News",)),
    ),
    ("(Reuters) - The", "(Reuters)", (None, None, ("Reuters",))),
    ("RIO DE JANEIRO: The", "RIO DE JANEIRO", ("Rio de Janeiro", None, ())),
    ("WASHINGTON, D.C. (AP) -- The", "WASHINGTON, D.C. (AP)", ("Washington, D.C.", None, ("AP",))),
    (
        "OSLO and MALMO, May 2 - The",
        "OSLO and MALMO, May 2",
        ("Oslo and Malmo", date(2021, 5, 2), ()),
    ),
    ("Durban — The trophy", "Durban", ("Durban", None, ())),
    ("SEOUL--Foreign", "SEOUL", ("Seoul", None, ())),
]


def _read(tools: Tools, line: str) -> Opening | None:
    return read_dateline(line, 0, len(line), bureaus=tools.bureaus, near=_NEAR)


@pytest.mark.parametrize(("line", "text", "says"), _OPENINGS)
def test_dateline_says_where_when_and_by_whom(
    tools: Tools, line: str, text: str, says: tuple[str | None, date | None, tuple[str, ...]]
) -> None:
    """Every way in which wires open is read: without the separator, places not in capitals."""
    opening = _read(tools, line)

    assert opening is not None
    dateline = opening.dateline
    assert (dateline.place, dateline.date, dateline.agencies) == says
    assert line[dateline.start : dateline.end] == dateline.text == text


@pytest.mark.parametrize(
    "line",
    [
        "The Royal Observatory (RO) has never said so",
        "Police today (July 26, 2022) found",
        "Prime Minister Ann Lee on Friday (July 5) said",
        "On Apr. 17, 1830, two factions met",
        "WATCH: Five days in March",
        "NHS: Waiting lists grow",
        "UK-based food delivery app",
        "Elon Musk: What comes next",
        "India - Pakistan talks",
        "PARIS (--) The rain",
        "A sentence like any other.",
        "",
    ],
)
def test_sentence_that_only_looks_like_a_dateline_is_none(tools: Tools, line: str) -> None:
    """Too little evidence is no dateline: the words are the story's."""
    assert _read(tools, line) is None


def test_story_begins_after_the_separator(tools: Tools) -> None:
    """What stands between dateline and story belongs to neither."""
    line = "  ATHENS, May 2 (Reuters) -- Crowds gathered"

    opening = _read(tools, line)

    assert opening is not None
    assert line[opening.story :] == "Crowds gathered"
    assert opening.dateline.start == 2


def test_places_and_agencies_are_found_one_by_one(tools: Tools) -> None:
    """Each place and agency of a list has its own range."""
    line = "DAKAR, Senegal, Jul 25 (AFP/Reuters) - Rain"

    opening = _read(tools, line)

    assert opening is not None
    assert [line[at.start : at.end] for at in opening.places] == ["DAKAR", "Senegal"]
    assert [line[at.start : at.end] for at in opening.agencies] == ["AFP", "Reuters"]


@pytest.mark.parametrize(
    "line", ["A" * 1_000_000, "Aa " * 300_000, "A/" * 300_000, "LONDON, " * 100_000, "(" * 99_999]
)
def test_only_the_opening_of_a_giant_line_is_looked_at(tools: Tools, line: str) -> None:
    """However long the first line is, the work is bounded."""
    opening = _read(tools, line)

    assert opening is None
