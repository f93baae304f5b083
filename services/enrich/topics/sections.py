"""The sections of a topic lexicon: read from TOML, and everything wrong with them said. Pure."""

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PositiveFloat,
    StringConstraints,
    ValidationError,
)

from services.enrich.names import lower_in_place
from services.enrich.topics.tomllines import TomlLines

IGNORE: Final = "ignore"  # the section of phrases that say nothing

_WEAK: Final = 0.5  # of a section's weight is what a phrase under `weak` says
_TOP_ID: Final = re.compile(r"medtop:(?:0[1-9]|1[0-7])000000")
_LOWER_ID: Final = re.compile(r"medtop:2\d{7}")
_BETWEEN: Final = re.compile(r",\s*\n|[,\n]")
_AT: Final = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)")
_HINTS: Final = {  # what pydantic finds: what to do
    "missing": "is missing; write `{field} = ...` below the header",
    "extra_forbidden": "means nothing here; a topic has id, name, weight, phrases and weak",
}


class Problem(NamedTuple):
    """What is wrong with a lexicon, where, and what to do about it."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


@dataclass(frozen=True, slots=True)
class KnownIds:
    """The Media Topics that IPTC has below the first level, and those it took back."""

    lower: frozenset[str]
    retired: frozenset[str]

    def problem_of(self, topic: str) -> str | None:
        """Say why an id may not be assigned; one that is newer than the list may be."""
        if topic in self.retired:
            return f"id: IPTC has retired {topic}; take the topic that replaces it"
        if _LOWER_ID.fullmatch(topic) and topic not in self.lower and topic <= max(self.lower):
            return f"id: IPTC has no topic {topic}; look it up in its list of Media Topics"
        return None


@dataclass(frozen=True, eq=False, slots=True)
class Section:
    """A topic of the lexicon, and the one above it."""

    id: str
    name: str
    above: "Section | None"


class Sections(NamedTuple):
    """What a file holds: topics, each after the one above it; what each phrase says of which."""

    topics: tuple[Section, ...]
    weights: Mapping[str, Mapping[Section, float]]  # by phrase; none when it is to be ignored
    problems: tuple[Problem, ...]


def read_sections(toml: str, *, file: str, known: KnownIds) -> Sections:
    """Read all that is right and note all that is wrong, in the order of lines."""
    reader = _Reader(toml, file, known)
    reader.read()
    if not reader.problems and not any(reader.weights.values()):
        reader.problem("", 'no phrases; write phrases = "..." below the header of a topic')
    problems = tuple(sorted(reader.problems, key=lambda problem: problem.line))
    return Sections(tuple(reader.topics), reader.weights, problems)


def _phrases(text: object) -> object:
    """Part the phrases that a newsroom wrote, with commas or a line each."""
    if not isinstance(text, str):
        msg = 'must stand within quotation marks: "one, another"'
        raise ValueError(msg)  # noqa: TRY004 (what pydantic makes a finding of)
    written = text.strip().removesuffix(",")
    parted = _BETWEEN.split(written) if written else []
    return tuple(" ".join(lower_in_place(phrase).split()) for phrase in parted)


_Phrases = Annotated[tuple[str, ...], BeforeValidator(_phrases)]


class _Words(BaseModel):
    """The phrases of a section; all there is to those that are ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    phrases: _Phrases = ()


class _Fields(_Words):
    """What a section says of its topic."""

    id: str
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    weight: PositiveFloat = 1.0
    weak: _Phrases = ()


_Model = TypeVar("_Model", bound=_Words)


