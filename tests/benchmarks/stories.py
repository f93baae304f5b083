"""Articles to measure with: invented wire stories of about 440 words, each a different one.

Of a thousand pairs 35 share a band by which re-runs are looked for (services/store/clusters.py):
more than of newspaper articles, where it is 5 pairs in 1.6 million; about as routine reports may.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path


def _words(text: str) -> list[str]:
    return text.split()


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
_THINGS = _words(
    "harbour bridge budget railway market reservoir tender pension tunnel ferry hospital "
    "licence census orchard refinery archive runway stadium turbine ballot cable clinic "
    "convoy dairy depot embankment factory granary greenhouse highway irrigation landfill "
    "library lighthouse mill museum nursery observatory orchestra pipeline plaza quarry relay "
    "satellite sawmill shipyard sluice smelter survey telescope terminal theatre tramway "
    "vaccine viaduct vineyard warehouse well workshop"
)
_KINDS = _words(
    "new delayed disputed regional costly public joint temporary "
    "coastal northern southern worn flooded abandoned contested planned modest record "
    "partial rural historic renewed cautious final draft second private "
    "mobile seasonal shared narrow restored missing"
)
_GROUPS = _words(
    "officials growers drivers lawmakers nurses teachers miners traders engineers farmers "
    "students pilots bakers judges doctors fishermen tenants miners porters ministers clerks "
    "weavers inspectors volunteers architects surveyors"
)
_DEEDS = _words(
    "approve postpone inspect finance reject rebuild close extend defend review auction "
    "relocate insure repair suspend expand abolish measure lease reopen privatise map tax "
    "shorten merge demolish divide license patrol replace"
)
_SENTENCES = (
    "{person} told {groups} in {place} that the {body} would {deed} the {kind} {thing} by {month}.",
    "The {body} said on {day} that talks with {body2} over the {kind} {thing} went on.",
    "{groups} from {place} and {place2} met on {day} to {deed} the {thing} and {kind} supplies.",
    '"We have waited {number} years for this {thing}," said {person}, who leads {kind} {groups}.',
    "Police in {place} said {number} were hurt when a {kind} {thing} failed near a {thing2}.",
    "{groups} expect {number} percent more of the {thing} if {place2} can {deed} its {thing2}.",
    "About {number} {groups} gathered outside a {thing} in {place} as {groups2} met to {deed} it.",
    "{person} and {person2} agreed to {deed} a {kind} {thing} in {place}, watched by the {body}.",
    "A storm, which reached {place2} on {day}, cut power to a {thing} and {number} {groups}.",
    "A spokesman for {person} declined to {deed} the report on the {thing}, citing {groups}.",
)
_LISTS = {
    "person": _PEOPLE,
    "place": _PLACES,
    "body": _BODIES,
    "thing": _THINGS,
    "kind": _KINDS,
    "groups": _GROUPS,
    "deed": _DEEDS,
    "day": _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
    "month": _words("January March April June August October December"),
    "number": [str(number) for number in range(2, 41)],
}


def stories(seed: int = 1) -> Iterator[dict[str, str]]:
    """Yield articles without end; the same ones for the same seed."""
    chance = random.Random(seed)  # noqa: S311 (texts, no secrets)
    number = 0
    while True:
        number += 1
        place = chance.choice(_PLACES)
        sentences = [_sentence(chance) for _ in range(26)]
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
    said = chance.choice(_SENTENCES).format_map(_Chosen(chance))
    return said[0].upper() + said[1:]


class _Chosen(dict[str, str]):
    """Words by the names of _LISTS; a digit behind a name asks for another one."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def __missing__(self, name: str) -> str:
        return self._chance.choice(_LISTS[name.rstrip("2")])
