"""Markdown, with front matter and without."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.text import markdown
from tests.unit.ingest.formats.xml_cases import broken, fields, reason, recognised, survives

NO_YAML = "a front matter that is not YAML"
NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
STORY = """# Harbour *reopens*

The harbour of **Port Vesper** reopened
on [Monday](https://vesper.example/a).

- Ferries sail
- Fish is sold

| Pier | State |
|------|-------|
| 1    | open  |
"""
YAML = """---
title: "Vesper: harbour reopens"
id: vw-1
url: https://vesper.example/1
slug: vesper-harbour
version: 1.10
date: 2026-11-23T10:00:00+01:00
lastmod: 2026-11-23 09:00:00 +0000
embargo: 2026-11-23T09:00:00Z
authors:
  - Ann Lee
  - name: Bo Li
description: Ships sail.
lang: no
source: Vesper Wire
location: Port Vesper
urgency: 4
pub_status: usable
categories: [shipping]
tags: ports, medtop:20000337
unknown: {a: 1}
---
"""
TOML = """+++
title = "Harbour reopens"
date = 2026-11-23T10:00:00+01:00
version = 3
authors = ["Ann Lee"]
tags = ["ports"]
draft = true
+++
"""


def test_front_matter_says_what_of_the_article() -> None:
    """In YAML, every word of which is text: a version of 1.10, the language `no`."""
    found = fields(markdown, YAML + STORY)
    del found["body"]

    assert found == {
        "guid": "vw-1",
        "alt_ids": {"slug": "vesper-harbour"},
        "url": "https://vesper.example/1",
        "version": "1.10",
        "pub_status": "usable",
        "embargoed_until": NINE,
        "headline": "Vesper: harbour reopens",
        "byline": "Ann Lee, Bo Li",
        "summary": "Ships sail.",
        "language": "no",
        "source": "Vesper Wire",
        "urgency": 4,
        "located": "Port Vesper",
        "subjects": [{"name": "shipping"}, {"name": "ports"}, {"id": "medtop:20000337"}],
        "published_at": NINE,
        "updated_at": NINE,
    }


def test_front_matter_may_be_toml() -> None:
    """A draft is not for readers."""
    assert fields(markdown, TOML + "Ships sail.") == {
        "headline": "Harbour reopens",
        "published_at": NINE,
        "version": "3",
        "byline": "Ann Lee",
        "subjects": [{"name": "ports"}],
        "pub_status": "withheld",
        "body": "Ships sail.",
    }


def test_body_is_the_text_that_is_shown_a_paragraph_a_line() -> None:
    """Without the marks."""
    assert fields(markdown, STORY)["body"].splitlines() == [
        "Harbour reopens",
        "The harbour of Port Vesper reopened on Monday.",
        "* Ferries sail",
        "* Fish is sold",
        "Pier State",
        "1 open",
    ]


def test_first_heading_is_the_headline() -> None:
    """The first of the first level, or one that the text begins with."""
    assert fields(markdown, STORY)["headline"] == "Harbour reopens"
    assert fields(markdown, "## A `b`\n\nText.\n\n## C")["headline"] == "A b"
    assert fields(markdown, "Text.\n\nHarbour\n=======\n\nText.")["headline"] == "Harbour"
    assert "headline" not in fields(markdown, "Text.\n\n## B\n")


def test_html_within_markdown_is_text() -> None:
    """It is never taken for elements."""
    said = "# A\n\n<script>alert(1)</script>\n\na <b onclick=x>b</b> [c](javascript:d)"

    body = fields(markdown, said)["body"]

    assert body == ("A\n<script>alert(1)</script>\na <b onclick=x>b</b> [c](javascript:d)")


def test_an_id_that_is_a_uri_is_one() -> None:
    """It is the publisher's lasting id."""
    assert fields(markdown, "---\nid: urn:vesper:1\n---\nA.") == {
        "uri": "urn:vesper:1",
        "body": "A.",
    }


def test_what_cannot_be_read_is_left_out() -> None:
    """Times, addresses, urgencies, and what is no text."""
    said = "---\ntitle: A\ndate: Monday\nurl: /a\nurgency: high\nlang: [a]\ntags: {a: b}\n---\n"

    assert fields(markdown, said) == {"headline": "A"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("title: [A]", "`title` in the front matter is a list, not text"),
        ("id: {a: b}", "`id` in the front matter is an object, not text"),
        ("embargo: soon", "`embargo` in the front matter is no date and time: 'soon'"),
        (
            "title: A: b",
            f"{NO_YAML}: mapping values are not allowed here (line 3, column 9)",
        ),
        ("a: &x [1]\nb: *x", f"{NO_YAML}: it holds an alias"),
        ("a: " + "[" * 3000, "a front matter with values within values, too deep"),
        ("a: " + "b" * 70_000, "a front matter of more than 65536 characters"),
    ],
)
def test_front_matter_that_loses_something_has_a_reason(line: str, said: str) -> None:
    """With the line in the file."""
    assert reason(markdown, f"---\nlayout: y\n{line}\n---\nText.\n") == said


