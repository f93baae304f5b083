"""What pip-audit's report means. Pure.

A report of which nothing was found out is no good report: pip-audit ends with 0 where an index
knows none of the packages, and says of each that it was skipped.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple


class Verdict(NamedTuple):
    """What was found out: how many packages were looked up, and what is to be done."""

    audited: int
    unknown: int
    problems: Sequence[str]

    @property
    def is_conclusive(self) -> bool:
        """Whether every package was looked up."""
        return self.audited > 0 and not self.unknown


def verdict(
    report: Mapping[str, Any], ignored: Mapping[str, Mapping[str, Any]], *, today: date
) -> Verdict:
    """Return what `report`, pip-audit's JSON, says but for what is `ignored` (ignored.toml)."""
    packages = report["dependencies"]
    audited = [one for one in packages if "skip_reason" not in one]
    problems = [
        f"ignored.toml: {id_} was ignored until {one['until']}"
        for id_, one in ignored.items()
        if one["until"] < today
    ]
    for package in audited:
        for hole in package["vulns"]:
            if not {hole["id"], *hole["aliases"]} & ignored.keys():
                mended = ", ".join(hole["fix_versions"]) or "none yet"
                problems.append(
                    f"{package['name']} {package['version']}: {hole['id']}, mended in: {mended}"
                )
    return Verdict(len(audited), len(packages) - len(audited), problems)
