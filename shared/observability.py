"""Logs: one line per article and stage, with `article_id`, `stage` and `status`.

Coloured on a terminal, one JSON object a line elsewhere. The libraries' own records (FastStream,
uvicorn, motor) take the same way out, from level WARNING.
"""

import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import BinaryIO, ClassVar, Final, Literal, cast

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from shared.plain import plain

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get_logger(stage: str) -> FilteringBoundLogger:
    """Return a logger whose every line names `stage`."""
    logger: FilteringBoundLogger = structlog.get_logger(stage=stage)
    return logger


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Write the lines of a block with few writes: each lets another thread take the interpreter."""
    _Output.held += 1
    try:
        yield
    finally:
        _Output.held -= 1
        sys.stderr.flush()


class _Output:
    """Where lines go: each is written at once, but for those of a `together` block."""

    held: ClassVar[int] = 0

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write
        self._file = file

    def flush(self) -> None:
        if not self.held:
            self._file.flush()


def configure(*, level: str, log_format: Literal["auto", "json", "console"]) -> None:
    """Set up the logs of this process; lines go to standard error."""
    if isinstance(sys.stderr.buffer, io.RawIOBase):
        # PYTHONUNBUFFERED, which images set, would make each line a write of its own.
        sys.stderr = open(  # noqa: SIM115 (for as long as the process lives)
            sys.stderr.fileno(), "w", 1, sys.stderr.encoding, "backslashreplace", closefd=False
        )
    console = sys.stderr.isatty() if log_format == "auto" else log_format == "console"
    before: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True) if console else _stamp,
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if console
        else structlog.processors.JSONRenderer(serializer=_dumps)
    )
    own = renderer if console else _line
    exceptions: list[Processor] = [_plain] if console else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*before, *exceptions, own],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=(
            structlog.PrintLoggerFactory(sys.stderr)
            if console
            else structlog.BytesLoggerFactory(cast("BinaryIO", _Output(sys.stderr.buffer)))
        ),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[_name_the_library, *exceptions, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # pages without text have a reason
    faststream = logging.getLogger("faststream")  # brings a handler and a level of its own
    faststream.handlers.clear()
    faststream.setLevel(logging.NOTSET)
    faststream.propagate = True


def _dumps(event: EventDict, **_: object) -> str:
    return _dump_bytes(event).decode()


def _line(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    return _dump_bytes(event)


def _dump_bytes(event: EventDict, **_: object) -> bytes:
    try:
        return orjson.dumps(event, default=str, option=orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:  # half of a surrogate pair, in the text of an error
        return json.dumps(event, default=str).encode()


def _stamp(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Add the time, which orjson writes at a third of what TimeStamper takes."""
    event["timestamp"] = datetime.now(UTC)
    return event


def _plain(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Show on a terminal what it would obey; JSON escapes it anyway."""
    return {name: plain(said) if isinstance(said, str) else said for name, said in event.items()}


def _name_the_library(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace structlog's own record keys by the library's name."""
    record = event.pop("_record", None)
    event.pop("_from_structlog", None)
    if record is not None:
        event["library"] = record.name.partition(".")[0]
    return event
