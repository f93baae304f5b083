"""Which commands bring the indexes that are there to those that are wanted."""

from services.store.indexes import ARTICLES, changes, indexes
from services.store.migrations import STEPS, due, is_newer


def named(**settings: bool | int | None) -> list[str]:
    given = {"search_body": False, "keep_days": None, **settings}
    wanted = indexes(search_body=bool(given["search_body"]), keep_days=given["keep_days"])
    return [index.document["name"] for index in wanted[ARTICLES]]


def test_only_one_index_of_words_is_wanted() -> None:
    """A collection has one at most."""
    assert "words_time" in named()
    assert "words_and_body_time" not in named()
    assert "words_time" not in named(search_body=True)


def test_what_is_there_is_not_made_again() -> None:
    """And what an operator added is left alone."""
    wanted = indexes(search_body=False, keep_days=None)[ARTICLES]
    there = [{"name": name} for name in ("_id_", "their_own", *named())]

    assert changes(ARTICLES, there, wanted) == []


def test_what_went_out_of_use_is_dropped_before_another_is_made() -> None:
    """The text index has to make room for the other."""
    wanted = indexes(search_body=True, keep_days=None)[ARTICLES]
    there = [{"name": name} for name in named()]

    first, made = changes(ARTICLES, there, wanted)

    assert first == {"dropIndexes": ARTICLES, "index": "words_time"}
    assert [index["name"] for index in made["indexes"]] == ["words_and_body_time"]


def test_another_retention_changes_the_index_that_is_there() -> None:
    """Days are seconds to MongoDB."""
    wanted = indexes(search_body=False, keep_days=2)[ARTICLES]
    there = [{"name": name, "expireAfterSeconds": 86_400} for name in ("expiry",)]
    there += [{"name": name} for name in named()]

    [change] = changes(ARTICLES, there, wanted)

    assert change["index"] == {"name": "expiry", "expireAfterSeconds": 172_800}


def test_steps_are_due_until_they_are_taken_as_they_are_now() -> None:
    """By version and digest; and none, once a newer version was at work."""
    taken = {step.version: step.digest for step in STEPS}

    assert due({}) == list(STEPS)
    assert due(taken) == []
    assert due(taken | {2: "otherwise"}) == [STEPS[1]]
    assert due({1: "otherwise", 99: "to come"}) == []
    assert is_newer({99: "to come"})
    assert not is_newer(taken)


def test_steps_are_in_order() -> None:
    """Each version has one, from 1 on."""
    assert [step.version for step in STEPS] == list(range(1, len(STEPS) + 1))


def test_other_indexes_need_a_step() -> None:
    """An earlier store knows by it to leave them alone: add one when this list changes."""
    assert STEPS[-1].version == 5
    assert named(keep_days=1) == [
        *("time", "export", "source_time", "entity_time", "entity_id_time"),
        *("topic_time_confidence", "reruns", "joined", "place_time", "speaker_time"),
        *("words_time", "expiry"),
    ]
