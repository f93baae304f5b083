"""How MongoDB answers a question, made of what it explains. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Plan(NamedTuple):
    """Which indexes served a question, and what that took; `scans` means: none served it.

    `sorts` means that what was found had to be sorted in memory.
    """

    indexes: tuple[str, ...]
    scans: bool
    sorts: bool
    keys: int
    examined: int
    returned: int
    ms: int


def plan(explained: Mapping[str, Any]) -> Plan:
    """Return the plan of a `find` that was explained with `executionStats`."""
    stats = explained["executionStats"]
    stages = list(_stages(explained["queryPlanner"]["winningPlan"]))
    names = {stage["stage"] for stage in stages}
    indexes = dict.fromkeys(stage["indexName"] for stage in stages if "indexName" in stage)
    if "IDHACK" in names:
        indexes["_id_"] = None
    return Plan(
        indexes=tuple(indexes),
        scans="COLLSCAN" in names,
        sorts="SORT" in names,
        keys=stats["totalKeysExamined"],
        examined=stats["totalDocsExamined"],
        returned=stats["nReturned"],
        ms=stats["executionTimeMillis"],
    )


def _stages(below: object) -> Iterator[Mapping[str, Any]]:
    """Yield every stage of a plan, wherever a server's version nests it."""
    if isinstance(below, Mapping):
        if "stage" in below:
            yield below
        for value in below.values():
            yield from _stages(value)
    elif isinstance(below, list):
        for value in below:
            yield from _stages(value)
