"""Query strings and questions."""

from datetime import UTC, datetime, timedelta

import pytest

from services.console.asked import Asked, asking, going_on, older
from services.store.questions import BadTime

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_a_link_keeps_what_was_asked_and_begins_anew() -> None:
    """A facet is added or taken away; where the list went on is forgotten."""
    asked = Asked(source="UNI", topic="medtop:1", before="x~1")

    assert asked.link("/articles", topic=None, country="AF") == "/articles?source=UNI&country=AF"
    assert Asked().link("/articles") == "/articles"


def test_one_run_of_a_story_is_shown_unless_all_are_asked_for() -> None:
    """And only what is for readers."""
    wanted = asking(Asked(), now=NOW).filter

    assert wanted["$expr"] == {"$eq": ["$_id", "$cluster"]}
    assert wanted["pub_status"] == "usable"
    assert asking(Asked(all=True), now=NOW).filter == {}
    assert "$expr" not in asking(Asked(cluster="a"), now=NOW).filter


def test_a_list_goes_on_behind_articles_of_one_time() -> None:
    """The mark counts those of its time, over pages that hold nothing else."""
    shown = [{"version_created": NOW + timedelta(hours=1)}, *[{"version_created": NOW}] * 3]
    mark = older(shown, None)
    _, after = going_on(asking(Asked(), now=NOW), mark)
    _, after_two_pages = going_on(asking(Asked(), now=NOW), older(shown[1:], mark))

    assert (after, after_two_pages) == (3, 6)


def test_going_on_keeps_the_time_that_was_asked_for() -> None:
    """`since` still holds."""
    wanted, _ = going_on(asking(Asked(since="2026-11-01"), now=NOW), f"{NOW.isoformat()}~1")

    assert wanted.filter["version_created"] == {
        "$gte": datetime(2026, 11, 1, tzinfo=UTC),
        "$lte": NOW,
    }


@pytest.mark.parametrize("mark", ["", "yesterday", "2026-11-25~-1", "2026-11-25~99999999", "~1"])
def test_what_is_no_mark_is_said(mark: str) -> None:
    """The URL may have been cut."""
    with pytest.raises(BadTime, match="not a"):
        going_on(asking(Asked(), now=NOW), mark)
