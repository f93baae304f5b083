"""Query strings and questions."""

from datetime import UTC, datetime

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


def test_a_list_goes_on_behind_the_article_that_was_shown_last() -> None:
    """Of its time, those with ids behind its own; and what was asked for still holds."""
    wanted = asking(Asked(source="UNI"), now=NOW)
    shown = [{"version_created": NOW, "_id": "a" * 32}, {"version_created": NOW, "_id": "b" * 32}]

    further = going_on(wanted, older(shown))

    assert further.filter["$and"] == [
        wanted.filter,
        {"version_created": {"$lte": NOW}},
        {
            "$or": [
                {"version_created": {"$lt": NOW}},
                {"version_created": NOW, "_id": {"$gt": "b" * 32}},
            ]
        },
    ]
    assert further.sort == wanted.sort


@pytest.mark.parametrize(
    "mark", ["", "yesterday", "2026-11-25~1", f"2026-11-25~{'a' * 33}", f"~{'a' * 32}"]
)
def test_what_is_no_mark_is_said(mark: str) -> None:
    """The URL may have been cut."""
    with pytest.raises(BadTime, match="not a"):
        going_on(asking(Asked(), now=NOW), mark)
