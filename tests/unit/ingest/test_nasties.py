"""Hostile and broken files, one by one: a reason, and nothing else happens."""

import pytest

from tests.nasties import Nasty, nasties
from tests.unit.ingest.files import read_file


@pytest.mark.parametrize("nasty", nasties().values(), ids=nasties())
def test_a_nasty_file_has_its_reason(nasty: Nasty) -> None:
    """For people; none of its records is an article."""
    found = read_file(nasty.data)

    assert [one.article for one in found if one.article] == []
    assert any(nasty.reason in (one.reason or "") for one in found)


def test_there_are_many_of_them() -> None:
    """As many as a night's wire brings in a year."""
    assert len(nasties()) >= 60
