"""What is known of names before a text is read: countries, organisations, words around names. Pure.

It is read from data/countries.toml, data/organisations.toml, data/names.toml and data/places.tsv,
which say what each entry means.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints

from services.enrich.entities.atlas import Atlas
from services.enrich.names import fold
from services.enrich.phrases import Phrases
from shared.messages import EntityType

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Words = tuple[Word, ...]
CountryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z]{3})?$")]

_SHORT: Final = 2  # letters: `Adelaide SA` is in South Australia


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CountryRow(_Row):
    """A line of countries.toml."""

    name: Word
    capital: Word | None = None
    aliases: Words = ()
    demonyms: Words = ()
    only_with: Words = ()


class OrganisationRow(_Row):
    """A line of organisations.toml."""

    anywhere: Words = ()
    tagged: Words = ()
    type: EntityType = "organisation"


class NameWords(_Row):
    """Words around a name that are not part of it: names.toml."""

    courtesies: Words
    titles: Words
    kinds: Words
    company_forms: Words
    prefixes: Words
    suffixes: Words
    bodies: Words


class Country(NamedTuple):
    """What a name of a country, or of its people, stands for."""

    code: str
    name: str
    is_demonym: bool
    only_with: frozenset[str]


class Organisation(NamedTuple):
    """What one of the names of an organisation stands for."""

    name: str
    type: EntityType


Meaning = TypeVar("Meaning", Country, Organisation)


@dataclass(frozen=True, slots=True)
class AroundNames:
    """Patterns of what stands around a name and is not part of it."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    joined: re.Pattern[str]
    courtesy: re.Pattern[str]
    titles: re.Pattern[str]
    kind: re.Pattern[str]
    company_form: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Names that are known: by their folded form, and as they may be found in a text."""

    countries: Mapping[str, Country]
    capitals: frozenset[str]
    organisations: Mapping[str, Organisation]
    anywhere: Phrases
    anywhere_is: tuple[Organisation, ...]
    bodies: frozenset[str]  # last words of organisations
    companies: frozenset[str]  # those that nothing else ends with
    around: AroundNames
    atlas: Atlas


def gazetteer_of(
    countries: Mapping[str, CountryRow],
    organisations: Mapping[str, OrganisationRow],
    words: NameWords,
    *,
    places: str = "",
) -> Gazetteer:
    """Put the tables together; `places` is the text of places.tsv.

    ValueError when a name leads to two things, or when a line of `places` is no place.
    """
    known = [
        (name, Organisation(key, row.type))
        for key, row in organisations.items()
        for name in (key, *row.anywhere)
    ]
    tagged = [
        (name, Organisation(key, row.type))
        for key, row in organisations.items()
        for name in row.tagged
    ]
    return Gazetteer(
        countries=_by_folded_name(_named_countries(countries)),
        capitals=frozenset(fold(row.capital) for row in countries.values() if row.capital),
        organisations=_by_folded_name([*known, *tagged]),
        anywhere=Phrases(name for name, _ in known),
        anywhere_is=tuple(organisation for _, organisation in known),
        bodies=frozenset(map(fold, (*words.bodies, *words.company_forms))),
        companies=frozenset(form for form in map(fold, words.company_forms) if len(form) > _SHORT),
        around=_around(words),
        atlas=Atlas(places, known=countries),
    )


def _around(words: NameWords) -> AroundNames:
    titles = _any_of((*words.courtesies, *words.titles))
    prefixes, suffixes = _any_of(words.prefixes), _any_of(words.suffixes)
    return AroundNames(
        before=re.compile(rf"\W*(?:(?i:the|an?)\s+)?(?:(?:{prefixes})-(?=\w))?\W*"),
        after=re.compile(rf"(?:['\u2019]s?|-(?:{suffixes}))$"),
        joined=re.compile(rf"-(?!(?:{suffixes})\b)[a-z]\w+"),  # `Lam Chung-wang` cut at the hyphen
        courtesy=re.compile(rf"(?:{_any_of(words.courtesies)})\b\.?\s+"),
        titles=re.compile(rf"(?:(?i:{titles})\b\.?(?:\s+|$))+"),
        kind=re.compile(rf"(?:^|\s+)(?:{_any_of(words.kinds)})$", re.IGNORECASE),
        company_form=re.compile(rf",?\s+(?:{_any_of(words.company_forms)})\.?$", re.IGNORECASE),
    )


def _any_of(words: Words) -> str:
    return "|".join(map(re.escape, sorted(words, key=len, reverse=True)))


def _named_countries(rows: Mapping[str, CountryRow]) -> Iterable[tuple[str, Country]]:
    for code, row in rows.items():
        only_with = frozenset(map(fold, row.only_with))
        for name in (row.name, *row.aliases):
            yield name, Country(code, row.name, is_demonym=False, only_with=only_with)
        for demonym in row.demonyms:
            for name in {demonym, f"{demonym}s"}:
                yield name, Country(code, row.name, is_demonym=True, only_with=frozenset())


def _by_folded_name(meanings: Iterable[tuple[str, Meaning]]) -> dict[str, Meaning]:
    by_name: dict[str, Meaning] = {}
    for name, meaning in meanings:
        if by_name.setdefault(fold(name), meaning).name != meaning.name:
            msg = f"two meanings of one name: {name}"
            raise ValueError(msg)
    return by_name
