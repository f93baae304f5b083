"""Which changes of the heads are news."""

import pytest

from services.store.following import has_names, pipeline
from services.store.questions import Question, query
from tests.builders import NOON


@pytest.mark.parametrize(
    ("asked", "holds"),
    [("sao paulo", True), ("SÃO PAULO", True), ("São", False), ("Lima", False)],
)
def test_names_match_in_any_case_and_accents(asked: str, holds: bool) -> None:
    """As the collation of the index compares them; a part of a name is none."""
    article = {"entities": [{"name": "Brazil"}, {"name": "São Paulo"}]}

    assert has_names(article, query(Question(entity=asked), now=NOON)) is holds


def test_an_article_without_quotes_quotes_nobody() -> None:
    """Fields without a value are left out."""
    assert not has_names({}, query(Question(speaker="Ada Okoro"), now=NOON))
    assert has_names({}, query(Question(), now=NOON))


def test_conditions_are_on_the_whole_document() -> None:
    """Names are compared elsewhere; a fold keeps the first run."""
    asked = Question(entity="Kabul", source="Wire", fold=True, everything=True)

    [match] = pipeline(query(asked, now=NOON))

    assert match["$match"]["$and"][1] == {
        "fullDocument.source": "Wire",
        "$expr": {"$eq": ["$fullDocument._id", "$fullDocument.cluster"]},
    }
