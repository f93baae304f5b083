"""XML of no kind we know."""

import pytest

from services.ingest.formats.xml_based import other_xml
from tests.unit.ingest.formats.xml_cases import reason, recognised


@pytest.mark.parametrize(
    "data",
    [
        '<?xml version="1.0"?><story>x</story>',
        "\n<story a='1'><p>x</p></story>",
        "<!DOCTYPE story SYSTEM 'x'><story/>",
        "<svg xmlns='http://www.w3.org/2000/svg'><a/></svg>",
        "<?xml version='1.0'?> no root",
        "<!DOCTYPE story [",
    ],
)
def test_xml_is_never_plain_text(data: str) -> None:
    """A declaration, or a root element that HTML does not have and an end tag."""
    assert recognised(other_xml, data)
    assert recognised(other_xml, data.encode("utf-16"))


@pytest.mark.parametrize(
    "data",
    [
        "<html><p>x</p></html>",
        '<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"/>',
        "<!doctype html><title>x</title>",
        "<p>x</p>",
        "<BC-Flood>\nLIMA (AFP) - Rain.",
        "5 < 6",
        "",
    ],
)
def test_html_and_text_are_left_to_their_formats(data: str) -> None:
    """XHTML is HTML's; a slug in angle brackets is text's."""
    assert not recognised(other_xml, data)


def test_the_reason_names_the_root_and_the_formats_known() -> None:
    """For whoever dropped it."""
    assert reason(other_xml, "<story>x</story>") == (
        "XML of a kind that is not known: its root is story; "
        "known are NITF, NewsML-G2, NewsML 1, RSS and Atom"
    )


def test_broken_xml_says_where() -> None:
    """Line and column."""
    assert reason(other_xml, "<story>\n<a></story>").startswith("not XML (line 2, column ")
