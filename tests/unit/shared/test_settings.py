"""Settings come from the environment and from secrets, and say what is wrong with them."""

from pathlib import Path

import pytest

from services.enrich.settings import EnrichSettings
from services.ingest.settings import IngestSettings
from services.store.settings import StoreSettings
from shared.settings import InvalidSettings, Settings, load

ALL = (IngestSettings, EnrichSettings, StoreSettings)


@pytest.mark.parametrize("settings", ALL)
def test_every_setting_has_a_working_default(settings: type[Settings]) -> None:
    """A service starts with an empty environment."""
    assert load(settings).redis_url == "redis://127.0.0.1:6379/0"


@pytest.mark.parametrize("settings", ALL)
def test_every_setting_says_what_it_is(settings: type[Settings]) -> None:
    """A description for each, and the unit in the name of each number that has one."""
    for name, field in settings.model_fields.items():
        assert field.description, name
        if field.annotation is int and name not in {
            "health_port",
            "max_deliveries",
            "max_depth",
            "receipts_kept",
            "redis_replicas",
        }:
            assert name.endswith(
                ("_ms", "_s", "_bytes", "_size", "_backlog", "_ratio", "_percent")
            ), name


def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the words of whoever sets it."""
    monkeypatch.setenv("NEWSFLOW_BATCH_SIZE", "many")

    with pytest.raises(InvalidSettings, match="NEWSFLOW_BATCH_SIZE: Input should be a valid int"):
        load(Settings)


def test_a_secret_is_read_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A password needs to stand in no environment; the variable wins where both are."""
    (tmp_path / "newsflow_redis_url").write_text("redis://:secret@redis/0\n")
    monkeypatch.setenv("NEWSFLOW_SECRETS_DIR", str(tmp_path))

    assert load(Settings).redis_url == "redis://:secret@redis/0"

    monkeypatch.setenv("NEWSFLOW_REDIS_URL", "redis://other/0")
    assert load(Settings).redis_url == "redis://other/0"


def test_a_wrong_secret_is_not_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The variable is named, its value is not."""
    (tmp_path / "newsflow_batch_size").write_text("hunter2")
    monkeypatch.setenv("NEWSFLOW_SECRETS_DIR", str(tmp_path))

    with pytest.raises(InvalidSettings) as raised:
        load(Settings)

    assert "hunter2" not in str(raised.value)
