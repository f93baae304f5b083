"""The front matter of a text file: YAML between lines of `---`, or TOML between `+++`. Pure."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, time
from typing import Any, Final

import yaml

from services.ingest.formats.json_based import json_values
from shared.errors import Unreadable

_BLOCK: Final = re.compile(r"\ufeff?(---|\+\+\+)[ \t]*\r?\n")
_MOST_CHARACTERS: Final = 64 * 1024
_NAMES: Final = {
    "headline": ("title", "headline"),
    "summary": ("description", "summary", "excerpt", "abstract", "lede"),
    "url": ("url", "canonical_url", "canonicalurl", "link", "permalink"),
    "id": ("uri", "guid", "id"),
    "slug": ("slug",),
    "language": ("lang", "language", "locale"),
    "source": ("source", "publisher", "site", "publication"),
    "located": ("location", "dateline", "place"),
    "version": ("version",),
    "published_at": ("date", "published", "published_at", "publishdate", "pubdate", "created"),
    "updated_at": ("updated", "lastmod", "updated_at", "modified", "last_modified_at"),
    "embargoed_until": ("embargo", "embargoed_until", "embargoed"),
    "urgency": ("urgency",),
    "pub_status": ("pub_status", "pubstatus"),
}
_PEOPLE: Final = ("author", "authors", "byline", "by")
_SUBJECTS: Final = ("categories", "category", "section", "tags", "tag", "topics", "keywords")
_OTHERS: Final = ("draft", "layout", "type", "status", "image")  # by which it is told, too
_KNOWN: Final = "|".join(
    [*(one for names in _NAMES.values() for one in names), *_PEOPLE, *_SUBJECTS, *_OTHERS]
)
_SAYS: Final = re.compile(rf"^[\"']?(?:{_KNOWN})[\"']?[ \t]*[:=]", re.IGNORECASE | re.MULTILINE)
_DATES: Final = ("published_at", "updated_at", "embargoed_until")
_ESSENTIAL: Final = frozenset({"headline", "id", "version", "pub_status", "embargoed_until"})
_FIRST_LINE: Final = 2  # of the block is not YAML's
_URGENCIES: Final = frozenset("123456789")


class _Loader(yaml.BaseLoader):
    """Takes every scalar for text (a version of 1.10, the language `no`), and refuses aliases.

    A few lines of aliases may stand for more than memory holds.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 (as PyYAML has it)
        if self.check_event(yaml.AliasEvent):
            msg = "it holds an alias"
            raise yaml.YAMLError(msg)
        return super().compose_node(parent, index)


def split(text: str) -> tuple[str, str] | None:
    """Return the front matter, with its first line, and what follows; None when there is none."""
    opening = _BLOCK.match(text)
    if not opening:
        return None
    closing = re.compile(rf"^{re.escape(opening[1])}[ \t]*\r?$", re.MULTILINE)
    end = closing.search(text, opening.end())
    if not end or not _SAYS.search(text, opening.end(), end.start()):
        return None
    return text[: end.start()], text[end.end() :].lstrip("\r\n")


def fields(block: str) -> dict[str, Any]:
    """Return the fields of an article that its front matter says; what cannot be read is left out.

    Raises Unreadable when it is neither YAML nor TOML, or too long; when what stands for title, id,
    version, status or embargo cannot be.
    """
    said = {str(name).strip().lower(): value for name, value in _parsed(block).items()}
    found: dict[str, Any] = {}
    for field, names in _NAMES.items():
        name = next((name for name in names if said.get(name) not in (None, "", [])), None)
        if name is not None:
            found[field] = _value(field, name, said[name])
    if identifier := found.pop("id", None):
        found["uri" if json_values.is_uri(identifier) else "guid"] = identifier
    if slug := found.pop("slug", None):
        found["alt_ids"] = {"slug": slug}
    if _text(said.get("draft")) == "true":
        found.setdefault("pub_status", "withheld")
    people = (_name(one) for key in _PEOPLE for one in json_values.each(said.get(key)))
    found["byline"] = ", ".join(dict.fromkeys(filter(None, people)))
    found["subjects"] = json_values.distinct(
        pair
        for key in _SUBJECTS
        for part in json_values.each(said.get(key))
        for pair in _words(part)
    )
    return json_values.filled(found)


def _parsed(block: str) -> Mapping[Any, Any]:
    kind = "TOML" if block.lstrip("\ufeff").startswith("+") else "YAML"
    if len(block) > _MOST_CHARACTERS:
        msg = f"a front matter of more than {_MOST_CHARACTERS} characters"
        raise Unreadable(msg)
    written = block.partition("\n")[2].replace("\r\n", "\n")
    try:
        value = tomllib.loads(written) if kind == "TOML" else _yaml(written)
    except RecursionError:
        msg = "a front matter with values within values, too deep"
        raise Unreadable(msg) from None
    except (ValueError, yaml.YAMLError) as error:
        msg = f"a front matter that is not {kind}: {' '.join(_complaint(error).split())[:200]}"
        raise Unreadable(msg) from None
    if not isinstance(value, Mapping):
        msg = "a front matter that names nothing"
        raise Unreadable(msg)
    return value


def _complaint(error: Exception) -> str:
    """Return what is wrong, and in which line of the file."""
    mark = getattr(error, "problem_mark", None)
    if isinstance(error, yaml.MarkedYAMLError) and mark is not None:
        return f"{error.problem} (line {mark.line + _FIRST_LINE}, column {mark.column + 1})"
    return str(error)


def _yaml(written: str) -> object:
    loader = _Loader(written)
    try:
        return loader.get_single_data()
    finally:
        loader.dispose()


def _text(value: object) -> str | None:
    """Return a scalar as text; None for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip() if isinstance(value, str | int | float) else None


def _value(field: str, name: str, value: object) -> object:
    """Return what `value` says of `field`; None where it cannot be read and may be left out."""
    text = _text(value)
    if text is None and field in _ESSENTIAL:
        msg = f"`{name}` in the front matter is {json_values.kind(value)}, not text"
        raise Unreadable(msg)
    if field in _DATES:
        moment = json_values.likely_moment(text)
        if moment is None and field in _ESSENTIAL:
            msg = f"`{name}` in the front matter is no date and time: {str(text)[:40]!r}"
            raise Unreadable(msg)
        return moment
    if field == "url":
        return text if text and text.lower().startswith(("http://", "https://")) else None
    if field == "urgency":
        return int(text) if text in _URGENCIES else None
    return text


def _name(person: object) -> str | None:
    return _text(person.get("name")) if isinstance(person, Mapping) else _text(person)


def _words(part: object) -> Iterator[tuple[str | None, str | None]]:
    """Yield id and name of the subjects that one tag, or several with commas between, stand for."""
    for word in (_name(part) or "").split(","):
        identifier = json_values.concept_id(None, word.strip()) or ""
        is_topic = identifier.startswith("medtop:")
        yield (identifier, None) if is_topic else (None, word.strip() or None)
