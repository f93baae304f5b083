"""What the benchmarks keep beside their figures, and how rounds become one."""

import json
import re
from pathlib import Path

import pytest

from tests.benchmarks import __main__ as bench
from tests.benchmarks.results import Run, ratio, spread


def test_a_ratio_is_taken_round_by_round() -> None:
    """The two took turns, so what slowed one round down slowed both: 2, 2 and 3, not 5 to 2."""
    assert ratio([2, 4, 9], [1, 2, 3]) == {"median": 2, "min": 2, "max": 3, "rounds": 3}


def test_rounds_are_told_with_their_least_and_most() -> None:
    """A median alone does not say how far it can be trusted."""
    assert spread([30.4, 10.2, 20.6]) == {"median": 21, "min": 10, "max": 30, "rounds": 3}


def test_what_is_kept_says_what_it_depends_on(tmp_path: Path) -> None:
    """Machine, versions, commit and load; no host, and no folder of this machine."""
    kept = Run("part", tmp_path / "part.json").keep({"rate": 1})

    assert json.loads((tmp_path / "part.json").read_text()) == kept
    assert {"cores", "memory_gib", "kernel", "python"} < set(kept["machine"])
    assert {"valkey", "mongod", "faststream", "redis", "motor"} < set(kept["versions"])
    assert len(kept["load_before"]) == len(kept["load_after"]) == 3
    assert not re.search(r"(?<![\w ])/\w+/|://", json.dumps(kept))


def test_a_run_of_all_parts_fits_into_half_an_hour() -> None:
    """One that takes longer than its budget is ended."""
    assert sum(part.budget_s for part in bench.PARTS) <= 1800


def test_an_unknown_part_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With those that there are."""
    monkeypatch.setattr("sys.argv", ["benchmarks", "intakes"])

    with pytest.raises(SystemExit) as ended:
        bench.main()

    assert ended.value.code == 2
    assert "no such part: intakes" in capsys.readouterr().err
