"""Few may die; what would die beyond that is held until others pass."""

from shared.delivery.breaker import WINDOW, Breaker

LONG_S = 60.0


def breaker(most: int = 20) -> Breaker:
    return Breaker(most, retried_within_s=LONG_S)


def tried(one: Breaker, count: int, *, first: int = 0, now_s: float = 0) -> int:
    """Let `count` articles want to die; return how many did."""
    ids = range(first, first + count)
    return sum(one.lets_die(b"%d" % id_, f"refused {id_}", now_s=now_s) for id_ in ids)


def passing(one: Breaker, count: int, *, first: int = 1000) -> None:
    for id_ in range(first, first + count):
        one.passed(b"%d" % id_)


def test_no_more_than_its_share_of_a_hundred_dies() -> None:
    """However many are tried, and however often."""
    one = breaker()

    assert tried(one, 500) == 20
    assert tried(one, 500) == 0
    assert one.is_open(0)


def test_a_few_die_as_if_nothing_were() -> None:
    """Twenty of a hundred are no alarm."""
    one = breaker()
    passing(one, 80)

    assert tried(one, 20) == 20
    assert not one.is_open(0)


def test_what_passes_makes_room_for_what_dies() -> None:
    """Real poison dies in the end, while good articles pass: a fifth of them, no more."""
    one = breaker()
    died = 0
    for lap in range(10):
        died += tried(one, 30)
        passing(one, 50, first=1000 * (lap + 1))

    assert 100 <= died <= 120


def test_once_all_that_was_held_passes_it_begins_anew() -> None:
    """What was mended is no alarm any more, also where articles are few."""
    one = breaker()
    tried(one, 30)
    passing(one, 9, first=20)
    before = one.is_open(0)
    passing(one, 1, first=29)

    assert (before, one.is_open(0)) == (True, False)
    assert one.recent.bad == 0


def test_what_others_ended_is_no_alarm_for_ever() -> None:
    """Without one that had to be held for some rounds the alarm is over; no more may die for it."""
    one = breaker()
    tried(one, 30, now_s=0)

    assert one.is_open(LONG_S)
    assert not one.is_open(LONG_S + 1)
    assert tried(one, 1, first=50, now_s=LONG_S + 2) == 0


def test_it_is_stuck_once_nothing_passed_for_a_hundred() -> None:
    """Then trying is slow; one that passes ends it."""
    one = breaker()
    tried(one, 20 + WINDOW - 1)
    before = one.is_stuck
    tried(one, 1)
    stuck = one.is_stuck
    passing(one, 1)

    assert (before, stuck, one.is_stuck) == (False, True, False)


def test_what_died_before_a_restart_counts() -> None:
    """A process that is started again and again lets no further ones die each time."""
    one = breaker()
    for _ in range(15):
        one.recall("refused")

    assert tried(one, 100) == 5


def test_all_may_die_where_that_is_wanted() -> None:
    """100 per cent switches it off."""
    one = breaker(100)

    assert tried(one, 500) == 500
    assert not one.is_open(0)


def test_the_most_frequent_reason_is_told_without_what_differs() -> None:
    """Numbers and what was given are not what the reasons have in common."""
    one = breaker()
    one.recall("ValueError: a bug")
    tried(one, 5)

    assert one.recent.reason == "refused N"
