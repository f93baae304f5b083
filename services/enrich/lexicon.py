"""The lexicon of topics as a newsroom writes it, data/topics.toml: read and checked. Pure."""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, NoReturn

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PositiveFloat,
    StringConstraints,
    ValidationError,
)

from services.enrich.names import lower_in_place
from services.enrich.phrases import Phrases
from shared.messages import Tool

_TOP_ID: Final = re.compile(r"medtop:(?:0[1-9]|1[0-7])000000")
_LOWER_ID: Final = re.compile(r"medtop:2\d{7}")
_BETWEEN: Final = re.compile(r",\s*\n|[,\n]")
_SIBILANTS: Final = ("s", "sh", "ch", "x")


class LexiconError(ValueError):
    """A lexicon that cannot be used: which file, which section, and what is wrong there."""


@dataclass(frozen=True, eq=False, slots=True)
class Section:
    """A topic of the lexicon, and the one above it."""

    id: str
    name: str
    weight: float
    above: "Section | None"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase, and the topics it is evidence for."""

    text: str
    topics: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Phrases, and the forms (singular and plural, lower case) in which they are to be found."""

    tool: Tool
    phrases: tuple[Phrase, ...]
    forms: Phrases
    phrase_of_form: tuple[int, ...]


def read_lexicon(toml: str, *, file: str, retired: Collection[str]) -> Lexicon:
    """Read a lexicon; `file` is its name for errors, `retired` are the ids that IPTC took back.

    Raise LexiconError when it is not TOML, holds no topic, or when a section lacks an id or a name,
    has an id that is none, is retired or stands twice, a field that means nothing, a weight that
    is not positive, or a phrase that is empty or stands twice.
    """
    topics: dict[str, list[Section]] = {}
    for section, its_phrases in _Reader(file, retired).sections(toml):
        for text in its_phrases:
            topics.setdefault(text, []).append(section)
    if not topics:
        msg = f"{file}: no phrases"
        raise LexiconError(msg)
    phrases = tuple(Phrase(text, tuple(sections)) for text, sections in topics.items())
    forms = {phrase.text: number for number, phrase in enumerate(phrases)}
    for number, phrase in enumerate(phrases):
        forms.setdefault(_plural(phrase.text), number)
    return Lexicon(
        tool=Tool(name="lexicon", version=hashlib.sha256(toml.encode()).hexdigest()[:8]),
        phrases=phrases,
        forms=Phrases(forms),
        phrase_of_form=tuple(forms.values()),
    )


def _plural(phrase: str) -> str:
    return f"{phrase}es" if phrase.endswith(_SIBILANTS) else f"{phrase}s"


def _phrases(text: object) -> object:
    """Part the phrases that a newsroom wrote, with commas or a line each."""
    if not isinstance(text, str):
        return text
    written = text.strip().removesuffix(",")
    parted = _BETWEEN.split(written) if written else []
    phrases = tuple(" ".join(lower_in_place(phrase).split()) for phrase in parted)
    if "" in phrases:
        msg = "an empty phrase"
        raise ValueError(msg)
    if twice := [phrase for phrase, count in Counter(phrases).items() if count > 1]:
        msg = f"stands twice: {', '.join(twice)}"
        raise ValueError(msg)
    return phrases


class _Fields(BaseModel):
    """What a section says of its topic."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: str
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    weight: PositiveFloat = 1.0
    phrases: Annotated[tuple[str, ...], BeforeValidator(_phrases)] = ()


class _Reader:
    """Reads the sections of one file, and says what is wrong with them."""

    def __init__(self, file: str, retired: Collection[str]) -> None:
        self._file = file
        self._retired = retired
        self._used: dict[str, str] = {}

    def sections(self, toml: str) -> Iterator[tuple[Section, tuple[str, ...]]]:
        """Yield the topics with their phrases, each after the one above it."""
        try:
            table = tomllib.loads(toml)
        except tomllib.TOMLDecodeError as error:
            msg = f"{self._file}: not TOML: {error}"
            raise LexiconError(msg) from error
        for name, content in table.items():
            above, phrases, lower = self._section(name, content, above=None)
            yield above, phrases
            for lower_name, lower_content in lower.items():
                yield self._section(f"{name}.{lower_name}", lower_content, above=above)[:2]

    def _section(
        self, path: str, content: object, *, above: Section | None
    ) -> tuple[Section, tuple[str, ...], dict[str, dict[str, object]]]:
        if not isinstance(content, dict):
            self._fail(path, "is no section")
        lower = {key: value for key, value in content.items() if isinstance(value, dict)}
        if above and lower:
            self._fail(f"{path}.{next(iter(lower))}", "is a third level, only two are read")
        try:
            fields = _Fields.model_validate({k: v for k, v in content.items() if k not in lower})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            self._fail(path, f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}")
        self._check_id(path, fields.id, _LOWER_ID if above else _TOP_ID)
        return Section(fields.id, fields.name, fields.weight, above), fields.phrases, lower

    def _check_id(self, path: str, topic: str, shape: re.Pattern[str]) -> None:
        if not shape.fullmatch(topic):
            self._fail(path, f"id: no Media Topic of this level: {topic}")
        if topic in self._retired:
            self._fail(path, f"id: retired by IPTC: {topic}")
        if (used_by := self._used.setdefault(topic, path)) != path:
            self._fail(path, f"id: {topic} is that of [{used_by}]")

    def _fail(self, path: str, problem: str) -> NoReturn:
        msg = f"{self._file}: [{path}]: {problem}"
        raise LexiconError(msg)
