"""What a web page says of its article: JSON-LD, OpenGraph, other meta elements, markup. Pure.

The first of these four that says something of a field is believed.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

from services.ingest.formats.json_based import json_values, schema_org
from shared.markup import text_of

_OPEN_GRAPH: Final = {
    "headline": ("og:title",),
    "summary": ("og:description",),
    "url": ("og:url",),
    "source": ("og:site_name",),
    "language": ("og:locale",),
    "published_at": ("article:published_time", "og:article:published_time"),
    "updated_at": ("article:modified_time", "og:article:modified_time", "og:updated_time"),
    "byline": ("article:author", "og:article:author"),
}
_META: Final = {
    "headline": ("dc.title", "dcterms.title", "parsely-title", "sailthru.title", "twitter:title"),
    "summary": (
        *("description", "dc.description", "dcterms.description", "dcterms.abstract"),
        *("sailthru.description", "twitter:description"),
    ),
    "url": ("parsely-link", "twitter:url"),
    "source": ("dc.publisher", "dcterms.publisher", "publisher", "application-name"),
    "language": ("dc.language", "dcterms.language", "content-language", "language"),
    "published_at": (
        *("dc.date.issued", "dcterms.issued", "dc.date.created", "dcterms.created", "dc.date"),
        *("dcterms.date", "parsely-pub-date", "sailthru.date", "datepublished", "pubdate"),
        *("publishdate", "publish-date", "publication_date", "date"),
    ),
    "updated_at": ("dcterms.modified", "dc.date.modified", "datemodified", "last-modified"),
    "byline": (
        *("author", "parsely-author", "sailthru.author", "dc.creator", "dcterms.creator", "byl"),
    ),
}
_SECTIONS: Final = {"open graph": ("article:section",), "meta": ("parsely-section", "section")}
_TAGS: Final = {
    "open graph": ("article:tag", "og:article:tag"),
    "meta": (
        *("news_keywords", "parsely-tags", "sailthru.tags", "keywords", "dc.subject"),
        "dcterms.subject",
    ),
}
_TIMES: Final = ("published_at", "updated_at")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{1,8}){0,4}")
_WEB: Final = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
_WRAPPING: Final = re.compile(
    r"^\s*(<!--|//\s*<!\[CDATA\[|<!\[CDATA\[)|(-->|//\s*\]\]>|\]\]>|;)\s*$"
)
_BETWEEN_NAMES: Final = (" | ", " - ", " – ", " — ", " :: ", " · ")  # noqa: RUF001 (as sites write them)

Named = dict[str, list[str]]


def metadata(tree: HtmlElement, found_at: str | None = None) -> dict[str, Any]:
    """Return the fields that the page says; `body` only where JSON-LD brings one.

    `found_at` is the address of the page, which others are relative to. Never raises: what cannot
    be read is left out.
    """
    named = _named(tree)
    canonical = _canonical(tree, found_at)
    fields: dict[str, Any] = {}
    for source in (
        _linked_data(tree, canonical),
        _said(named, _OPEN_GRAPH, "open graph", found_at),
        _said(named, _META, "meta", found_at),
        _marked_up(tree, canonical or _web_address(found_at or "", None)),
    ):
        fields = json_values.filled(source) | fields
    if "source" in fields and "headline" in fields:
        fields["headline"] = _without_site(fields["headline"], fields["source"])
    return fields


def _named(tree: HtmlElement) -> Named:
    """Return the contents of all meta elements by their name, in lower case."""
    found: Named = {}
    for element in tree.iter("meta"):
        content = " ".join((element.get("content") or "").split())
        keys = (element.get(key) for key in ("name", "property", "itemprop", "http-equiv"))
        for name in {name.strip().lower() for name in keys if name}:
            if content and content not in found.setdefault(name, []):
                found[name].append(content)
    return found


def _linked_data(tree: HtmlElement, canonical: str | None) -> dict[str, Any]:
    """Return the fields of the article in JSON-LD; of several, that of this page's address."""
    articles = [
        schema_org.metadata(node) for value in _json(tree) for node in schema_org.articles(value)
    ]
    own = next((one for one in articles if canonical and one.get("url") == canonical), None)
    fields = own or next(iter(articles), {})
    if body_html := fields.pop("body_html", None):
        fields["body"] = text_of(body_html)
    return fields


