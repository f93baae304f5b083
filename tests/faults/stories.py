"""What a newsroom sends: stories in their versions, and poison of every kind. Pure."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from shared import streams
from shared.letters.deadletters import Cause
from shared.messages import RawArticle
from tests.builders import NOON

Fields = dict[bytes, bytes]

# Which versions of a story are sent, in which order: each a letter, and k is a kill.
# a < b by their times; B is of the same time as b and says something else.
ORDERS: Final = (
    *("a",) * 8,
    *("aa", "ab", "ba", "bab", "bB", "Bb"),
    *("ka", "ak", "bka", "kab", "akb"),
)
TOO_LONG: Final = 5_000_001  # characters of text that enrich refuses
TOO_LARGE: Final = 8 * 1024 * 1024  # bytes of an entry that nobody validates

_PLACES: Final = ("Oslo", "Lima", "Kigali", "Hanoi")
_ENGLISH_EVERY: Final = 4  # the others are not tagged, which makes room on a small machine


class Version(NamedTuple):
    """One version of a story: what is sent, and what orders it."""

    fields: dict[str, Any]
    rank: tuple[bool, datetime, str]  # kill, time, content hash

    @property
    def content_hash(self) -> str:
        return self.rank[2]


class Poison(NamedTuple):
    """What nobody can take, where it is sent, and why it must be parked."""

    stream: str
    fields: Fields
    cause: Cause


def uri_of(number: int) -> str:
    return f"urn:newsml:test:{number}"


def versions(number: int, order: str) -> list[Version]:
    """Return the versions of story `number` in the order in which they are sent."""
    return [_version(number, letter) for letter in order]


def _version(number: int, letter: str) -> Version:
    hour = {"a": 1, "b": 2, "B": 2, "k": 1}[letter]
    place = _PLACES[number % len(_PLACES)]
    fields: dict[str, Any] = {
        "uri": uri_of(number),
        "headline": f"Storm number {number} reaches {place}, version {letter}",
        "body": f"{place.upper()} (Test Wire) - A storm closed the port on Monday, police said.",
        "updated_at": (NOON + timedelta(hours=hour)).isoformat(),
    }
    if number % _ENGLISH_EVERY:
        fields["headline"] = f"La tormenta número {number} llega a {place}, versión {letter}"
        fields["body"] = f"{place.upper()} - Una tormenta cerró el puerto, dijo la policía ayer."
    if letter == "k":
        fields = {
            "uri": uri_of(number),
            "pub_status": "canceled",
            "updated_at": fields["updated_at"],
        }
    article = RawArticle.model_validate({**fields, "received_at": NOON, "provenance": {}})
    return Version(fields, (letter == "k", article.version_created, article.content_hash))


def poisons(chance: Random) -> Iterator[Poison]:
    """Yield poison for ever, no two of the same bytes; the first two are the large ones."""
    mark = f"{chance.getrandbits(64):016x}"
    number = 0
    huge = {"uri": f"urn:huge:{mark}", "body": "x" * TOO_LONG}
    yield Poison(streams.RAW, {b"data": json.dumps(huge).encode()}, "rejected")
    yield Poison(streams.RAW, {b"data": mark.encode() + b" " * TOO_LARGE}, "rejected")
    while True:
        number += 1
        one = f"{mark}:{number}"
        for stream, fields in (
            (streams.RAW, {"data": "{" + one}),
            (streams.RAW, {"data": f'{{"headline": 5, "uri": "{one}"}}'}),
            (streams.RAW, {"data": b"\xff\xfe\x00" + one.encode()}),
            (streams.RAW, {"headline": b"\xff" + one.encode()}),
            (streams.RAW, {"neither": one}),
            (streams.RAW, {"data": f'["{one}"]'}),
            (streams.RAW, {"data": f'{{"uri": "{one}", "headline": " "}}'}),
            (streams.ENRICHED, {"data": f'{{"article_id": "{one}"}}'}),
        ):
            yield Poison(stream, {_bytes(k): _bytes(v) for k, v in fields.items()}, "invalid")


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
