import subprocess
import sys
from base64 import b64decode
from collections.abc import Sequence

import pytest

from services.enrich.signature import TOOL, signature_of
from services.enrich.text.cleaning import Parts
from services.enrich.tools import Tools
from shared.messages import Span
from tests.unit.enrich.stories import DATELINE, FOOTER, FRENCH, HEADLINE, WIRE, read

_STORY = (
    "Ships bound for the northern harbour waited at anchor on Monday while divers searched the "
    "channel for containers that a freighter had lost in the storm of the night before."
)
_PINNED = (
    "2mVw2+n2LgbyYpOatD2Cva7zS1ITLqFWv+VyGuyMhjXJRK5RUjboK3fqs2V3W1yiZiq9UjuZXs0yX1cySyqKCr"
    "f7yS+qdDYqU2ecGzCHi4e8MGpVUEH8oroBSb1D+Pt/rpisoBO/J9gQ1ewdoMg/zaxvRsG7fq+HupQezGIBHOvu"
    "bqHXDvRwYOJA2fU5TZyMkPAddvWl3etOVN7d2p49daQZMNoyLsFoK1RTJurAKpyzqX7zBjetag/Z8P392pFvnA"
    "WBJ5Ncv2o9vKuvaDLLLSISmdhdrGQRElGY1X8rn15VIb5WSfmxdmxzo/ptneNjRlDHxWzFHnHFUnfUMqUC9Q=="
)
_SCRIPTS = {
    "zh": "周一上午一艘载有旅客的渡轮在港口外搁浅海岸警卫队说所有人都已安全上岸没有人受重伤",
    "ja": "月曜日の朝、乗客を乗せたフェリーが港の外で座礁したが、全員が無事に上陸した",
    "th": "เรือข้ามฟากที่มีผู้โดยสารเกยตื้นนอกท่าเรือในเช้าวันจันทร์ทุกคนขึ้นฝั่งอย่างปลอดภัย",
    "ko": " ".join(f"월요일 아침 여객선이 {place} 밖에서 좌초했다" for place in "가나다라마바사"),
}


def _sign(text: str, headline: int = 0) -> str | None:
    story = (Span(start=0, end=len(text)),)
    return signature_of(text, Parts(Span(start=0, end=headline), None, story, None))


def _likeness(one: str | None, other: str | None) -> float:
    assert one is not None
    assert other is not None
    ours, theirs = (memoryview(b64decode(sign)).cast("H") for sign in (one, other))
    return sum(a == b for a, b in zip(ours, theirs, strict=True)) / len(ours)


def test_a_signature_is_the_same_everywhere_and_always() -> None:
    """Stored ones are compared with those of other processes, machines and releases.

    If this fails after an upgrade, the version in TOOL has to differ from the one pinned here, and
    every article has to be signed anew to meet its re-runs.
    """
    assert (TOOL.version, _sign(_STORY)) == ("rensa.2+seed.1+128x16+words.3.1", _PINNED)


def test_another_process_signs_alike() -> None:
    """Python's own hashes differ from process to process; these do not."""
    program = (
        "from tests.unit.enrich.test_signature import _STORY, _sign; print(_sign(_STORY), end='')"
    )

    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert other.stdout == _sign(_STORY)


def test_a_signature_is_128_numbers_of_16_bits() -> None:
    """In base64, 344 characters."""
    signature = _sign(_STORY)

    assert signature is not None
    assert (len(signature), len(b64decode(signature))) == (344, 256)


@pytest.mark.parametrize(
    "changed",
    [
        _STORY.upper(),
        _STORY.replace(" ", "\n"),
        _STORY.replace("Monday", "“Monday”,"),
        _STORY.replace("the", "ｔｈｅ"),
    ],
    ids=["capitals", "lines", "punctuation", "width"],
)
def test_how_words_are_written_does_not_count(changed: str) -> None:
    """Only which words stand in a row."""
    assert _sign(changed) == _sign(_STORY)


@pytest.mark.parametrize("text", ["", "Blast heard in central Kabul", " ".join(["la"] * 1000)])
def test_a_text_of_few_shingles_has_no_signature(text: str) -> None:
    """Flashes and notices are alike without being re-runs."""
    assert _sign(text) is None


def test_twenty_shingles_are_enough() -> None:
    """That is 22 words."""
    words = [f"word{number}" for number in range(22)]

    assert _sign(" ".join(words[:-1])) is None
    assert _sign(" ".join(words)) is not None


def test_headline_dateline_and_footer_do_not_count(tools: Tools) -> None:
    """They are what re-runs change."""
    story = WIRE.removeprefix(f"{HEADLINE}\n{DATELINE} ").removesuffix(FOOTER)

    original = read(tools, WIRE).signature
    elsewhere = read(tools, f"{story}\n© 2026 Test Wire.", headline="Another headline").signature

    assert original == elsewhere


def test_likeness_is_the_share_of_what_both_say() -> None:
    """Half of the shingles in common, of all: 0.5 by 128 numbers, give or take 0.09."""
    words = [f"word{number}" for number in range(900)]

    estimate = _likeness(_sign(" ".join(words[:600])), _sign(" ".join(words[200:800])))

    assert abs(estimate - 0.5) < 0.09


@pytest.mark.parametrize("language", _SCRIPTS)
def test_every_script_has_words(language: str) -> None:
    """A character is one where no blanks are written; a changed character changes a little."""
    text = _SCRIPTS[language]

    signature, changed = _sign(text), _sign(text[:-1])

    assert 0.6 < _likeness(signature, changed) <= 1


def test_french_is_signed_whole(tools: Tools) -> None:
    """What is not read in parts is all story, but for its headline."""
    assert read(tools, FRENCH, headline="Une rencontre").signature == read(tools, FRENCH).signature


@pytest.mark.parametrize(
    "text", ["a" * 3_000_000, "a " * 1_500_000, "a." * 1_500_000, "中" * 3_000_000]
)
def test_a_text_of_any_size_is_signed_in_bounded_time(text: str) -> None:
    """Of a book, the first 200,000 characters count."""
    told: Sequence[str] = [f"word{number}" for number in range(40)]

    start = " ".join([*told, "x " * 100_000])

    assert _sign(start + text) == _sign(start)