def _json(tree: HtmlElement) -> Iterator[object]:
    """Yield the JSON-LD of the page, as loosely as it is written."""
    decoder = json.JSONDecoder(strict=False)
    for script in tree.iter("script"):
        if (script.get("type") or "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        written = _WRAPPING.sub("", script.text or "").strip()
        try:
            yield decoder.decode(written.encode("utf-8", "replace").decode())
        except (ValueError, RecursionError):
            continue


def _said(
    named: Named, names: Mapping[str, tuple[str, ...]], kind: str, found_at: str | None
) -> dict[str, Any]:
    """Return the fields that meta elements of these names say."""
    fields: dict[str, Any] = {}
    for field, candidates in names.items():
        for contents in (named[name] for name in candidates if name in named):
            value = _value(field, contents, found_at)
            if value:
                fields[field] = value
                break
    tags = next((named[name] for name in _TAGS[kind] if name in named), [])
    sections = next((named[name] for name in _SECTIONS[kind] if name in named), [])
    words = [*sections, *(word for tag in tags for word in re.split(r"[,;]", tag))]
    fields["subjects"] = json_values.distinct((None, word.strip() or None) for word in words)
    return fields


def _value(field: str, contents: list[str], found_at: str | None) -> object:
    """Return what the contents of one name say of `field`; None where they cannot be read."""
    if field in _TIMES:
        return next(filter(None, map(json_values.likely_moment, contents)), None)
    if field == "url":
        return _web_address(contents[0], found_at)
    if field == "language":
        return _language(contents[0])
    if field == "byline":
        return ", ".join(name for name in contents if not _WEB.match(name))
    return contents[0]


def _language(word: str) -> str | None:
    """Return a language by BCP 47, of a tag or a locale."""
    match = _LANGUAGE.fullmatch(word.partition(",")[0].partition(".")[0].strip())
    return match[0].replace("_", "-") if match else None


def _web_address(address: str, found_at: str | None) -> str | None:
    try:
        joined = urljoin(found_at or "", address.strip())
        urlsplit(joined)
    except ValueError:
        return None
    known = _WEB.match(joined) and len(joined) <= json_values.LONGEST_ID
    return joined if known and joined.isprintable() and " " not in joined else None


def _canonical(tree: HtmlElement, found_at: str | None) -> str | None:
    for link in tree.iter("link"):
        if "canonical" in (link.get("rel") or "").lower().split():
            return _web_address(link.get("href") or "", found_at)
    return None


def _marked_up(tree: HtmlElement, address: str | None) -> dict[str, Any]:
    """Return the fields that elements without a name for it show."""
    headlines = (_shown(element) for name in ("h1", "title") for element in tree.iter(name))
    authors = (
        _shown(link) for link in tree.iter("a") if "author" in (link.get("rel") or "").split()
    )
    languages = (tree.get(name) or "" for name in ("lang", "xml:lang"))
    return {
        "url": address,
        "headline": next(filter(None, headlines), None),
        "byline": ", ".join(dict.fromkeys(filter(None, authors))),
        "language": next(filter(None, map(_language, languages)), None),
        "published_at": next(filter(None, map(json_values.likely_moment, _times(tree))), None),
    }


def _shown(element: HtmlElement) -> str:
    return " ".join(" ".join(str(part) for part in element.itertext()).split())


def _times(tree: HtmlElement) -> Iterator[str]:
    """Yield the times that stand within the article, or are said to be that of publication."""
    for element in tree.iter("time"):
        published = "datepublished" in (element.get("itemprop") or "").lower().split()
        within = any(True for _ in element.iterancestors("article", "main"))
        if within or published or "pubdate" in element.attrib:
            yield element.get("datetime") or ""


def _without_site(headline: str, site: str) -> str:
    """Return a headline without the name of the site that titles end with."""
    for between in _BETWEEN_NAMES:
        if headline.endswith(between + site):
            return headline.removesuffix(between + site).rstrip() or headline
    return headline
