"""Articles to measure with: invented wire stories of about 440 words, each a different one."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

_PLACES = [
    "Nairobi",
    "Lima",
    "Oslo",
    "Hanoi",
    "Accra",
    "Quito",
    "Tunis",
    "Kabul",
    "Riga",
    "Dhaka",
    "Lisbon",
    "Cairo",
    "Dakar",
    "Manila",
]
_PEOPLE = [
    "Amina Okoro",
    "Jonas Lind",
    "Maria Quispe",
    "Tran Minh Duc",
    "Kofi Mensah",
    "Leila Haddad",
    "Ivan Petrov",
    "Grace Wanjiru",
    "Peter Novak",
    "Sofia Almeida",
    "Omar Farouk",
    "Elena Rossi",
]
_BODIES = [
    "African Union",
    "World Bank",
    "Supreme Court",
    "Port Authority",
    "Farmers Union",
    "Central Bank",
    "Health Ministry",
    "Energy Council",
    "Railway Board",
    "Fishing Association",
]
_SENTENCES = (
    "{person} told reporters in {place} that the {body} would publish its findings soon.",
    "The {body} said on Monday that talks with {body2} over the new harbour had made progress.",
    "Officials from {place} and {place2} met on Tuesday to discuss wages and fuel supplies.",
    '"We have waited long enough for this decision," said {person}, who leads a group of growers.',
    "Police in {place} said three people were injured when a bus left the road near a market.",
    "Analysts expect the economy to grow by {number} percent next year if exports recover.",
    "Thousands of people gathered outside the parliament as lawmakers debated the budget bill.",
    "{person} and {person2} signed the agreement in {place}, witnessed by the {body}.",
    "The storm, which reached {place2} overnight, cut power to {number} villages along the coast.",
    "A spokesman for {person} declined to comment on the report, citing the court proceedings.",
)


def stories(seed: int = 1) -> Iterator[dict[str, str]]:
    """Yield articles without end; the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    number = 0
    while True:
        number += 1
        place = chance.choice(_PLACES)
        sentences = [_sentence(chance) for _ in range(28)]
        paragraphs = [" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3)]
        yield {
            "uri": f"urn:newsflow:benchmark:{seed}:{number}",
            "headline": f"{chance.choice(_BODIES)} decides case {seed}-{number} in {place}",
            "body": f"{place.upper()}, Nov. 23 (Test Wire) - " + "\n".join(paragraphs),
        }


def stories_of(file: Path, seed: int) -> Iterator[dict[str, str]]:
    """Yield the articles of a JSON-lines file (a field `text` each), again and again."""
    texts = [json.loads(line)["text"] for line in file.read_text().splitlines()]
    number = 0
    while True:
        number += 1
        body = texts[number % len(texts)]
        yield {"uri": f"urn:newsflow:benchmark:{seed}:{number}", "body": body}


def _sentence(chance: random.Random) -> str:
    return chance.choice(_SENTENCES).format(
        person=chance.choice(_PEOPLE),
        person2=chance.choice(_PEOPLE),
        place=chance.choice(_PLACES),
        place2=chance.choice(_PLACES),
        body=chance.choice(_BODIES),
        body2=chance.choice(_BODIES),
        number=chance.randint(2, 40),
    )
