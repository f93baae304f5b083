"""What makes two deliveries the same article."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import identity
from tests.builders import raw_article


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"uri": "urn:a", "body": "One"}, {"uri": "urn:a", "body": "Two"}, True),
        ({"uri": "urn:a"}, {"uri": "urn:b"}, False),
        ({"uri": "urn:a", "guid": "1"}, {"uri": "urn:a", "guid": "2"}, True),
        ({"guid": "17", "source": "Wire"}, {"guid": "17", "source": "Other"}, False),
        ({"guid": "tag:x,2026:17", "source": "A"}, {"guid": "tag:x,2026:17", "source": "B"}, True),
        ({"url": "https://a.example/1"}, {"url": "https://a.example/2"}, False),
        ({"body": "The same  words"}, {"body": "The same\nwords"}, True),
        ({"body": "caf\u00e9"}, {"body": "cafe\u0301"}, True),
        ({"body": "One"}, {"body": "Two"}, False),
        ({"headline": "A", "body": "B"}, {"headline": None, "body": "A\nB"}, True),
    ],
)
def test_identity_is_the_publishers_else_the_words(
    one: dict[str, str], other: dict[str, str], same: bool
) -> None:
    """The uri counts before guid, url and words; a plain guid counts within its source."""
    ids = {raw_article(**fields).article_id for fields in (one, other)}

    assert (len(ids) == 1) is same


def test_an_id_is_32_hexadecimal_digits() -> None:
    """It sorts evenly and is safe in a shell, a URL and MongoDB."""
    article_id = raw_article(uri="weird uri / with ' everything \u20ac").article_id

    assert len(article_id) == 32
    assert set(article_id) <= set("0123456789abcdef")


def test_an_id_never_changes_from_one_release_to_the_next() -> None:
    """What is stored today is found under the same id by every later version."""
    assert raw_article(uri="urn:newsml:a").article_id == "3f6f67c72cc926745fa560f654f10b87"


def test_how_an_article_came_is_no_content() -> None:
    """Time of receipt and provenance differ between deliveries of one thing."""
    one = raw_article(received_at="2026-01-01T00:00:00Z")
    other = raw_article(
        received_at="2026-02-02T00:00:00Z",
        provenance={"entry": {"stream": "articles.raw", "entry_id": "1-1"}},
    )

    assert one.content_hash == other.content_hash


@pytest.mark.parametrize(
    "change", [{"headline": "B"}, {"body": "B"}, {"pub_status": "canceled"}, {"version": "2"}]
)
def test_whatever_a_publisher_changes_is_other_content(change: dict[str, str]) -> None:
    """A correction or a kill is a revision of its own."""
    assert raw_article(**change).content_hash != raw_article().content_hash


@given(st.text(), st.text())
def test_folding_ignores_white_space_and_nothing_else(one: str, other: str) -> None:
    """Folded texts are equal when their words are."""
    words = one.split(), other.split()

    assert (identity.fold(one) == identity.fold(other)) >= (words[0] == words[1])
    assert identity.fold(identity.fold(one)) == identity.fold(one)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), VALUES))
def test_a_hash_that_was_stored_stays(content: dict[str, Any]) -> None:
    """What is hashed is the JSON that Python's own module writes, as it always was."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert identity.content_hash(content) == hashlib.sha256(text.encode()).hexdigest()
