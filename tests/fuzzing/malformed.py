"""Stream entries that are no article, of every kind; and some that look bad and are one.

Everything comes from one source of chance, so a seed makes the same entries again. Pure.
"""

import json
import random
from collections.abc import Callable
from typing import Any, Final

Entry = dict[bytes, bytes]
Chance = random.Random

_ENVELOPE: Final = b"\x89BIN\x0d\x0a\x1a\x0a"
_WRONG: Final[tuple[Any, ...]] = (5, -1.5, True, [], [["a"]], [{"$gt": ""}])
_DATES: Final = (
    "yesterday",
    "2026-13-45",
    "9999-12-31T23:59:59-14:00",
    "0001-01-01T00:00:00+14:00",
    "2026-11-23T25:61:61Z",
    "-2026-11-23",
    "1e400",
    "٢٠٢٦-١١-٢٣x",
    "",
    " " * 500,
)


def malformed(chance: Chance) -> Entry:
    """Return an entry that every promise calls a dead letter."""
    return chance.choice(_MALFORMED)(chance)


def odd(chance: Chance, uri: str) -> Entry:
    """Return an entry that looks hostile and is an article."""
    return chance.choice(_ODD)(chance, uri)


def _data(value: Any) -> Entry:
    return {b"data": json.dumps(value).encode()}


# ── no article ────────────────────────────────────────────────────────────────────────────────


def _bytes(chance: Chance) -> Entry:
    return {b"data": b"\xfe" + chance.randbytes(chance.randrange(300))}


def _fields(chance: Chance) -> Entry:
    """Names and values that nobody knows."""
    count = chance.choice((1, 2, 20, 300))
    return {b"x" + chance.randbytes(8): chance.randbytes(chance.randrange(9)) for _ in range(count)}


def _cut(chance: Chance) -> Entry:
    whole = json.dumps({"headline": "Storm", "body": "Words " * chance.randrange(9), "n": [1, 2]})
    return {b"data": whole[: chance.randrange(len(whole))].encode()}


def _flipped(chance: Chance) -> Entry:
    """A byte that UTF-8 does not know, somewhere in an article."""
    whole = bytearray(b'{"headline": "Storm", "body": "A storm closed the port on Monday."}')
    whole[chance.randrange(len(whole))] = chance.choice((0xFF, 0xC0, 0x80))
    return {b"data": bytes(whole)}


def _wrong_type(chance: Chance) -> Entry:
    name = chance.choice(("headline", "body", "uri", "source", "pub_status", "provenance"))
    return _data({"headline": "Storm", "body": "Words.", name: chance.choice(_WRONG)})


def _no_object(chance: Chance) -> Entry:
    return _data(chance.choice(("text", 5, None, True, [], [{"headline": "Storm"}], 1e308)))


def _deep(chance: Chance) -> Entry:
    depth = chance.choice((300, 5_000, 100_000) if chance.random() < 0.02 else (300, 1_000))
    opening = chance.choice((b"[", b'{"a":'))
    closing = b"]" * depth if opening == b"[" else b"1" + b"}" * depth
    end = closing if chance.random() < 0.5 else b""
    return {b"data": b'{"headline": "Storm", "deep": ' + opening * depth + end + b"}"}


def _surrogate(chance: Chance) -> Entry:
    half = chance.choice(("\\ud800", "\\udfff", "\\ude00\\ud83d", "\\ud83d x"))
    return {b"data": b'{"headline": "Storm %s"}' % half.encode()}


def _control(chance: Chance) -> Entry:
    """A control character that JSON wants escaped."""
    return {b"data": b'{"headline": "Storm%c"}' % chance.randrange(32)}


def _number(chance: Chance) -> Entry:
    digits = str(chance.randrange(10**20, 10**21))
    value = chance.choice((digits, "-" + digits, "NaN", "Infinity", "1e999", "0x10", "1_000"))
    name = chance.choice(("urgency", "updated_at"))
    return {b"data": b'{"headline": "Storm", "%s": %s}' % (name.encode(), value.encode())}


def _date(chance: Chance) -> Entry:
    return _data({"headline": "Storm", "updated_at": chance.choice(_DATES)})


def _empty(chance: Chance) -> Entry:
    """Fields with nothing in them, or white space."""
    blank = chance.choice((b"", b" ", b"\n\t", b"\xc2\xa0"))
    return chance.choice(({b"data": blank}, {b"headline": blank}, {b"": blank}, {b"body": b""}))


def _no_text(chance: Chance) -> Entry:
    return _data(
        chance.choice(({}, {"headline": " "}, {"body": ""}, {"uri": "urn:a"}, {"body_html": "<p>"}))
    )


def _long(chance: Chance) -> Entry:
    return _data({"headline": "Storm", chance.choice(("uri", "guid", "url")): "u" * 3_000})


def _envelope(chance: Chance) -> Entry:
    return {b"__data__": _ENVELOPE + chance.randbytes(chance.randrange(60))}


def _half_envelope(chance: Chance) -> Entry:
    inner = chance.choice(("", "{", 5, None, {"headline": 5}))
    return {b"__data__": json.dumps({"data": inner, "headers": {}}).encode()}


def _flat(chance: Chance) -> Entry:
    """Flat fields whose names or values are no text, or of no use."""
    bad = chance.choice(({b"body": b"\xff"}, {b"\xff\x00": b"x"}, {b"updated_at": b"soon"}))
    return {b"headline": b"Storm", **bad}


_MALFORMED: Final[tuple[Callable[[Chance], Entry], ...]] = (
    _bytes,
    _fields,
    _cut,
    _flipped,
    _wrong_type,
    _no_object,
    _deep,
    _surrogate,
    _control,
    _number,
    _date,
    _empty,
    _no_text,
    _long,
    _envelope,
    _half_envelope,
    _flat,
)


# ── articles ──────────────────────────────────────────────────────────────────────────────────


def _plain(chance: Chance, uri: str) -> Entry:
    return _data({"uri": uri, "headline": f"Storm {chance.random()}", "body": "Words."})


def _operators(chance: Chance, uri: str) -> Entry:
    """Keys and values that are operators of MongoDB."""
    ids = {"$where": "1", "a.b": "$ne", "$set.x": "$$ROOT", "": "nothing"}
    head = chance.choice(("$100 note", "{$ne: null}", "$$REMOVE", "a.b.$[]"))
    return _data(
        {"uri": uri, "headline": head, "body": "$body", "alt_ids": ids, "$set": {"text": ""}}
    )


def _escapes(chance: Chance, uri: str) -> Entry:
    """Escape sequences of terminals, markup of rich, NUL."""
    bad = chance.choice(
        ("\x1b[2J", "\x1b]0;x\x07", "[bold red]", "[/]", "\x00", "\u202e", "\x9b2J")
    )
    return _data({"uri": uri, "headline": f"Storm {bad} ends", "body": f"Words {bad}."})


def _many(chance: Chance, uri: str) -> Entry:
    """Hundreds of further fields, in the object and beside it."""
    count = chance.choice((1, 50, 500))
    said = {"uri": uri, "headline": "Storm", **{f"x{n}": {"$inc": n} for n in range(count)}}
    return {**_data(said), **{b"y%d" % n: b"z" for n in range(count)}}


_ODD: Final[tuple[Callable[[Chance, str], Entry], ...]] = (_plain, _operators, _escapes, _many)
