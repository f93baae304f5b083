"""The tables in data/, read from their files."""

import hashlib
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, TypeAdapter

from services.enrich.entities.gazetteer import (
    CountryCode,
    CountryRow,
    Gazetteer,
    NameWords,
    OrganisationRow,
    Word,
    Words,
    gazetteer_of,
)
from services.enrich.names import fold
from services.enrich.quotes.speakers import QuoteWords
from services.enrich.text.dateline import Bureaus
from services.enrich.text.footers import Footers, footers_of
from services.enrich.topics.calibration import read_calibration
from services.enrich.topics.lexicon import KnownIds, Lexicon, LexiconError, read_lexicon
from services.enrich.topics.sections import Problem
from services.enrich.topics.topics import TopicRules

_DATA: Final = Path(__file__).parent / "data"
_PLACES: Final = "places.tsv"
_NAMES: Final = ("countries.toml", "organisations.toml", "names.toml", "wire.toml", _PLACES)
_WORDING: Final = ("countries.toml", "wire.toml", "quotes.toml")

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
    """Return the countries, places, organisations and words around names that are known."""
    return gazetteer_of(
        _COUNTRIES.validate_python(_table("countries.toml")),
        _ORGANISATIONS.validate_python(_table("organisations.toml")),
        NameWords.model_validate(_table("names.toml")),
        places=(_DATA / _PLACES).read_text(encoding="utf-8"),
    )


def wire_words() -> WireWords:
    """Return agencies, cities and footers."""
    return WireWords.model_validate(_table("wire.toml"))


def quote_words() -> QuoteWords:
    """Return verbs of saying and what stands around them."""
    return QuoteWords.model_validate(_table("quotes.toml"))


def bureaus(names: Gazetteer, wire: WireWords) -> Bureaus:
    """Return the words of datelines."""
    return Bureaus(
        agencies=frozenset(map(fold, wire.agencies)),
        cities=names.capitals.union(map(fold, wire.cities)),
        not_places=frozenset(map(fold, wire.not_places)),
    )


def closings(wire: WireWords) -> Footers:
    """Return how to know a footer."""
    return footers_of(anywhere=wire.footer.anywhere, late=wire.footer.late)


def lexicon(topics_file: Path | None = None) -> Lexicon:
    """Return the topic lexicon, the newsroom's own if it has one.

    Raise LexiconError when it is wrong, OSError when it is not there.
    """
    topics = topics_file or _DATA / "topics.toml"
    content = topics.read_bytes()
    try:
        toml = content.decode("utf-8-sig")  # editors on Windows put a mark before it
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LexiconError([Problem(str(topics), line, "not UTF-8; save it as UTF-8")]) from None
    return read_lexicon(toml.replace("\r\n", "\n"), file=str(topics), known=known_ids())


def topic_rules(topics_file: Path | None = None) -> TopicRules:
    """Return all that topics are made by; raises what `lexicon` raises."""
    numbers = (_DATA / "calibration.toml").read_text(encoding="utf-8")
    return TopicRules(lexicon(topics_file), read_calibration(numbers))


def known_ids() -> KnownIds:
    """Return the ids of Media Topics that a lexicon may use, and may not."""
    ids = _table("mediatopics.toml")
    return KnownIds(lower=frozenset(ids["lower"]), retired=frozenset(ids["retired"]))


def version_of_names() -> str:
    """Return a short hash of the tables that decide about entities."""
    return _version(_NAMES)


def version_of_wording() -> str:
    """Return a short hash of the tables that decide about dateline, footer and quotes."""
    return _version(_WORDING)


def _version(names: Iterable[str]) -> str:
    content = b"".join((_DATA / name).read_bytes() for name in names)
    return hashlib.sha256(content).hexdigest()[:8]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))
