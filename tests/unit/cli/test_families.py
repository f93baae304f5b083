"""Commands that choose by the same things have the same options."""

import pytest
import typer

from services.cli import app

LETTERS = {"cause", "stage", "reason", "source", "producer", "file", "since", "until"}


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
