"""What `newsflow publish` reads of files."""

import io
import json
from pathlib import Path

import pytest

from services.cli.articles import records

STORY = {"headline": "Storm", "body": "Closed."}


@pytest.mark.parametrize(
    ("variable", "limit"),
    [
        ("NEWSFLOW_MAX_ARTICLE_BYTES", 100),
        ("NEWSFLOW_MAX_RECORD_BYTES", 20),
    ],
)
def test_the_limits_that_are_set_hold_for_what_is_published(
    monkeypatch: pytest.MonkeyPatch, variable: str, limit: int
) -> None:
    """What the inbox refuses is refused here too."""
    line = json.dumps(STORY).encode() + b"\n"

    [taken, _] = records(Path("wire.jsonl"), io.BytesIO(line * 2))
    monkeypatch.setenv(variable, str(limit))
    [refused, _] = records(Path("wire.jsonl"), io.BytesIO(line * 2))

    assert taken.article
    assert refused.reason
