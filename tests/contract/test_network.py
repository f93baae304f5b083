"""The shipped weights say what spaCy says of them, on hundreds of articles."""

from itertools import islice

import pytest
import spacy

from services.enrich.entities.network import Name, Network
from tests.benchmarks.stories import stories
from tests.unit.enrich.test_network import WEIGHTS

ARTICLES = 300
MOST_CHANGED = 0.02  # of the names, by integers; 0.004 on 300 articles of newspapers


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Invented wire stories, and the same in capitals and without any."""
    told = [f"{one['headline']}\n{one['body']}" for one in islice(stories(7), ARTICLES - 20)]
    return [*told, *(text.upper() for text in told[:10]), *(text.lower() for text in told[:10])]


@pytest.fixture(scope="module")
def spacys(texts: list[str]) -> list[list[Name]]:
    """What spaCy's own `ner` finds in them."""
    return [
        [Name(name.start_char, name.end_char, name.label_) for name in doc.ents]
        for doc in spacy.load(WEIGHTS).pipe(texts, batch_size=16)
    ]


def test_floats_find_the_same_names_as_spacy(texts: list[str], spacys: list[list[Name]]) -> None:
    """Every name of every article, with its label."""
    found = Network(WEIGHTS, arithmetic="float32").read(texts)

    assert sum(map(len, found)) > 10 * ARTICLES
    assert found == spacys


def test_integers_find_nearly_the_same_names(texts: list[str], spacys: list[list[Name]]) -> None:
    """What they cost in names is bounded."""
    found = Network(WEIGHTS, arithmetic="int8").read(texts)

    changed = sum(len(set(ours) ^ set(theirs)) for ours, theirs in zip(found, spacys, strict=True))
    assert changed <= MOST_CHANGED * sum(map(len, spacys))
