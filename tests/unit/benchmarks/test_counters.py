"""What is told of counters that are not as in the baseline."""

from tests.benchmarks.counters import PYTHON, differences

BEFORE = {"Redis xadd": 1.0, "Redis bytes in": 3000.0, "memory": 10_000.0}
BASELINE = {"python": PYTHON, "counts": {"relay": BEFORE}}


def told(**now: float) -> list[str]:
    """Return what is told of counters, by their names with `_` for a blank."""
    found = BEFORE | {name.replace("_", " "): value for name, value in now.items()}
    return differences({"relay": found}, BASELINE)


def test_a_command_more_is_told_with_what_it_was() -> None:
    """Commands are the same in every run, so one more or less is a change of ours."""
    assert told(Redis_xadd=1.005) == [
        "relay, Redis xadd: 1.005 an article; the baseline has 1.0",
    ]


def test_a_command_that_was_not_there_is_told() -> None:
    """What is new costs, too, and what is gone is no longer measured."""
    assert len(told(Redis_get=0.005)) == 1
    assert len(differences({}, BASELINE)) == 3


def test_bytes_may_differ_by_what_a_slow_run_adds() -> None:
    """2 % and 16 bytes an article: heartbeats, polls, the digits of a time."""
    assert told(Redis_bytes_in=3075) == []
    assert len(told(Redis_bytes_in=3080)) == 1
    assert len(told(Redis_bytes_in=2900)) == 1


def test_memory_is_compared_on_one_version_of_python() -> None:
    """Objects differ in size from one to the next."""
    assert len(told(memory=11_000)) == 1
    assert told(memory=10_400) == []
    older = {"python": "3.0", "counts": {"relay": BEFORE}}
    assert differences({"relay": BEFORE | {"memory": 11_000}}, older) == []
