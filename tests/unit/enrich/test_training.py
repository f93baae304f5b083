"""The pure parts of the training: what needs neither its libraries nor its texts."""

import json
import tomllib
from pathlib import Path
from random import Random

import pytest

from services.enrich.training import names as names_module
from services.enrich.training.corpora import read
from services.enrich.training.measure import Score, marked_texts, score
from services.enrich.training.names import Names, Table
from services.enrich.training.network import words_of
from services.enrich.training.samples import (
    Sample,
    cut,
    join,
    sample_of,
    spans_of,
    text_of,
)
from services.enrich.training.vary import Variations, bracketed, headline

_TEXT = "Amina Odhiambo's firm, Savanna Rail Ltd, left Mombasa.\n\nIt rained."
_MARKED = bracketed(
    "[PER Amina Odhiambo]'s firm, [ORG Savanna Rail Ltd], left [LOC Mombasa].\n\nIt rained.",
    words_of,
)


def _chance(seed: int) -> Random:
    return Random(seed)  # noqa: S311 (variety, no secrets)


def _named(sample: Sample) -> list[tuple[str, str]]:
    text = text_of(sample.words)
    return [(text[start:end], label) for start, end, label in spans_of(sample)]


@pytest.fixture(scope="module")
def table() -> Table:
    path = Path(names_module.__file__).parent / "names.toml"
    return Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def names(table: Table) -> Names:
    return Names(
        table,
        people=[("Moses", "Wekesa"), ("Ingrid", "Dahl")],
        cities=["Kisumu", "Bergen"],
        countries=["Norway", "Kenya"],
        agencies=["NTB"],
    )


@pytest.fixture(scope="module")
def variations(names: Names) -> Variations:
    seen = {
        "PER 1": ["Lagat"],
        "PER 2": ["Ruth Lagat"],
        "LOC 1": ["Nakuru"],
        "ORG 2": ["Equator Bank"],
    }
    return Variations(names, seen, words_of)


def test_words_give_the_text_they_were_cut_from() -> None:
    """Paragraphs and possessives included, so offsets hold."""
    assert text_of(_MARKED.words) == _TEXT


def test_marked_characters_become_words_and_back() -> None:
    """A span that ends within a word takes the words that lie within it."""
    sample = sample_of("Kisumu-based Equator Bank", [(0, 6, "LOC"), (13, 25, "ORG")], words_of)

    assert _named(sample) == [("Kisumu", "LOC"), ("Equator Bank", "ORG")]


def test_of_two_marks_that_overlap_the_first_stays() -> None:
    """The network learns one name a word."""
    sample = sample_of("Equator Bank", [(0, 12, "ORG"), (0, 7, "LOC")], words_of)

    assert len(sample.names) == 1


def test_no_name_is_cut_in_two() -> None:
    """A piece grows until the name ends."""
    pieces = list(cut(_MARKED, 6))

    assert [name for piece in pieces for name in _named(piece)] == _named(_MARKED)
    assert join(pieces) == _MARKED


def test_country_is_a_place_whatever_a_source_says(tmp_path: Path) -> None:
    """Some call a country an organisation."""
    (tmp_path / "a.jsonl").write_text('{"text": "Norway won.", "spans": [[0, 6, "ORG"]]}')

    samples = read(
        tmp_path / "a.jsonl", at_once=1, longest=200, tokenize=words_of, places={"Norway"}
    )

    assert [_named(sample) for sample in samples] == [[("Norway", "LOC")]]


def test_rows_read_together_keep_their_offsets(tmp_path: Path) -> None:
    """Sentences by themselves become a short text."""
    row = json.dumps({"text": "Rain fell in Kisumu.", "spans": [[13, 19, "LOC"]]})
    (tmp_path / "a.jsonl").write_text(f"{row}\n" * 4)

    samples = read(
        tmp_path / "a.jsonl", at_once=3, longest=200, tokenize=words_of, places=frozenset()
    )

    assert [_named(sample) for sample in samples] == [[("Kisumu", "LOC")] * 3, [("Kisumu", "LOC")]]


def test_name_with_another_end_is_wrong_and_missed(tmp_path: Path) -> None:
    """Only exact spans count, of what both mark; the rest of a file's labels do not."""
    path = tmp_path / "dev.conll"
    path.write_text("Ruth B-person\nLagat I-person\nwon B-event\n\nKisumu B-location\n")

    [(text, names), (_, places)] = marked_texts(path)

    assert (text, {*names}, {*places}) == ("Ruth Lagat won", {(0, 10, "PER")}, {(0, 6, "LOC")})
    found = [{(0, 4, "PER")}, {(0, 6, "LOC"), (0, 6, "MISC")}]
    assert score([names, places], found, {"PER", "LOC"}) == Score(right=1, wrong=1, missed=1)


def test_exchanged_names_keep_what_they_are_and_what_is_around_them(
    variations: Variations,
) -> None:
    """Only names change."""
    for seed in range(50):
        varied = variations.exchange(_MARKED, _chance(seed))
        (person, _), (company, _), (place, _) = _named(varied)
        assert text_of(varied.words) == (f"{person}'s firm, {company}, left {place}.\n\nIt rained.")
        assert [name.label for name in varied.names] == ["PER", "ORG", "LOC"]


def test_names_do_change(variations: Variations) -> None:
    """A network that could learn names by heart would."""
    persons = {_named(variations.exchange(_MARKED, _chance(seed)))[0][0] for seed in range(50)}

    assert {"Amina Odhiambo", "Ruth Lagat", "Moses Wekesa", "Ingrid Dahl"} <= persons


def test_variations_of_one_seed_are_alike(variations: Variations) -> None:
    """Weights can be made again."""
    assert variations.vary(_MARKED, _chance(5)) == variations.vary(_MARKED, _chance(5))


def test_dateline_names_a_city_and_now_and_then_an_agency(variations: Variations) -> None:
    """As stories of agencies open."""
    openings = [variations.dateline(_chance(seed)) for seed in range(50)]

    assert {_named(opening)[0][1] for opening in openings} == {"LOC"}
    assert ("NTB", "ORG") in {name for opening in openings for name in _named(opening)}


def test_headline_in_capitals_keeps_its_names() -> None:
    """Only the first sentence is written so."""
    varied = headline(_MARKED, capitals=True)

    assert text_of(varied.words) == (
        "AMINA ODHIAMBO'S FIRM, SAVANNA RAIL LTD, LEFT MOMBASA.\n\nIt rained."
    )
    assert varied.names == _MARKED.names


@pytest.mark.parametrize("kind", ["regions", "organisations", "bodies", "sites", "topics"])
def test_every_template_can_be_filled(kind: str, table: Table, names: Names) -> None:
    """No brace is left."""
    for template in getattr(table, kind):
        filled = names.fill(template, _chance(1))
        assert not set("{}") & set(filled)
