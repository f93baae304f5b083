"""The tables in data/, read from their files."""

import hashlib
import tomllib
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.enrich.gazetteer import (
    CountryCode,
    CountryRow,
    Gazetteer,
    NameWords,
    OrganisationRow,
    Word,
    Words,
    gazetteer_of,
)
from services.enrich.lexicon import Lexicon, read_lexicon

_DATA: Final = Path(__file__).parent / "data"
_NAMES: Final = ("countries.toml", "organisations.toml", "names.toml", "wire.toml")

_COUNTRIES: Final = TypeAdapter(dict[CountryCode, CountryRow])
_ORGANISATIONS: Final = TypeAdapter(dict[Word, OrganisationRow])


class FooterWords(BaseModel):
    """How a publisher's footer begins: `anywhere` in a text, or only `late` in it."""

    model_config = ConfigDict(extra="forbid")

    anywhere: Words
    late: Words


class WireWords(BaseModel):
    """data/wire.toml: how a wire story opens and closes."""

    model_config = ConfigDict(extra="forbid")

    agencies: Words
    cities: Words
    not_places: Words
    footer: FooterWords


def gazetteer() -> Gazetteer:
    """Return the countries, organisations and words around names that are known."""
    return gazetteer_of(
        countries(),
        _ORGANISATIONS.validate_python(_table("organisations.toml")),
        NameWords.model_validate(_table("names.toml")),
    )


def countries() -> dict[CountryCode, CountryRow]:
    """Return what countries and their peoples are called."""
    return _COUNTRIES.validate_python(_table("countries.toml"))


def wire_words() -> WireWords:
    """Return agencies, cities and footers."""
    return WireWords.model_validate(_table("wire.toml"))


def lexicon(topics_file: Path | None = None) -> Lexicon:
    """Return the topic lexicon, the newsroom's own if it has one.

    Raise LexiconError when it is wrong, OSError when it is not there.
    """
    topics = topics_file or _DATA / "topics.toml"
    retired = frozenset(_table("mediatopics.toml")["retired"])
    return read_lexicon(topics.read_text(encoding="utf-8"), file=topics.name, retired=retired)


def version_of_names() -> str:
    """Return a short hash of the tables that decide about entities."""
    content = b"".join((_DATA / name).read_bytes() for name in _NAMES)
    return hashlib.sha256(content).hexdigest()[:8]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))
