"""schema.org in JSON-LD: NewsArticle, Article, BlogPosting, LiveBlogPosting and their like. Pure.

Web pages carry it, and newsrooms exchange it. It is written loosely: a text, an object or a list
may stand in one place; a name may be an IRI; a node may refer to another one of its `@graph`. What
has another type than it should is left out, but for headline and body. docs/formats/schema-org.md
has every field.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

from services.ingest.formats.json_based import json_values
from services.ingest.formats.json_based.json_ld import articles, first, named, types
from services.ingest.formats.json_based.json_values import label
from shared.errors import Unreadable
from shared.markup import text_of

__all__ = ["articles", "fields", "metadata", "recognises"]

_KEYWORDS: Final = frozenset({"@context", "@graph", "@type"})  # that JSON-LD is told by
_LIVE: Final = "liveBlogUpdate"
_ADDRESS: Final = re.compile(r"https?://[^\s/?#]+[/?#]+[^\s/?#]", re.IGNORECASE)


def recognises(value: Mapping[str, Any]) -> bool:
    """Say whether `value`, one JSON object, is JSON-LD."""
    return not _KEYWORDS.isdisjoint(value)


def fields(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the one article in `value`.

    Raises Unreadable when there is none or more than one, when it has no text, or when its headline
    or body is no text.
    """
    found = list(islice(articles(value), 2))
    if not found:
        given = ", ".join(types(value))
        msg = f"JSON-LD without an article: its @type is {given[:100] or 'not given'}"
        raise Unreadable(msg)
    if len(found) > 1:
        msg = "JSON-LD with several articles in place of one"
        raise Unreadable(msg)
    node = named(found[0])
    for name in ("headline", "articleBody"):
        if node.get(name) not in (None, "", []) and _text(node.get(name)) is None:
            msg = f"`{name}` is {json_values.kind(node[name])}, not text"
            raise Unreadable(msg)
    described = metadata(found[0])
    if not {"headline", "body", "body_html"} & described.keys():
        msg = f"{types(node)[0]} without text: neither headline nor articleBody"
        raise Unreadable(msg)
    return described


