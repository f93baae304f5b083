"""Settings of the console."""

import ipaddress
from pathlib import Path
from typing import Final

from pydantic import Field, PositiveInt, SecretStr, ValidationInfo, field_validator

from services.store.settings import StoreSettings

_SHORTEST_TOKEN: Final = 16


class ConsoleSettings(StoreSettings):
    """What the console reads from its environment."""

    console_host: str = Field("127.0.0.1", description="Where the console listens.")
    console_port: int = Field(
        8080, ge=0, le=65535, description="Port of the console; 0 takes a free one."
    )
    console_token: SecretStr | None = Field(
        None,
        validate_default=True,
        description="Who has it may send dead letters again. Needed, and then for every page, when "
        "the console does not listen on loopback; else one is made at the start.",
    )
    console_token_file: Path = Field(
        Path("var/console-token"), description="Where a token that is made at the start is kept."
    )
    console_names: list[str] = Field(
        [],
        description="Host names by which browsers reach it, as a JSON list; addresses and "
        "`localhost` always do.",
    )
    console_requests_per_minute: PositiveInt = Field(
        1_200, description="More from one address are refused for the rest of the minute."
    )
    console_stages: dict[str, str] = Field(
        {},
        description="Where each process of the other services answers for its health, as a JSON "
        'object: `{"ingest": "http://ingest:8080/health"}`.',
    )
    inbox_dir: Path = Field(
        Path("inbox"), description="The folder that is watched, with all below."
    )
    archive_dir: Path = Field(
        Path("archive"), description="Where a file goes once its articles are published."
    )

    @field_validator("console_token")
    @classmethod
    def _safe(cls, token: SecretStr | None, given: ValidationInfo) -> SecretStr | None:
        said = token.get_secret_value().strip() if token else ""
        if said and len(said) < _SHORTEST_TOKEN:
            msg = f"a token has {_SHORTEST_TOKEN} characters at least; try `openssl rand -hex 16`"
            raise ValueError(msg)
        host = given.data.get("console_host", "127.0.0.1")
        if not said and not is_loopback(host):
            msg = (
                f"needed, because NEWSFLOW_CONSOLE_HOST is {host} and others can reach it; "
                "try `openssl rand -hex 16`"
            )
            raise ValueError(msg)
        return SecretStr(said) if said else None

    @property
    def is_open(self) -> bool:
        """Whether pages are shown without the token: to people at this machine only."""
        return is_loopback(self.console_host)


def is_loopback(host: str) -> bool:
    """Say whether only this machine reaches `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
