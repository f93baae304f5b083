"""Labelled files of every shape, read."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.quality.labelled import (
    NamedText,
    TopicText,
    UnreadableFile,
    named_texts,
    texts,
    topic_texts,
)


def lines(folder: Path, *rows: dict[str, Any]) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


@pytest.mark.parametrize("label", ["Person", "PER", "PERSON"])
def test_names_of_either_scheme_are_read_with_our_types(tmp_path: Path, label: str) -> None:
    """Dates and amounts are no names here."""
    row = {"text": "Ana Lopes came on Monday.", "spans": [[0, 9, label], [18, 24, "Date"]]}

    assert named_texts(lines(tmp_path, row)) == [
        NamedText("Ana Lopes came on Monday.", frozenset({(0, 9, "person")}))
    ]


def test_offsets_count_in_the_text_as_newsflow_keeps_it(tmp_path: Path) -> None:
    """Blanks before it are gone, a line's end is one character or two."""
    row = {"text": "\n Oslo\r\nLima\n", "spans": [[2, 6, "LOC"], [8, 12, "LOC"]]}

    [(text, names)] = named_texts(lines(tmp_path, row))

    assert {text[start:end] for start, end, _ in names} == {"Oslo", "Lima"}
    assert text == "Oslo \nLima"


def test_tokens_are_joined_to_sentences_and_sentences_to_texts(tmp_path: Path) -> None:
    """A name goes on with `I-`; two that touch are two; ten sentences are a text."""
    sentence = "Ana\tB-politician\nLopes\tI-politician\nLima\tB-location\nwon\tO\n\n"
    file = tmp_path / "set.conll"
    file.write_text(sentence * 11)

    first, second = named_texts(file)

    assert second == NamedText(
        "Ana Lopes Lima won", frozenset({(0, 9, "person"), (10, 14, "place")})
    )
    assert len(first.text.splitlines()) == 10
    assert {first.text[start:end] for start, end, _ in first.names} == {"Ana Lopes", "Lima"}
    assert len(first.names) == 20


def test_topics_are_ids_or_one_of_six_labels(tmp_path: Path) -> None:
    """The primary topic is acceptable; a label is chosen among the six."""
    ids = {"primary": "medtop:1", "acceptable": ["medtop:2"], "text": "One."}
    [by_id, by_label] = topic_texts(lines(tmp_path, ids, {"label": "sports", "text": "Two."}))

    assert by_id == TopicText("One.", "medtop:1", frozenset({"medtop:1", "medtop:2"}), None)
    assert (by_label.primary, by_label.acceptable) == (
        "medtop:15000000",
        frozenset({"medtop:15000000"}),
    )
    assert len(by_label.among or ()) == 6


def test_articles_are_texts_and_a_limit_cuts_them(tmp_path: Path) -> None:
    """Other fields are not looked at."""
    rows = [{"id": number, "text": f"Text {number}. "} for number in range(3)]

    assert texts(lines(tmp_path, *rows), limit=2) == ["Text 0.", "Text 1."]


@pytest.mark.parametrize(
    ("read", "content", "why"),
    [
        (named_texts, "", "it is empty"),
        (named_texts, "{", "line 1: not JSON: Expecting property name"),
        (named_texts, "Ana B-person x", "line 1: neither JSON nor a token and its BIO tag"),
        (named_texts, '{"text": "x"}', "line 1: no `spans` of [start, end, type]"),
        (named_texts, '{"text": "x", "spans": [[0, 2, "PER"]]}', "line 1: a span that is not in"),
        (topic_texts, '{"text": "x", "label": "chess"}', "line 1: neither `primary`"),
        (partial(texts, least=2), '{"text": "x"}', "1 texts, at least 2"),
        (texts, '{"id": 1}', "line 1: no JSON object with a `text`"),
    ],
)
def test_an_unreadable_file_says_where_and_why(
    tmp_path: Path, read: Callable[[Path], object], content: str, why: str
) -> None:
    """One sentence, with the file's name."""
    file = tmp_path / "bad.jsonl"
    file.write_text(content)

    with pytest.raises(UnreadableFile) as refused:
        read(file)

    assert str(refused.value).startswith(f"could not read {file}: {why}")


def test_a_missing_file_is_an_unreadable_one(tmp_path: Path) -> None:
    """As the system says it."""
    with pytest.raises(UnreadableFile, match="No such file or directory"):
        texts(tmp_path / "none.jsonl")
