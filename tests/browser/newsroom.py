"""What the browser tests read: some wire stories of the last days, and some that mean harm."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis

from shared import streams
from tests.builders import seeded

SOURCES = ("Reuters", "AFP", "dpa", "Port Vesper Herald", "Lima Diario", "Nordlicht Radio")
QUIET = "Nordlicht Radio"  # has sent nothing for four days
HARM = '<script>window.harmed=1</script><svg onload="window.harmed=1"><img src=x onerror=harmed=1>'
TURNED = "Invoice \u202efdp.exe"
LONG = "Flood " * 170_000  # 1 MB: refused, and shown as a dead letter
_LONGEST = 50_000  # characters of a headline

_STORIES = (
    (
        "Floods close airport of {place}",
        "Rain closed the airport of {place}, said {who}.",
    ),
    ("Talks on water treaty resume in {place}", "The African Union and {who} met in {place}."),
    ("Central bank raises rates again", "Inflation in {place} worries the bank, said {who}."),
    ("{place} wins cup final", "The football club of {place} won 2-1. Coach {who} was delighted."),
    (
        "Strike stops trains to {place}",
        "Railway workers in {place} walked out, {who} said.",
    ),
    ("Vaccination campaign begins in {place}", "Health minister {who} opened a clinic in {place}."),
)
_PLACES = (
    "Lima",
    "Nairobi",
    "Oslo",
    "Hanoi",
    "Accra",
    "Quito",
    "Tunis",
    "Lisbon",
    "Dakar",
    "Paris",
)
_WHO = ("Amina Okoro", "Jonas Lind", "Maria Quispe", "Kofi Mensah", "Leila Haddad", "Elena Rossi")


def stories(count: int, *, now: datetime) -> list[dict[str, Any]]:
    """Return articles of the last fortnight, the newest last."""
    chance = seeded(8)
    made = []
    for number in range(count):
        headline, text = chance.choice(_STORIES)
        words = {"place": chance.choice(_PLACES), "who": chance.choice(_WHO)}
        source = chance.choice(SOURCES)
        ago = timedelta(hours=14 * 24 * (1 - number / count) ** 2)
        if source == QUIET:
            ago += timedelta(days=4)
        body = " ".join(text.format(**words) for _ in range(chance.randint(1, 4)))
        made.append(
            {
                "uri": f"urn:newsroom:{number}",
                "headline": headline.format(**words),
                "body": f"{body} It was story {number} of the day.",
                "source": source,
                "published_at": (now - ago).isoformat(),
                "updated_at": (now - ago).isoformat(),
            }
        )
    return made


def hostile() -> list[dict[str, Any]]:
    """Return articles that would harm who shows them as anything but text."""
    return [
        {"uri": "urn:harm:1", "headline": HARM, "body": f"Said in Lima: {HARM}", "source": HARM},
        {"uri": "urn:harm:2", "headline": TURNED, "body": f"{TURNED} in Lima.", "source": TURNED},
        {"uri": "urn:harm:3", "headline": LONG[:_LONGEST], "body": "In Lima.", "source": "Long"},
    ]


def publish(url: str, articles: list[dict[str, Any]]) -> None:
    """Publish articles as any client would."""
    with Redis.from_url(url) as client:
        pipe = client.pipeline(transaction=False)
        for article in articles:
            pipe.xadd(streams.RAW, {"data": json.dumps(article), "producer": "newsroom"})
        pipe.execute()


def break_some(url: str) -> None:
    """Publish what is no article: three of a kind, one that means harm, one that is no text."""
    with Redis.from_url(url) as client:
        for number in range(3):
            client.xadd(streams.RAW, {"data": json.dumps({"headline": number})})
        client.xadd(
            streams.RAW, {"data": json.dumps({"body": HARM, "headline": 7, "source": HARM})}
        )
        client.xadd(streams.RAW, {"data": json.dumps({"headline": LONG, "body": LONG})})
        client.xadd(streams.RAW, {"data": b"\x00\xff" + bytes(range(64))})


def now() -> datetime:
    return datetime.now(UTC)
