"""What comes from articles, files and letters is shown as text: no terminal obeys it."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import RenderableType

from services.cli import screens, terminal
from services.ingest.ledger import Life, Waiting
from services.inspection.overview import Overview, StageView
from shared.letters.deadletters import DeadLetter

BAD = "\x1b]0;owned\x07\x1b[2J\x9b2J\r[bold red]:bomb:[/]\u202e"
SHOWN = r"\u001b]0;owned\u0007\u001b[2J\u009b2J\u000d[bold red]:bomb:[/]\u202e"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "_id": BAD,
    "version_created": NOW,
    "source": BAD,
    "headline": BAD,
    "summary": BAD,
    "pub_status": "usable",
    "language": BAD,
    "dateline": {"place": BAD, "agencies": [BAD]},
    "entities": [{"name": BAD, "type": "place", "count": 1}],
    "topics": [{"name": BAD, "confidence": 0.5}],
}
LETTER = DeadLetter(
    reason=BAD,
    cause="invalid",
    stage=BAD,
    stream=BAD,
    entry_id=BAD,
    deliveries=1,
    article_id=BAD,
    original={b"data": BAD.encode()},
    letter_id="1-1",
)
LIFE = Life(
    path=BAD, sha256="", size=1, inode=1, mtime_ns=1, received_ms=1, changed_ms=1, reason=BAD
)
RECEIPT = {
    "file": BAD,
    "sha256": BAD,
    "received_at": BAD,
    "receipt": BAD,
    "records": 1,
    "published": 0,
    "duplicate": 0,
    "failed": 1,
    "failures": [{"member": BAD, "record": 1, "start": 0, "end": 1, "reason": BAD}],
    "set_aside": [BAD],
}
OVERVIEW = Overview(
    ok=False,
    redis_url=BAD,
    mongo_url=BAD,
    health_urls={},
    problems=[BAD],
    stages=[StageView(stage=BAD, problems=[BAD])],
    documents=1,
    dead=1,
    failed_files=1,
    reading=[LIFE],
)


LETTERS = screens.LetterTable()
LETTERS.add(LETTER)


@pytest.mark.parametrize(
    "screen",
    [
        screens.articles([DOCUMENT]),
        screens.article(DOCUMENT),
        LETTERS.table,
        screens.files(Waiting(arriving={BAD: 1}, arriving_count=1), [LIFE]),
        screens.receipt(RECEIPT),
        screens.overview(OVERVIEW),
        BAD,
    ],
    ids=["articles", "article", "letters", "files", "receipt", "overview", "text"],
)
def test_every_screen_shows_escape_sequences_and_markup_as_text(screen: RenderableType) -> None:
    """On a terminal as in a pipe, whoever wrote them."""
    for is_terminal in (True, False):
        written = io.StringIO()
        console = type(terminal.out)(
            file=written,
            force_terminal=is_terminal,
            width=2_000,
            markup=False,
            emoji=False,
            highlight=False,
        )
        console.print(screen)

        said = written.getvalue()
        assert r"\u001b]0;owned" in said  # rich itself leaves out BEL and CR, and crops cells
        assert "\x1b]" not in said
        assert "\x1b[2J" not in said
        assert not set(said) & {"\x07", "\x9b", "\r", "\u202e"}


def test_both_consoles_of_the_command_take_no_markup() -> None:
    """So that `[link]` in a headline is a word."""
    for console in (terminal.out, terminal.err):
        assert console.render_str("[bold]x[/] :bomb:").plain == "[bold]x[/] :bomb:"


def test_a_line_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """`newsflow tail` prints one an article; a newline in an id forges none."""
    terminal.line(f"one\ntwo{BAD}")
    terminal.line({"headline": BAD})

    plain, as_json = capsys.readouterr().out.splitlines()
    assert plain == f"one\\ntwo{SHOWN}"
    assert as_json == '{"headline":"' + SHOWN.replace(r"\u000d", r"\r") + '"}'


def test_no_file_of_the_command_prints_past_it(root: Path) -> None:
    """One more way to print would be one more way to be obeyed."""
    for file in (root / "services" / "cli").glob("*.py"):
        source = file.read_text()
        if file.name != "terminal.py":
            assert " print(" not in source, file.name
            assert "Console(" not in source, file.name
            assert "echo(" not in source, file.name
