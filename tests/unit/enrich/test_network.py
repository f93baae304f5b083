from pathlib import Path

import pytest
import spacy

from services.enrich.entities import network
from services.enrich.entities.network import Network, best_arithmetic

WEIGHTS = Path(network.__file__).parent.parent / "models" / "ner-newswire"

_STORY = "President Amina Odhiambo of Kenya met Angela Merkel in Berlin on Tuesday."


@pytest.fixture(scope="module")
def exact() -> Network:
    """The shipped weights, by floats."""
    return Network(WEIGHTS, arithmetic="float32")


def _found(reader: Network, text: str) -> list[tuple[str, str]]:
    [names] = reader.read([text])
    return [(text[name.start : name.end], name.label) for name in names]


def test_names_stand_where_they_are_said_to(exact: Network) -> None:
    """A name is a range of the text and a label."""
    assert _found(exact, _STORY) == [
        ("Amina Odhiambo", "PER"),
        ("Kenya", "LOC"),
        ("Angela Merkel", "PER"),
        ("Berlin", "LOC"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\n",
        "Berlin",
        "Angela Merkel",
        "New York City and",
        "\u00a0Paris\u00a0",
        "Bank of\n\nGhana",
        f"{_STORY} " * 30,
        "\U0001f600 Amina \u0627\u0644\u0633\u0644\u0627\u0645 O\u0308zil met J\u00fcrgen",
    ],
)
def test_answers_are_those_of_spacy(exact: Network, text: str) -> None:
    """Nothing, blanks alone, a name at the end, a name across lines, many scripts."""
    doc = spacy.load(WEIGHTS)(text)

    [names] = exact.read([text])

    assert [tuple(name) for name in names] == [
        (name.start_char, name.end_char, name.label_) for name in doc.ents
    ]


def test_words_seen_before_change_nothing(exact: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither when they are kept, nor when there were too many and all are forgotten."""
    fresh = exact.read([_STORY])
    monkeypatch.setattr(network, "_MOST_WORDS", 10)
    monkeypatch.setattr(network, "_MOST_EMBEDDINGS", 10)

    assert exact.read([_STORY, "Rain fell on Harare.", _STORY]) == [
        *fresh,
        *exact.read(["Rain fell on Harare."]),
        *fresh,
    ]


@pytest.mark.parametrize(
    ("flags", "best"),
    [
        ("flags : fpu sse2 avx2 avx512f avx512_vnni", "int8"),
        ("flags : fpu sse2 avx2 avx_vnni", "int8"),
        ("Features : fp asimd i8mm", "int8"),
        ("flags : fpu sse2 avx2 avx512f", "float32"),
        ("", "float32"),
    ],
)
def test_integers_are_used_where_the_processor_profits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: str, best: str
) -> None:
    """Without instructions for dot products of bytes they are slower, and on some overflow."""
    (tmp_path / "cpuinfo").write_text(flags)
    monkeypatch.setattr(network, "_CPU_INFO", tmp_path / "cpuinfo")

    assert best_arithmetic() == best


def test_processor_that_is_not_known_takes_floats(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every system tells."""
    monkeypatch.setattr(network, "_CPU_INFO", tmp_path / "nothing")

    assert best_arithmetic() == "float32"
