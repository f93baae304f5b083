"""Settings: NEWSFLOW_* environment variables, each with a default that works on one machine.

A variable may also stand in a file of its name in /run/secrets (or NEWSFLOW_SECRETS_DIR).

What every service needs stands here; a service's own settings.py adds to it. The table in
docs/settings.md is held to these classes by a test.
"""

import os
import secrets
import socket
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, PositiveInt, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.addresses import usable_redis_url
from shared.errors import NewsflowError
from shared.partitions import named

S = TypeVar("S", bound=BaseSettings)

_SECRETS_DIR = "/run/secrets"  # where Docker and Kubernetes mount them


class InvalidSettings(NewsflowError):  # noqa: N818 (reads as the state it names)
    """An environment variable that cannot be used; the text names it."""


def _several(partitions: str) -> str:
    """Return names with commas between them, each once."""
    return ",".join(dict.fromkeys(named(one.strip()) for one in partitions.split(",")))


def _http(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        msg = "not a URL of OTLP over HTTP, like `http://127.0.0.1:4318`"
        raise ValueError(msg)
    return url


class Settings(BaseSettings):
    """What every service reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="NEWSFLOW_", frozen=True, extra="ignore")

    redis_url: Annotated[str, AfterValidator(usable_redis_url)] = Field(
        "redis://127.0.0.1:6379/0",
        description="Redis 7 or Valkey; `rediss://` for TLS, user and password before an `@`; "
        "nodes of a cluster with commas.",
    )
    partition: Annotated[str, AfterValidator(named)] = Field(
        "", description="The part of the stream that this process works on, see scaling.md."
    )
    partitions: Annotated[str, AfterValidator(_several)] = Field(
        "",
        description="All partitions, with commas: `newsflow publish` spreads articles over them, "
        "other commands look at one after the other.",
    )
    batch_size: PositiveInt = Field(100, description="Entries read from a stream at once.")
    reclaim_after_ms: PositiveInt = Field(
        10_000, description="Take over an entry that its consumer has left alone for this long."
    )
    max_deliveries: PositiveInt = Field(
        5, description="Park an article after this many failed deliveries."
    )
    max_dead_percent: int = Field(
        20,
        ge=1,
        le=100,
        description="Of the last 100 articles a process parks no more; others that would be parked "
        "stay pending, with an alarm. 100 parks all.",
    )
    max_article_bytes: PositiveInt = Field(
        8 * 1024 * 1024, description="Larger articles are refused; MongoDB's own limit is 16 MiB."
    )
    receipts_kept: PositiveInt = Field(
        100_000, description="So many of the newest receipts for publishers stay in Redis."
    )
    stop_within_s: PositiveInt = Field(
        20, description="Time to finish what was begun after SIGTERM, in seconds."
    )
    health_host: str = Field("127.0.0.1", description="Where /health and /metrics listen.")
    health_port: int = Field(
        0, ge=0, le=65535, description="Port of /health and /metrics; 0 takes a free one."
    )
    otlp_endpoint: Annotated[str, AfterValidator(_http)] | None = Field(
        None,
        description="Where traces go: a collector's `http://HOST:4318`; see tracing.md.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`auto`: coloured on a terminal, else one JSON object a line."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The lowest level that is written."
    )


def load(settings: type[S]) -> S:
    """Return `settings` from the environment, and from secrets: files named like the variables.

    Raises InvalidSettings, which names the variable and never its value.
    """
    secrets_dir = Path(os.environ.get("NEWSFLOW_SECRETS_DIR", _SECRETS_DIR))
    try:
        return settings(_secrets_dir=secrets_dir if secrets_dir.is_dir() else None)
    except ValidationError as error:
        prefix = settings.model_config.get("env_prefix", "")
        problems = "; ".join(
            f"{prefix}{'.'.join(map(str, problem['loc']))}".upper()
            + f": {problem['msg'].removeprefix('Value error, ')}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise InvalidSettings(problems) from None


def process_name(stage: str) -> str:
    """Return a name for this process that no other has: stage, host, pid and a random part."""
    return f"{stage}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