class _Reader:
    def __init__(self, toml: str, file: str, known: KnownIds) -> None:
        self.topics: list[Section] = []
        self.weights: dict[str, dict[Section, float]] = {}
        self.problems: list[Problem] = []
        self._toml = toml
        self._file = file
        self._known = known
        self._lines = TomlLines(toml)
        self._used: dict[str, str] = {}

    def problem(self, path: str, text: str, *, field: str = "", phrase: str = "") -> None:
        line = self._lines.of(path, field, phrase)
        self.problems.append(Problem(self._file, line, f"[{path}]: {text}" if path else text))

    def read(self) -> None:
        try:
            table = tomllib.loads(self._toml)
        except tomllib.TOMLDecodeError as error:
            at = _AT.search(str(error))
            line = int(at[1]) if at and at[1] else self._toml.count("\n") + 1
            why = _AT.sub("", str(error))
            self.problems.append(Problem(self._file, line, f"not TOML: {why}"))
            return
        ignored = table.pop(IGNORE, {})
        for name, content in table.items():
            above, lower = self._topic(name, content, above=None)
            for lower_name, lower_content in lower.items():
                path = f"{name}.{lower_name}"
                _, third = self._topic(path, lower_content, above=above)
                for third_name in third:
                    self.problem(f"{path}.{third_name}", "is a third level; only two are read")
        self._ignored(ignored)

    def _topic(
        self, path: str, content: object, *, above: Section | None
    ) -> tuple[Section, dict[str, Any]]:
        """Note one topic; return it, or a stand-in, and the sections within."""
        nameless = Section("", "", above)
        if not isinstance(content, dict):
            self.problem("", f"{path}: is no section; write it below a header", field=path)
            return nameless, {}
        lower = {key: value for key, value in content.items() if isinstance(value, dict)}
        if isinstance(written := content.get("id"), str):
            self._check_id(path, written, lower=above is not None)
        fields = self._valid(_Fields, path, {k: v for k, v in content.items() if k not in lower})
        if fields is None:
            return nameless, lower
        topic = Section(fields.id, fields.name, above)
        self.topics.append(topic)
        self._add(path, "phrases", fields.phrases, topic, fields.weight)
        self._add(path, "weak", fields.weak, topic, fields.weight * _WEAK)
        return topic, lower

    def _ignored(self, content: object) -> None:
        if not isinstance(content, dict):
            self.problem("", f"{IGNORE}: is no section; write it below a header", field=IGNORE)
        elif fields := self._valid(_Words, IGNORE, content):
            self._add(IGNORE, "phrases", fields.phrases, None, 0.0)

    def _valid(self, model: type[_Model], path: str, content: dict[str, Any]) -> _Model | None:
        try:
            return model.model_validate(content)
        except ValidationError as error:
            for finding in error.errors(include_url=False):
                field = str(finding["loc"][0])
                said = finding["msg"].removeprefix("Value error, ")
                what = _HINTS.get(finding["type"], said).format(field=field)
                self.problem(path, f"{field}: {what}", field=field)
            return None

    def _check_id(self, path: str, topic: str, *, lower: bool) -> None:
        shape, like = (_LOWER_ID, "medtop:20000082") if lower else (_TOP_ID, "medtop:02000000")
        if not shape.fullmatch(topic):
            level = "below the first level" if lower else "of the first level"
            self.problem(path, f"id: no Media Topic {level}, like {like}: {topic}", field="id")
        elif why := self._known.problem_of(topic):
            self.problem(path, why, field="id")
        if (used_by := self._used.setdefault(topic, path)) != path:
            self.problem(path, f"id: {topic} is that of [{used_by}]; keep one", field="id")

    def _add(
        self, path: str, field: str, phrases: tuple[str, ...], topic: Section | None, weight: float
    ) -> None:
        for phrase, count in Counter(phrases).items():
            said = self.weights.get(phrase)
            if not phrase:
                self.problem(path, f"{field}: an empty phrase; take out a comma", field=field)
            elif count > 1 or (said and topic in said):
                self.problem(
                    path, f"{field}: stands twice: {phrase}; keep one", field=field, phrase=phrase
                )
            elif said and topic is None:
                used = ", ".join(section.name for section in said)
                self.problem(path, f"is evidence for {used}: {phrase}", field=field, phrase=phrase)
            elif topic is None:
                self.weights[phrase] = {}
            else:
                self.weights.setdefault(phrase, {})[topic] = weight
