"""Logs: one line per article and stage, with `article_id`, `stage` and `status`.

Coloured on a terminal, one JSON object a line elsewhere. The libraries' own records (FastStream,
uvicorn, motor) take the same way out, from level WARNING.
"""

import logging
import sys
from typing import Final, Literal

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def get_logger(stage: str) -> FilteringBoundLogger:
    """Return a logger whose every line names `stage`."""
    logger: FilteringBoundLogger = structlog.get_logger(stage=stage)
    return logger


def configure(*, level: str, log_format: Literal["auto", "json", "console"]) -> None:
    """Set up the logs of this process; lines go to standard error."""
    console = sys.stderr.isatty() if log_format == "auto" else log_format == "console"
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        if console
        else structlog.processors.JSONRenderer(serializer=_dumps)
    )
    exceptions: list[Processor] = [] if console else [structlog.processors.format_exc_info]
    structlog.configure(
        processors=[*before, *exceptions, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
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
    faststream = logging.getLogger("faststream")  # brings a handler and a level of its own
    faststream.handlers.clear()
    faststream.setLevel(logging.NOTSET)
    faststream.propagate = True


def _dumps(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()


def _name_the_library(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace structlog's own record keys by the library's name."""
    record = event.pop("_record", None)
    event.pop("_from_structlog", None)
    if record is not None:
        event["library"] = record.name.partition(".")[0]
    return event
