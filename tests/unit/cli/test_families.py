"""Commands that choose by the same things have the same options."""

import pytest
import typer

from services.cli import app

LETTERS = {"cause", "stage", "reason", "source", "producer", "file", "since", "until"}


ARTICLES = {
    *("entity", "id", "topic", "source", "country", "place", "near", "within", "quotes-of"),
    *("language", "cluster", "since", "until", "text", "fold", "all"),
}


def options(*words: str) -> dict[str, str | None]:
    """Return the options of a command, each with its help."""
    command = typer.main.get_command(app)
    for word in words:
        command = command.commands[word]  # type: ignore[attr-defined]  # of a group
    return {one.opts[0].lstrip("-"): getattr(one, "help", None) for one in command.params}


@pytest.mark.parametrize("command", ["list", "reasons", "replay", "purge"])
def test_dead_letters_are_chosen_alike_by_every_command(command: str) -> None:
    """One family; what is said of an option is said of it everywhere."""
    has, of_list = options("dead", command), options("dead", "list")

    assert {name: has.get(name) for name in LETTERS} == {name: of_list[name] for name in LETTERS}


@pytest.mark.parametrize(
    ("command", "without"),
    [
        ("query", set()),
        ("export", set()),
        ("tail", {"until", "text"}),
        ("reenrich", {"all"}),  # there it says what was read already
    ],
)
def test_articles_are_chosen_alike_by_every_command(command: str, without: set[str]) -> None:
    """As docs/exporting.md promises: the filters are those of `newsflow query`."""
    has, of_query = options(command), options("query")
    expected = ARTICLES - without

    assert {name: has.get(name) for name in expected} == {name: of_query[name] for name in expected}
    assert not (without - {"all"}) & set(has)
