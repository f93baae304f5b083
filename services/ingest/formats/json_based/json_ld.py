"""The nodes of JSON-LD by schema.org: which are articles, and what they refer to. Pure."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from services.ingest.formats.json_based import json_values

_VOCABULARIES: Final = ("https://schema.org/", "http://schema.org/", "schema:")
_ARTICLES: Final = frozenset(  # besides all that end with Article
    {
        *("BlogPosting", "LiveBlogPosting", "SocialMediaPosting", "DiscussionForumPosting"),
        *("Report", "APIReference"),
    }
)
_REFERRING: Final = (  # fields that may name another node of the graph
    *("author", "creator", "publisher", "sourceOrganization", "provider", "isPartOf"),
    *("mainEntityOfPage", "about", "mentions", "locationCreated", "contentLocation"),
)
_REFERRED: Final = ("name", "url", "sameAs")  # of another node, what is taken over
_LONGEST_REFERRED: Final = 500  # characters
_MOST_REFERENCES: Final = 50  # of one field


def articles(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes of `value`, an object or a list, that are articles, in their order.

    They stand by themselves, in a list, in a `@graph`, or as `mainEntity` of a page; names of other
    nodes of the graph that they refer to (author, publisher) are filled in.
    """
    nodes = list(_nodes(value))
    known = {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str)}
    for node in nodes:
        if _is_article(node):
            yield _with_references(node, known)


def local(name: str) -> str:
    """Return a name of schema.org without the vocabulary before it."""
    for vocabulary in _VOCABULARIES:
        if name.startswith(vocabulary):
            return name.removeprefix(vocabulary)
    return name


def named(node: Mapping[str, Any]) -> dict[str, Any]:
    """Return `node` with the names of schema.org, however they are written."""
    return {local(name): value for name, value in node.items()}


def types(node: Mapping[str, Any]) -> list[str]:
    """Return the types of a node, of which it may have several."""
    names = json_values.each(node.get("@type"))
    return [local(name.strip()) for name in names if isinstance(name, str)]


def _is_article(node: Mapping[str, Any]) -> bool:
    return any(name.endswith("Article") or name in _ARTICLES for name in types(node))


def _nodes(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the nodes of a value: itself, those in lists, in graphs and as main entities."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting.extend(reversed(one))
        elif isinstance(one, Mapping):
            yield one
            if not _is_article(one):
                waiting.extend(reversed([one.get("@graph"), one.get("mainEntity")]))


def _with_references(
    node: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Return `node` with the names of the nodes that it refers to by `@id`."""
    filled = dict(node)
    for name, value in node.items():
        if local(name) not in _REFERRING:
            continue
        parts = [
            _referred(part, known) for part in islice(json_values.each(value), _MOST_REFERENCES)
        ]
        rest = value[_MOST_REFERENCES:] if isinstance(value, list) else []
        filled[name] = [*parts, *rest] if isinstance(value, list) else (parts or [value])[0]
    return filled


def _referred(part: object, known: Mapping[str, Mapping[str, Any]]) -> object:
    identifier = part.get("@id") if isinstance(part, Mapping) else None
    other = known.get(identifier) if isinstance(identifier, str) else None
    if not isinstance(part, Mapping) or other is None:
        return part
    taken = {
        name: value
        for name, value in named(other).items()
        if name in _REFERRED and isinstance(value, str) and len(value) <= _LONGEST_REFERRED
    }
    return taken | dict(part)


def first(value: object) -> object:
    """Return the first of a list, and what stands within `@value`."""
    one = next(json_values.each(value), None)
    return one.get("@value") if isinstance(one, Mapping) and "@value" in one else one
