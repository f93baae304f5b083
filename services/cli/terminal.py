"""What every command needs of the terminal: where to print, how to fail, where the servers are."""

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import orjson
import typer
from pymongo.errors import PyMongoError
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import Progress
from rich.segment import Segment
from typer.core import TyperGroup

from services.devstack.stack import Address
from services.store.driver_errors import is_refusal, said
from services.store.mongo import Mongo
from services.store.settings import StoreSettings
from shared import connecting, partitions
from shared.addresses import without_password
from shared.errors import NewsflowError, RedisUnavailable
from shared.plain import plain, plain_line
from shared.settings import load

_WIDE: Final = 120  # columns, where the output is no terminal


class ClosedPipe(Exception):  # noqa: N818 (reads as the state it names)
    """Whoever read what a command prints went away."""


class Commands(TyperGroup):
    """All commands; a closed pipe is left to `failing_in_one_line`: typer makes it exit code 1."""

    def make_context(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (as typer has it)
        """Parse what was typed; --help prints here."""
        with _telling_closed_pipes():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (as typer has it)
        """Run the command."""
        with _telling_closed_pipes():
            return super().invoke(ctx)


@contextlib.contextmanager
def _telling_closed_pipes() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise ClosedPipe from None


class _Console(Console):
    """One that shows what a terminal would obey: what is printed comes from articles and files."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        """Return what is printed; the console's own sequences are added to it later, as styles."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))

    def on_broken_pipe(self) -> None:
        """Leave it to `failing_in_one_line`: rich would end with exit code 1."""
        raise ClosedPipe from None


def _console(*, stderr: bool) -> Console:
    is_terminal = (sys.stderr if stderr else sys.stdout).isatty()
    return _Console(
        stderr=stderr,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if is_terminal else _WIDE,
    )


out: Final = _console(stderr=False)
err: Final = _console(stderr=True)

Folder = Annotated[Path, typer.Option("--dir", help="Folder of the stack; here by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]


def here(folder: Path) -> tuple[StoreSettings, Address | None]:
    """Return where the servers are: as the environment says, else the stack of `folder`."""
    settings = load(StoreSettings)
    address = Address.of(folder)
    if address is None:
        return settings, None
    urls = {"redis_url": address.redis_url, "mongo_url": address.mongo_url}
    unsaid = {name: url for name, url in urls.items() if name not in settings.model_fields_set}
    return settings.model_copy(update=unsaid), address


@contextlib.asynccontextmanager
async def redis(settings: StoreSettings) -> AsyncIterator[Redis]:
    """Yield a client; what Redis refuses fails the command in one line."""
    client = partitions.client(settings.redis_url, settings.partition, socket_timeout=10)
    try:
        yield client
    except (RedisError, RedisUnavailable) as error:
        place = without_password(settings.redis_url)
        refused = connecting.is_refusal(error)
        advice = _advice(error, connecting.REDIS, refused=refused)
        fail(f"Redis at {place}: {str(error).rstrip('.')}; {advice}")
    finally:
        await client.aclose()


@contextlib.asynccontextmanager
async def mongo(settings: StoreSettings) -> AsyncIterator[Mongo]:
    """Yield the articles; what MongoDB refuses fails the command in one line."""
    articles = Mongo(settings)
    try:
        yield articles
    except PyMongoError as error:
        place = without_password(settings.mongo_url)
        advice = _advice(error, connecting.MONGO, refused=is_refusal(error))
        fail(f"MongoDB at {place}: {said(error)}; {advice}")
    finally:
        await articles.close()


def _advice(error: Exception, options: connecting.Options, *, refused: bool) -> str:
    """Return what to do next about a server that is away or refuses."""
    if refused:
        return f"check {options.variable} and the user's rights, see docs/operations.md"
    if isinstance(error, ResponseError):
        return "it answers, and refuses this"
    return (
        connecting.lasting(error, options)
        or connecting.hint(error, options)
        or f"start it with `newsflow up` or set {options.variable}"
    )


def progress(*, disable: bool = False) -> Progress:
    """Return a progress bar for long work on standard error, when that is a terminal.

    What is printed meanwhile goes above the bar on a terminal, and into a pipe as it is: rich would
    else send it to where the bar is.
    """
    return Progress(
        console=err,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),
        disable=disable or not err.is_terminal,
    )


def of_partition(shown: dict[str, Any]) -> dict[str, Any]:
    """Return what Redis knows with the partition it is of, where there are any."""
    partition = os.environ.get("NEWSFLOW_PARTITION")
    return {"partition": partition, **shown} if partition else shown


def line(shown: dict[str, Any] | str) -> None:
    """Print one line to standard output: a JSON object, or a text whatever the terminal's width."""
    text = shown if isinstance(shown, str) else orjson.dumps(shown, default=str).decode()
    print(plain_line(text))  # noqa: T201 (rich would wrap it)


def fail(text: str, *, code: int = 1) -> NoReturn:
    """End the command with one line on standard error."""
    err.print(f"newsflow: {text}", markup=False, soft_wrap=True)
    raise typer.Exit(code)


@contextlib.contextmanager
def failing_in_one_line() -> Iterator[None]:
    """Say what failed without a traceback; a closed pipe (`| head`) is no failure."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except NewsflowError as error:
        err.print(f"newsflow: {error}", markup=False, soft_wrap=True)
        sys.exit(1)
    except (ClosedPipe, OSError) as error:
        # What could not be written would else be tried again at the very end, with exit code 120.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, ClosedPipe | BrokenPipeError):
            sys.exit(0)
        place = f"{error.filename}: " if error.filename else ""
        err.print(f"newsflow: {place}{error.strerror or error}", markup=False, soft_wrap=True)
        sys.exit(1)
