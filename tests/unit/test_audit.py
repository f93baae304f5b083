"""A report of pip-audit is read for what it says, and for what it does not."""

from datetime import date
from typing import Any

import pytest

from tests.audit.findings import verdict

TODAY = date(2026, 11, 25)
HOLE = {"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}
GOOD = {"name": "good", "version": "1.0", "vulns": []}
BAD = {"name": "bad", "version": "1.0", "vulns": [HOLE]}
UNKNOWN = {"name": "unknown", "skip_reason": "not found on PyPI"}
UNTIL = {"package": "bad", "reason": "never used", "until": date(2026, 12, 31)}


def report(*packages: dict[str, Any]) -> dict[str, Any]:
    return {"dependencies": list(packages), "fixes": []}


def test_a_known_hole_is_a_problem_with_the_version_that_mends_it() -> None:
    """One line each."""
    assert verdict(report(GOOD, BAD), {}, today=TODAY).problems == [
        "bad 1.0: PYSEC-2026-1, mended in: 1.1"
    ]


@pytest.mark.parametrize("id_", ["PYSEC-2026-1", "CVE-2026-1"])
def test_a_hole_may_be_lived_with_for_a_time(id_: str) -> None:
    """By any of its names; afterwards the list itself is the problem."""
    assert verdict(report(BAD), {id_: UNTIL}, today=TODAY).problems == []
    assert verdict(report(BAD), {id_: UNTIL}, today=date(2027, 1, 1)).problems == [
        f"ignored.toml: {id_} was ignored until 2026-12-31"
    ]


def test_what_no_index_knows_is_not_audited() -> None:
    """pip-audit calls it good."""
    assert verdict(report(GOOD), {}, today=TODAY).is_conclusive
    assert not verdict(report(GOOD, UNKNOWN), {}, today=TODAY).is_conclusive
    assert not verdict(report(UNKNOWN), {}, today=TODAY).is_conclusive
    assert not verdict(report(), {}, today=TODAY).is_conclusive