def metadata(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that the article `value`, one node, has; they may hold no text.

    Never raises: what cannot be read is left out.
    """
    node = named(value)
    uri, guid, alternative = _identifiers(node)
    url = _url(node)
    found = {
        "uri": uri if uri != url else None,
        "guid": guid,
        "url": url,
        "version": label(first(node.get("version"))),
        "headline": _line(node, "headline", "name", "alternativeHeadline"),
        "byline": ", ".join(_people(node)),
        "summary": _line(node, "description", "abstract"),
        "language": _language(node.get("inLanguage")),
        "source": _source(node),
        "located": _place(node, "locationCreated", "dateline", "contentLocation"),
        "subjects": json_values.distinct(_subjects(node)),
        "alt_ids": alternative,
        "published_at": _time(node, "datePublished", "dateCreated"),
        "updated_at": _time(node, "dateModified"),
    }
    return json_values.filled(found | _body(node))


def _text(value: object) -> str | None:
    """Return text, or the paragraphs of a list of texts; None for anything else."""
    parts = [first([part]) for part in json_values.each(value)]
    texts = [part for part in parts if isinstance(part, str) and part.strip()]
    return "\n".join(texts) if len(texts) == len(parts) and texts else None


def _line(node: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        found = _text(first(node.get(name)))
        if found and (line := json_values.plain(found).strip()):
            return line
    return None


def _body(node: Mapping[str, Any]) -> dict[str, str]:
    """Return the text: `articleBody`, `text` of a posting, or the updates of a live blog."""
    for name in ("articleBody", "text"):
        found = _text(node.get(name))
        if found and json_values.is_html(found):
            return {"body_html": found}
        if found:
            return {"body": json_values.lines(json_values.plain(found))}
    updates = (named(update) for update in json_values.objects(node.get(_LIVE)))
    texts = (part for update in updates for part in (_line(update, "headline"), _said(update)))
    return {"body": "\n".join(filter(None, texts))}


def _said(update: Mapping[str, Any]) -> str:
    body = _body({name: value for name, value in update.items() if name != _LIVE})
    return body.get("body") or text_of(body.get("body_html", ""))


def _web_address(value: object) -> str | None:
    """Return the address of a page; that of a whole site, which is of no one article, is none."""
    word = label(first(value)) or ""
    return word if _ADDRESS.match(word) and len(word) <= json_values.LONGEST_ID else None


def _is_web(word: str) -> bool:
    return word.lower().startswith(("http://", "https://"))


def _url(node: Mapping[str, Any]) -> str | None:
    page = first(node.get("mainEntityOfPage"))
    at = named(page) if isinstance(page, Mapping) else {}
    return (
        _web_address(node.get("url"))
        or _web_address(page)
        or _web_address(at.get("@id"))
        or _web_address(at.get("url"))
        or (_web_address(node.get("@id")) or "").removesuffix("#article")  # as Yoast writes it
        or None
    )


def _identifiers(node: Mapping[str, Any]) -> tuple[str | None, str | None, dict[str, str]]:
    """Return uri, guid and the ids that have a kind."""
    uri = guid = None
    alternative: dict[str, str] = {}
    for part in json_values.each(node.get("identifier")):
        if isinstance(part, Mapping) and "@value" not in part:
            kind = label(part.get("propertyID")) or label(part.get("name")) or "identifier"
            identifier = label(part.get("value"))
            if identifier:
                alternative.setdefault(kind, identifier)
        elif word := label(first([part])):
            if not json_values.is_uri(word):
                guid = guid or word
            elif _web_address(word) or not _is_web(word):
                uri = uri or word
    return uri, guid, alternative


def _name(part: object) -> str | None:
    """Return the name of a person, an organisation or a thing, which may be a mere text."""
    one = first([part])
    if not isinstance(one, Mapping):
        word = label(one)
        return json_values.plain(word) if word and not _is_web(word) else None
    thing = named(one)
    given = [label(thing.get(name)) for name in ("givenName", "familyName")]
    return _line(thing, "name") or " ".join(filter(None, given)) or None


def _people(node: Mapping[str, Any]) -> list[str]:
    for name in ("author", "creator"):
        found = [_name(part) for part in json_values.each(node.get(name))]
        if any(found):
            return list(dict.fromkeys(filter(None, found)))
    return []


def _source(node: Mapping[str, Any]) -> str | None:
    for name in ("publisher", "sourceOrganization", "provider", "isPartOf"):
        found = next(filter(None, map(_name, json_values.each(node.get(name)))), None)
        if found:
            return found
    return None


def _language(value: object) -> str | None:
    one = first(value)
    if not isinstance(one, Mapping):
        return label(one)
    names = ("alternateName", "identifier", "@id", "name")  # the first is where codes are put
    return next(filter(None, (label(one.get(name)) for name in names)), None)


def _place(node: Mapping[str, Any], *names: str) -> str | None:
    for name in names:
        part = first(node.get(name))
        address = part.get("address") if isinstance(part, Mapping) else None
        town = address.get("addressLocality") if isinstance(address, Mapping) else address
        if found := _name(part) or label(town):
            return found
    return None


def _time(node: Mapping[str, Any], *names: str) -> object:
    found = (json_values.likely_moment(first(node.get(name))) for name in names)
    return next(filter(None, found), None)


def _subjects(node: Mapping[str, Any]) -> Iterator[tuple[str | None, str | None]]:
    """Yield id and name of what the article is about."""
    for name in ("about", "mentions", "keywords", "articleSection"):
        for part in json_values.each(node.get(name)):
            if isinstance(part, Mapping) and "@value" not in part:
                yield _concept(named(part)), _name(part)
            elif word := label(first([part])):
                listed = name == "keywords" and not isinstance(node.get(name), list)
                between = "," if "," in word else ";"
                for one in word.split(between) if listed else [word]:
                    yield None, json_values.plain(one).strip() or None


def _concept(thing: Mapping[str, Any]) -> str | None:
    """Return the id of a thing: IPTC's, else the first of `sameAs`, its code, `@id` or `url`."""
    terms = first(thing.get("inDefinedTermSet"))
    if isinstance(terms, Mapping):
        terms = terms.get("@id") or terms.get("url")
    vocabulary = label(terms)
    scheme = vocabulary if vocabulary and json_values.is_uri(vocabulary) else None
    code = json_values.concept_id(scheme, label(thing.get("termCode")))
    same = [label(one) for one in json_values.each(thing.get("sameAs"))]
    own = [_web_address(thing.get("@id")), _web_address(thing.get("url"))]
    ids = [json_values.concept_id(None, one) for one in filter(None, [*same, code, *own])]
    known = [one for one in ids if one]
    return next((one for one in known if one.startswith("medtop:")), next(iter(known), None))
