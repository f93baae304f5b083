"""What reading articles again changes: counted, and shown article by article and together."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.text import Text

from services.store.annotations import Annotation, Change, Sign
from services.store.documents import Document

_NAMED: Final = ("entities", "topics")  # of which the same names come again
_SIGNS: Final[dict[Sign, str]] = {"+": "green", "-": "red", "~": "yellow"}
_COMING_AND_GOING: Final[dict[str, Sign]] = {"added": "+", "removed": "-"}
_NAMES: Final = 8  # of a kind and sign
_MOST: Final = 10  # most frequent names
_KEPT: Final = 50_000  # names that are counted on: those that came once make room, not the ten


@dataclass
class Tally:
    """What came of all articles that were read again."""

    read: int = 0
    changed: int = 0  # something else is found in them
    same: int = 0  # the same is found by other tools
    failed: int = 0
    written: int = 0
    skipped: int = 0  # not what was read any more
    counts: Counter[tuple[str, Sign]] = field(default_factory=Counter)
    names: Counter[Change] = field(default_factory=Counter)  # the frequent ones

    def add(self, annotation: Annotation) -> None:
        """Count what would be written to one article."""
        if annotation.changes:
            self.changed += 1
        else:
            self.same += 1
        for change in annotation.changes:
            self.counts[change.kind, change.sign] += 1
            if change.kind in _NAMED and change.sign != "~":
                self.names[change] += 1
        if len(self.names) > 2 * _KEPT:
            self.names = Counter(dict(self.names.most_common(_KEPT)))

    def most(self, sign: Sign) -> list[tuple[Change, int]]:
        """Return the entities and topics most often added or removed."""
        return Counter(
            {change: count for change, count in self.names.items() if change.sign == sign}
        ).most_common(_MOST)

    def figures(self) -> dict[str, Any]:
        """Return all as JSON values."""
        kinds: dict[str, dict[str, int]] = defaultdict(dict)
        for (kind, sign), count in sorted(self.counts.items()):
            kinds[kind][sign] = count
        numbers = ("read", "changed", "same", "failed", "written", "skipped")
        return {
            **{name: getattr(self, name) for name in numbers},
            "changes": dict(kinds),
            **{
                f"most_{word}": [[change.kind, change.name, n] for change, n in self.most(sign)]
                for word, sign in _COMING_AND_GOING.items()
            },
        }


def figures(head: Document, annotation: Annotation) -> dict[str, Any]:
    """Return what changes in one article as JSON values."""
    kinds: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for change in annotation.changes:
        kinds[change.kind][change.sign].append(change.name)
    return {"article_id": head["_id"], "headline": head.get("headline"), "changes": kinds}


def article(head: Document, annotation: Annotation) -> RenderableType:
    """Return what changes in one article: its headline, and a line a kind."""
    title = head.get("headline") or head["summary"]
    lines = [Text.assemble((head["_id"], "dim"), "  ", title)]
    for kind in dict.fromkeys(change.kind for change in annotation.changes):
        line = Text(f"  {kind:<9}")
        for sign in _SIGNS:
            names = [change.name for change in annotation.changes if change[:2] == (kind, sign)]
            line.append(_some(sign, names))
        lines.append(line)
    return Group(*lines)


def _some(sign: Sign, names: Sequence[str]) -> Text:
    if not names:
        return Text()
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return Text(f"  {sign} {', '.join(names[:_NAMES])}{more}", style=_SIGNS[sign])


def summary(tally: Tally) -> RenderableType:
    """Return what changes in all: a line a kind, and the names that come and go most often."""
    lines = [
        Text(
            f"{tally.read:,} articles read again: {tally.changed:,} differ, "
            f"{tally.same:,} are read alike by other tools"
            + (f", {tally.failed:,} could not be read" if tally.failed else "")
        )
    ]
    for kind in sorted({kind for kind, _ in tally.counts}):
        counts = (f"{sign}{tally.counts[kind, sign]:,}" for sign in _SIGNS)
        lines.append(Text(f"  {kind:<9}  {'  '.join(counts)}"))
    for word, sign in _COMING_AND_GOING.items():
        if names := tally.most(sign):
            lines.append(Text(f"  most often {word}: {_counted(names)}"))
    return Group(*lines)


def _counted(names: Iterable[tuple[Change, int]]) -> str:
    return ", ".join(f"{change.name} {count:,}" for change, count in names)
