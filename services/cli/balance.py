"""How `newsflow reconcile` shows what it found."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.cli import losses
from services.cli.losses import Finding
from services.inspection import accounting
from services.inspection.accounting import Books, Sums
from services.inspection.books import Accepted

_FINDINGS = 20


def sums(found: Books) -> RenderableType:
    """Return the equation, and a table of producers."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("producer")
    for name in Sums._fields:
        table.add_column(name.replace("_", " "), justify="right")
    for producer, of in accounting.by_producer(found).items():
        table.add_row(Text(producer), *(f"{value:,}" for value in of))
    total = accounting.totals(found)
    parts = (f"{value:,} {name.replace('_', ' ')}" for name, value in total._asdict().items())
    accepted, *ends = parts
    return Group(Text(f"{accepted} = {' + '.join(ends)}", style="bold"), Text(), table)


def findings(found: Iterable[Finding]) -> RenderableType:
    """Return what does not add up: what, why, and what to do."""
    every = list(found)
    lines: list[Text] = []
    for one in every[:_FINDINGS]:
        lines += [Text(), Text(one.what, style="red")]
        if one.names:
            lines.append(Text(f"  missing: {losses.some(one.names)}"))
        lines += [Text(f"  may be: {one.why}"), Text(f"  to do: {one.todo}")]
    if (more := len(every) - _FINDINGS) > 0:
        lines.append(Text(f"and {more:,} more; `--json` shows all"))
    return Group(*lines)


def accepted(known: Iterable[Accepted]) -> RenderableType:
    """Return the losses that somebody accepted."""
    return Group(
        *(Text(f"accepted {one.at}: {one.reason} ({'; '.join(one.what)})") for one in known)
    )
