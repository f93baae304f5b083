"""Which dead letters are meant, what is kept of one, and what kinds there are."""

import base64
import json
from typing import Any

import pytest

from services.inspection.letters import Kinds, Wanted, kept
from shared.letters.deadletters import DeadLetter

FILE = {"path": "wire/ap-1.jsonl", "sha256": "0" * 64, "record": 7, "start": 10, "end": 20}


def letter(reason: str = "not JSON: line 3", **fields: Any) -> DeadLetter:
    article = {"source": "AP", "provenance": {"file": FILE}}
    given: dict[str, Any] = {
        "cause": "invalid",
        "stage": "enrich",
        "stream": "articles.raw",
        "entry_id": "1795470694000-0",
        "deliveries": 1,
        "article_id": None,
        "original": {b"data": json.dumps(article).encode(), b"producer": b"desk"},
        "letter_id": "1795470694568-0",
    }
    return DeadLetter(reason=reason, **{**given, **fields})


@pytest.mark.parametrize(
    ("wanted", "is_meant"),
    [
        (Wanted(), True),
        (Wanted(cause="invalid", stage="enrich", source="AP", producer="desk"), True),
        (Wanted(cause="failed"), False),
        (Wanted(stage="store"), False),
        (Wanted(source="ap"), False),
        (Wanted(producer="AP"), False),
        (Wanted(reason="json"), True),
        (Wanted(reason="line N"), True),
        (Wanted(reason="line 4"), False),
        (Wanted(file="wire/ap-1.jsonl"), True),
        (Wanted(file="ap-1.jsonl"), True),
        (Wanted(file="ap-*"), True),
        (Wanted(file="wire/*"), True),
        (Wanted(file="ap"), False),
        (Wanted(cause="invalid", file="dpa*"), False),
    ],
)
def test_all_that_is_said_has_to_hold(wanted: Wanted, is_meant: bool) -> None:
    """By cause, stage, reason or its kind, source, producer, file."""
    assert wanted.takes(letter()) == is_meant


def test_a_letter_without_source_and_file_is_of_none() -> None:
    """What cannot be read is found by its cause and reason."""
    broken = letter(original={b"data": b"{"})

    assert not Wanted(source="AP").takes(broken)
    assert not Wanted(file="*").takes(broken)
    assert Wanted(cause="invalid").takes(broken)


def test_what_is_kept_of_a_letter_is_all_of_it() -> None:
    """Names and values that are no UTF-8 stand in base64."""
    original = {b"data": b"{", b"\xff": b"\xfe", b"x": "ü".encode()}
    line = json.loads(json.dumps(kept(letter(original=original))))

    def read(part: Any) -> bytes:
        return part.encode() if isinstance(part, str) else base64.b64decode(part["base64"])

    assert {read(name): read(value) for name, value in line["original"]} == original
    assert (line["cause"], line["entered_at"]) == ("invalid", "2026-11-23T21:51:34+00:00")


def test_kinds_are_told_by_stage_cause_and_reason_most_letters_first() -> None:
    """Each with its newest letter to look at."""
    kinds = Kinds()
    for number in range(5, 0, -1):
        kinds.add(letter(f"not JSON: line {number}", letter_id=f"{number}-0"))
    kinds.add(letter("no", letter_id="9-9"))

    first, second = kinds.figures()

    assert (first["count"], first["reason"], first["newest"]) == (5, "not JSON: line N", "5-0")
    assert (second["count"], second["reason"]) == (1, "no")
    assert kinds.total == 6


def test_reasons_without_end_fill_no_memory() -> None:
    """Beyond a thousand kinds the rest is one."""
    kinds = Kinds()
    for number in range(3_000):
        kinds.add(letter("".join(chr(97 + int(digit)) for digit in str(number))))

    assert len(kinds.found) == 1_001
    assert kinds.figures()[0]["reason"] == "(other reasons)"
    assert kinds.figures()[0]["count"] == 2_000
