"""What reading articles again changes, counted and shown."""

import pytest
from rich.console import Console

from services.cli import differences
from services.cli.differences import Tally
from services.store.annotations import Annotation, Change


def annotation(*changes: Change) -> Annotation:
    return Annotation({}, {}, changes)


def shown(what: object) -> str:
    console = Console(width=120)
    with console.capture() as capture:
        console.print(what)
    return capture.get()


def test_articles_and_changes_are_counted_by_kind_and_sign() -> None:
    """What other tools read alike is no change; names count when they come or go."""
    tally = Tally(read=4)
    tally.add(annotation(Change("entities", "+", "Lima (place)"), Change("topics", "~", "sport")))
    tally.add(annotation(Change("entities", "+", "Lima (place)"), Change("headline", "+", "Rain")))
    tally.add(annotation())

    figures = tally.figures()

    assert (figures["read"], figures["changed"], figures["same"]) == (4, 2, 1)
    assert figures["changes"] == {"entities": {"+": 2}, "headline": {"+": 1}, "topics": {"~": 1}}
    assert figures["most_added"] == [["entities", "Lima (place)", 2]]
    assert shown(differences.summary(tally)) == (
        "4 articles read again: 2 differ, 1 are read alike by other tools\n"
        "  entities   +2  -0  ~0\n"
        "  headline   +1  -0  ~0\n"
        "  topics     +0  -0  ~1\n"
        "  most often added: Lima (place) 2\n"
    )


def test_frequent_names_stay_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million names would else be kept for ten."""
    monkeypatch.setattr(differences, "_KEPT", 2)
    tally = Tally()
    for name in ("a", "a", "b", "b", "c", "d", "e"):
        tally.add(annotation(Change("topics", "+", name)))

    assert [change.name for change, _ in tally.most("+")] == ["a", "b"]


def test_an_article_shows_a_line_a_kind() -> None:
    """Only so many names, and how many more."""
    many = [Change("entities", "-", f"N{number}") for number in range(10)]
    one = annotation(*many, Change("topics", "+", "sport"))

    told = shown(differences.article({"_id": "7e", "summary": "It rained."}, one))

    assert told == (
        "7e  It rained.\n"
        "  entities   - N0, N1, N2, N3, N4, N5, N6, N7 and 2 more\n"
        "  topics     + sport\n"
    )
