"""What `newsflow reenrich` refuses before it asks any server."""

from typer.testing import CliRunner

from services.cli import app


def test_only_showing_and_writing_at_once_is_wrong_usage() -> None:
    """Whoever says both would else find written what was to be shown."""
    ended = CliRunner().invoke(app, ["reenrich", "--dry-run", "--yes"])

    assert ended.exit_code == 2
    assert ended.stderr == ("newsflow: --dry-run only shows and --yes writes: say one of them\n")
