"""Options that several commands share: typed out once, and handed on as one object."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

Command = Callable[..., None]


def chosen_by(
    family: Callable[..., object], *, without: Sequence[str] = ()
) -> Callable[[Command], Command]:
    """Give a command the options of `family`, and as its argument `chosen` what that returns.

    The parameters of `family` are the options, those named in `without` left out.
    """
    shared = inspect.signature(family, eval_str=True).parameters
    options = [one for name, one in shared.items() if name not in without]

    def with_options(command: Command) -> Command:
        own = inspect.signature(command, eval_str=True).parameters.values()
        every = [one for mine in own for one in (options if mine.name == "chosen" else [mine])]

        @functools.wraps(command)
        def run(**typed: Any) -> None:  # noqa: ANN401 (what each option takes)
            of_family = {one.name: typed.pop(one.name) for one in options}
            command(chosen=family(**of_family), **typed)

        # What typer reads of a command.
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in every]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in every}
        return run

    return with_options
