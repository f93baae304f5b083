import pytest

from services.enrich.phrases import Match, Phrases


def _found(text: str, *phrases: str) -> list[str]:
    return [text[match.start : match.end] for match in Phrases(phrases).find(text)]


def test_phrase_counts_as_whole_words_only() -> None:
    """A phrase within a longer word is not there; before a hyphen it is."""
    assert _found("warm wars, war, post-war.", "war") == ["war", "war"]


def test_accent_that_stands_by_itself_belongs_to_the_word() -> None:
    """`Jose` is not in a decomposed `José`."""
    assert _found("Jose\u0301 and Jose", "Jose") == ["Jose"]


def test_longer_of_two_phrases_that_begin_together_counts() -> None:
    """The parts of a longer phrase are not counted beside it."""
    assert _found("the world cup final", "world", "world cup", "cup") == ["world cup"]


def test_phrase_is_found_behind_one_that_only_begins_in_a_word() -> None:
    """What is no whole word hides nothing that is."""
    assert _found("whatsapp store", "app store", "store") == ["store"]


def test_match_tells_which_phrase_it_was() -> None:
    """A match names its phrase by its place in the list."""
    assert list(Phrases(["sun", "rain"]).find("rain, sun")) == [Match(0, 4, 1), Match(6, 9, 0)]


@pytest.mark.parametrize("text", ["", "nothing here"])
def test_nothing_is_found_where_nothing_is(text: str) -> None:
    """No text and no phrase are no error."""
    assert _found(text, "rain") == []
    assert _found(text) == []