def test_toml_that_is_broken_has_a_reason() -> None:
    """With the line of the block."""
    assert reason(markdown, "+++\ntitle = A\n+++\n").startswith("a front matter that is not TOML:")


def test_no_tag_of_yaml_makes_an_object() -> None:
    """Nothing in a file is run."""
    said = "---\ntitle: !!python/object/apply:os.system [ls]\n---\n"

    assert reason(markdown, said) == "`title` in the front matter is a list, not text"


@pytest.mark.parametrize("mark", [">", "- ", "1. ", "> - "])
def test_deep_nesting_has_a_reason(mark: str) -> None:
    """The parser would leave out what is deeper, and say nothing."""
    assert reason(markdown, f"# A\n\n{mark * 300}Harbour") == (
        "Markdown with more than 200 elements within each other"
    )


def test_nested_emphasis_keeps_its_text() -> None:
    """As deep as elements may be."""
    assert fields(markdown, f"# A\n\n{'*' * 300}b{'*' * 300}")["body"] == "A\nb"
    assert "elements within each other" in reason(markdown, f"# A\n\n{'*' * 900}b{'*' * 900}")


def test_markdown_that_takes_too_long_has_a_reason() -> None:
    """Brackets are looked at again and again."""
    assert "more than" in reason(markdown, "# A\n\n" + "[" * 50_000)
    assert "more than" in reason(markdown, "# A\n\n" + "a " * 600_000)


def test_markdown_without_text_has_a_reason() -> None:
    """A front matter without a title is no article."""
    assert reason(markdown, "---\nlang: en\n---\n") == "Markdown without text"


def test_a_kill_needs_an_id_and_no_text() -> None:
    """It names the article."""
    assert fields(markdown, "---\nid: vw-1\npub_status: canceled\n---\n") == {
        "guid": "vw-1",
        "pub_status": "canceled",
    }


@pytest.mark.parametrize(
    "text",
    [
        YAML,
        TOML,
        YAML.replace("\n", "\r\n"),
        f"\ufeff{YAML}",
        STORY,
        "# A\n\n## B\n\nText.",
        "# A\n\nText **b** c.",
        "# A\n\n> b\n",
        "# A\n\n```\nb\n```\n",
    ],
)
def test_markdown_is_recognised(text: str) -> None:
    """By front matter, or a heading and one more sign."""
    assert recognised(markdown, text)


@pytest.mark.parametrize(
    "text",
    [
        "PORT VESPER -- The harbour reopened.\n***\n1. Ships\n2. Fish\n*more*\n# 12\n",
        "# 12 ships sail\n\nPORT VESPER (VW) - The harbour reopened -- at last.\n***\nends\n",
        "#1 seed wins\n\n- One\n- Two\n",
        "---\nPORT VESPER (VW): The harbour reopened.\n---\n",
        "---\nVESPER: The harbour reopened.\n---\n",
        "---\nPORT VESPER (VW) - The harbour reopened.\n---\nMore: later\n",
        "Text **b** [c](https://vesper.example)\n- a\n- b\n",
        "---\ntitle: A\nno end",
        "",
    ],
)
def test_stories_with_signs_of_their_own_are_no_markdown(text: str) -> None:
    """Dashes, asterisks, numbers, rules."""
    assert not recognised(markdown, text)


@given(
    st.text("#*_-`[]()<>!|\\ \n\tab1.:&é\0\ud800", max_size=200),
    st.sampled_from(["", "# A\n", "---\n"]),
)
def test_no_text_breaks_it(text: str, before: str) -> None:
    """An article, or a reason."""
    assert survives(markdown, (before + text).encode("utf-8", "surrogatepass"))


@given(st.binary(max_size=100), st.sampled_from(["---\ntitle: A\n", "+++\na = "]))
def test_no_front_matter_breaks_it(data: bytes, before: str) -> None:
    """An article, or a reason."""
    assert survives(markdown, before.encode() + data + f"\n{before[:3]}\nText.".encode())


@given(broken(YAML + STORY) | broken(TOML + STORY))
def test_no_broken_file_breaks_it(data: bytes) -> None:
    """Cut, changed or repeated anywhere."""
    assert survives(markdown, data)
