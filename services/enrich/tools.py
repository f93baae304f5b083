"""What articles are read with: read from files once, before the first article."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.enrich.cleaning import Footers, footers_of
from services.enrich.dateline import Bureaus
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
from services.enrich.names import fold
from services.enrich.tagger import Tagger, load_tagger
from shared.messages import Tool

_HERE: Final = Path(__file__).parent
_DATA: Final = _HERE / "data"
_WEIGHTS: Final = _HERE / "models" / "ner-newswire"
# One more when the modules from cleaning.py to entities.py read the same text otherwise.
_RULES: Final = 1

_COUNTRIES: Final = TypeAdapter(dict[CountryCode, CountryRow])
_ORGANISATIONS: Final = TypeAdapter(dict[Word, OrganisationRow])


class _Footer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    anywhere: Words
    late: Words


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")

    agencies: Words
    cities: Words
    not_places: Words
    footer: _Footer


@dataclass(frozen=True, slots=True)
class Tools:
    """All that `enrich` needs beside the articles."""

    tagger: Tagger
    gazetteer: Gazetteer
    bureaus: Bureaus
    closings: Footers
    lexicon: Lexicon
    entities: Tool  # the tagger and the rules after it, as documents name them


def load_tools(*, topics_file: Path | None = None, model: str | None = None) -> Tools:
    """Read the tagger's weights and the tables in data/; takes about a second.

    `topics_file` is a newsroom's own topics.toml: LexiconError when it is wrong, OSError when it
    is not there. `model` is the name or folder of another spaCy pipeline: OSError if there is none.
    """
    countries = _COUNTRIES.validate_python(_table("countries.toml"))
    organisations = _ORGANISATIONS.validate_python(_table("organisations.toml"))
    wire = _Wire.model_validate(_table("wire.toml"))
    names = gazetteer_of(countries, organisations, NameWords.model_validate(_table("names.toml")))
    tagger = load_tagger(model or _WEIGHTS)
    topics = topics_file or _DATA / "topics.toml"
    return Tools(
        tagger=tagger,
        gazetteer=names,
        bureaus=Bureaus(
            agencies=frozenset(map(fold, wire.agencies)),
            cities=names.capitals.union(map(fold, wire.cities)),
            not_places=frozenset(map(fold, wire.not_places)),
        ),
        closings=footers_of(anywhere=wire.footer.anywhere, late=wire.footer.late),
        lexicon=read_lexicon(
            topics.read_text(encoding="utf-8"),
            file=topics.name,
            retired=frozenset(_table("mediatopics.toml")["retired"]),
        ),
        entities=Tool(
            name=tagger.tool.name, version=f"{tagger.tool.version}+rules.{_RULES}.{_names_hash()}"
        ),
    )


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))


def _names_hash() -> str:
    tables = ("countries.toml", "organisations.toml", "names.toml", "wire.toml")
    return hashlib.sha256(b"".join((_DATA / name).read_bytes() for name in tables)).hexdigest()[:8]
