import pytest

from services.enrich.entities.people import People


def test_surname_means_the_person_named_in_full_before() -> None:
    """Of two with one surname it is the one named last."""
    people = People([(0, "bill okoro"), (50, "ada okoro")])

    assert [people.meant_by("okoro", at) for at in (30, 90)] == ["bill okoro", "ada okoro"]


def test_surname_before_the_full_name_means_the_one_after() -> None:
    """A headline names people by their surnames."""
    people = People([(50, "ada okoro"), (90, "bill okoro")])

    assert people.meant_by("okoro", 0) == "ada okoro"


def test_first_name_means_a_person_when_it_is_nobodys_surname() -> None:
    """A surname is tried before any other part of a name."""
    people = People([(0, "ada lee"), (50, "bo ada")])

    assert [people.meant_by(word, 99) for word in ("ada", "bo", "lee", "cy")] == [
        "bo ada",
        "bo ada",
        "ada lee",
        None,
    ]


@pytest.mark.parametrize("short", ["juan perez", "diego perez", "juan diego"])
def test_shorter_form_of_a_full_name_means_the_longest(short: str) -> None:
    """First and last word, beginning or end of a longer name are that name."""
    people = People([(0, "juan diego perez"), (50, short)])

    assert people.whole(short) == "juan diego perez"


def test_other_full_names_stay_apart() -> None:
    """Sharing a word is not being one."""
    people = People([(0, "ada okoro"), (50, "bill okoro")])

    assert people.whole("bill okoro") == "bill okoro"


def test_thousands_of_one_surname_take_no_longer_each() -> None:
    """Looking up a short name does not go through all who bear it."""
    people = People([(at, f"a{at} okoro") for at in range(20_000)])

    assert {people.meant_by("okoro", at) for at in range(1, 20_000)} == {
        f"a{at} okoro" for at in range(19_999)
    }
