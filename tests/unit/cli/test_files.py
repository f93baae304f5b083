"""`newsflow receipt`, without a server."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli import app


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"", "Invalid JSON: EOF while parsing a value at line 1 column 0"),
        (b'{"file": "a"', "Invalid JSON: EOF while parsing an object at line 1 column 12"),
        (b"{}", "file: Field required"),
        (b"[]", "Input should be an object"),
    ],
)
def test_a_receipt_that_cannot_be_read_is_said_to_be_so(
    tmp_path: Path, said: bytes, why: str
) -> None:
    """In one sentence, with what to do."""
    receipt = tmp_path / "archive" / "2026-11-25" / "a.jsonl.receipt.json"
    receipt.parent.mkdir(parents=True)
    receipt.write_bytes(said)

    ended = CliRunner().invoke(app, ["receipt", "a.jsonl", "--dir", str(tmp_path)])

    assert ended.exit_code == 1
    assert (
        ended.stderr == f"newsflow: {receipt} is not a receipt: {why}; put it back from a backup\n"
    )
