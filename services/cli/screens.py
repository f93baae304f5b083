"""What people see in the terminal: tables of an overview, of articles, of dead letters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.ingest.ledger import Life, Waiting
from services.inspection.letters import Kinds
from services.inspection.overview import Overview, StageView
from shared.letters.deadletters import DeadLetter

_HEALTH: Final = {
    "ok": "green",
    "warning": "yellow",
    "bad": "red",
    "away": "red",
    "unknown": "yellow",
}
_ENTITIES: Final = 4
_TOPICS: Final = 2
_FAILURES: Final = 10
_BAR: Final = 20  # characters


def overview(view: Overview, *, rate: float | None = None) -> RenderableType:
    """Return the status screen; `rate` is documents stored a second."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("stage", "left"),
        ("health", "left"),
        ("lag", "right"),
        ("pending", "right"),
        ("oldest", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # rich's own Literal
    for stage in view.stages:
        table.add_row(*_stage(stage))
    stored = "?" if view.documents is None else f"{view.documents:,}"
    speed = "" if rate is None else f" · {rate:.0f}/s"
    dead = "?" if view.dead is None else f"{view.dead:,}"
    totals = Text(
        f"{stored} articles stored{speed} · {dead} dead · {view.failed_files:,} files failed"
    )
    if view.dead or view.failed_files:
        totals.append("   see `newsflow dead reasons`, inbox/.failed/", style="dim")
    lines: list[RenderableType] = [table, Text(), totals]
    lines += [Text(f"reading {life.path}  {_progress(life)}") for life in view.reading]
    lines += [Text(problem, style="red") for problem in view.problems]
    lines += [Text(), Text(f"Redis    {view.redis_url}"), Text(f"MongoDB  {view.mongo_url}")]
    return Group(*lines)


def _stage(stage: StageView) -> Sequence[RenderableType]:
    oldest = "" if not stage.oldest_seconds else _age(stage.oldest_seconds)
    return (
        stage.stage,
        Text(stage.health, style=_HEALTH[stage.health]),
        "" if stage.lag is None else f"{stage.lag:,}",
        "" if stage.pending is None else f"{stage.pending:,}",
        oldest,
        Text("; ".join(stage.problems), style="dim"),
    )


def files(waiting: Waiting, lives: Iterable[Life]) -> RenderableType:
    """Return what waits in the inbox, and a table of files, a line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name, justify in (
        ("changed", "right"),
        ("state", "left"),
        ("file", "left"),
        ("read", "right"),
        ("records", "right"),
        ("failed", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]  # rich's own Literal
    now = datetime.now(UTC).timestamp()
    for path, size in waiting.arriving.items():
        table.add_row("", "arriving", Text(path), _size(size), "", "", "")
    for life in lives:
        table.add_row(
            _age(now - life.changed_ms / 1000),
            life.state,
            Text(life.path),
            _progress(life),
            f"{life.records:,}",
            f"{life.failed:,}" if life.failed else "",
            Text(life.reason, style="dim"),
        )
    counts = f"{waiting.arriving_count:,} files arriving · {waiting.complete:,} complete"
    return Group(Text(f"{counts}, not yet read"), Text(), table)


def _progress(life: Life) -> str:
    """Return how much of a file is read: a bar while it goes on, its size when it is over."""
    if life.state != "reading" or not life.size:
        return _size(life.size)
    share = life.bytes_read / life.size
    seconds = max(0.001, (life.changed_ms - life.received_ms) / 1000)
    bar = "━" * round(share * _BAR)
    return f"{bar:<{_BAR}} {share:.0%} of {_size(life.size)}, {life.records / seconds:,.0f}/s"


def receipt(shown: Mapping[str, Any]) -> RenderableType:
    """Return the receipt of a file, or the note on one that was refused whole."""
    lines = [Text(shown["file"], style="bold")]
    when = shown.get("received_at") or shown.get("at", "")
    lines.append(_field("received", when))
    lines.append(_field("sha256", shown["sha256"]))
    if "receipt" not in shown:
        lines.append(_field("refused", shown["reason"]))
        return Group(*lines)
    counts = [f"{shown[name]:,} {name}" for name in ("published", "duplicate", "failed")]
    lines.append(_field("records", f"{shown['records']:,}: {', '.join(counts)}"))
    for failure in shown["failures"][:_FAILURES]:
        member = f"{failure['member']}, " if failure["member"] else ""
        place = f"{member}record {failure['record']}, bytes {failure['start']}-{failure['end']}"
        lines.append(_field("", f"{place}: {failure['reason']}"))
    if (more := len(shown["failures"]) - _FAILURES) > 0:
        lines.append(_field("", f"and {more:,} more"))
    lines += [_field("to mend", f"inbox/{path}") for path in shown["set_aside"]]
    lines.append(_field("receipt", shown["receipt"]))
    return Group(*lines)


def _size(size: int) -> str:
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def articles(documents: Iterable[dict[str, Any]]) -> Table:
    """Return a table of stored articles, a line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("time", no_wrap=True)
    table.add_column("source", max_width=16)
    table.add_column("headline", ratio=3)
    table.add_column("entities", ratio=3)
    table.add_column("topics", ratio=2)
    for document in documents:
        names = [entity["name"] for entity in document.get("entities", [])]
        topics = [topic["name"] for topic in document.get("topics", [])]
        table.add_row(
            f"{document['version_created']:%Y-%m-%d %H:%M}",
            Text(document.get("source", "")),
            Text(_title(document)),
            Text(_some(names, _ENTITIES)),
            Text(_some(topics, _TOPICS)),
        )
    return table


def article(document: dict[str, Any]) -> RenderableType:
    """Return one article as the demo shows it: what was sent, and what was found in it."""
    lines = [Text(_title(document), style="bold")]
    dateline = document.get("dateline")
    if dateline:
        by = "/".join(dateline.get("agencies", ()))
        parts = (dateline.get("place"), dateline.get("date"), by)
        lines.append(_field("dateline", ", ".join(part for part in parts if part)))
    entities = [f"{one['name']} ({one['type']}, {one['count']})" for one in document["entities"]]
    topics = [f"{one['name']} {one['confidence']:.2f}" for one in document["topics"]]
    lines.append(_field("language", document.get("language", "not told")))
    lines.append(_field("entities", _some(entities, 8) or "none"))
    lines.append(_field("topics", _some(topics, 4) or "none"))
    lines.append(_field("_id", document["_id"]))
    return Group(*lines, Text())


class LetterTable:
    """A table of dead letters, a line each; of a letter it keeps no more than its line."""

    def __init__(self) -> None:
        self.table = Table(box=None, pad_edge=False, header_style="dim")
        self.table.add_column("id", no_wrap=True)
        self.table.add_column("ago", justify="right", no_wrap=True)
        self.table.add_column("stage")
        self.table.add_column("cause")
        self.table.add_column("tried", justify="right")
        self.table.add_column("from", max_width=24)
        self.table.add_column("reason", ratio=1)
        self._now = datetime.now(UTC)

    def add(self, letter: DeadLetter) -> None:
        """Add a line."""
        origin = letter.origin
        where = f"{origin.file.path} {origin.file.record}" if origin.file else origin.source
        self.table.add_row(
            letter.letter_id,
            _age((self._now - letter.died_at).total_seconds()),
            letter.stage,
            letter.cause,
            str(letter.deliveries),
            Text(where or ""),
            Text(letter.reason),
        )


def letter(shown: Mapping[str, Any]) -> dict[str, str]:
    """Return what is shown of one dead letter, by name, without what is not known."""
    flat = {**shown, "file": None, "replays": None, "data": None}
    if file := shown["file"]:
        member = f", {file['member']}" if file["member"] else ""
        where = f"record {file['record']}, bytes {file['start']} to {file['end']}"
        flat["file"] = f"{file['path']}{member}, {where}"
    if replays := shown["replays"]:
        flat["replays"] = f"{replays['times']}, of {', '.join(replays['letters'])}"
    flat["data"] = shown["data"]
    return {name: str(value) for name, value in flat.items() if value is not None}


def kinds(found: Kinds) -> Table:
    """Return a table of what kinds of dead letters there are, a line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("letters", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("stage")
    table.add_column("cause")
    table.add_column("newest", no_wrap=True)
    table.add_column("ago", justify="right", no_wrap=True)
    table.add_column("reason", ratio=1)
    now = datetime.now(UTC)
    for (stage, cause, reason), kind in found.most_first():
        table.add_row(
            f"{kind.count:,}",
            f"{kind.count / found.total:.0%}",
            stage,
            cause,
            kind.newest_id,
            _age((now - kind.newest_at).total_seconds()),
            Text(reason),
        )
    return table


def _title(document: dict[str, Any]) -> str:
    title = document.get("headline") or document["summary"] or document.get("uri", "")
    status = document["pub_status"]
    return title if status == "usable" else f"{title} ({status})"


def _field(name: str, value: str) -> Text:
    return Text.assemble((f"  {name:<9} ", "dim"), value)


def _some(names: Sequence[str], most: int) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" +{more}" if more > 0 else "")


def _age(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f}{unit}"
    return f"{max(0, seconds):.0f}s"
