"""What stands before the root element of XML, and its start tag: DOCTYPE and namespaces. Pure."""

import re
from typing import Final, NamedTuple

from shared.errors import Unreadable

_SPACE: Final = re.compile(r"[\s\ufeff]*")
_MARKUP_DECLARATION: Final = re.compile(r"[\"'\[\]>]|<!--|<\?")
_ENTITY: Final = re.compile(r"<!\s*ENTITY", re.IGNORECASE)
_ROOT: Final = re.compile(r"<(?:([^\s<>&\"'/=:!?]+):)?([^\s<>&\"'/=:!?]+)(?=[\s/>])")
_NAMESPACE: Final = re.compile(r"\sxmlns(?::([\w.-]+))?\s*=\s*[\"']\s*([^\"'<>]*?)\s*[\"']")
_PREFIX: Final = re.compile(r"</?([A-Za-z_][\w.-]*):|\s([A-Za-z_][\w.-]*):[\w.-]+\s*=\s*[\"']")
_DECLARED: Final = re.compile(r"\sxmlns:([\w.-]+)\s*=")
_USUAL: Final = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
}
_MOST_PREFIXES: Final = 50  # that a document leaves undeclared


class Root(NamedTuple):
    """The root element of a document, by its start tag."""

    name: str
    namespace: str
    tag: str  # all of the start tag
    start: int


def root_of(text: str) -> Root | None:
    """Return the root element whose start tag `text` begins with, after a prolog; else None."""
    start = _root_at(text)
    match = _ROOT.match(text, start)
    if not match:
        return None
    end = text.find(">", match.end())
    tag = text[start : len(text) if end < 0 else end + 1]
    namespaces = {prefix: uri for prefix, uri in _NAMESPACE.findall(tag)}  # noqa: C416 (typed so)
    return Root(match[2], namespaces.get(match[1] or "", ""), tag, start)


def end_of(text: str) -> int:
    """Return where the prolog ends.

    Raises Unreadable when it declares an entity, in whatever way, or its DOCTYPE does not end.
    """
    end = _root_at(text)
    if _ENTITY.search(text, 0, end):
        msg = "XML that declares an entity, which is not allowed: `<!ENTITY` in its DOCTYPE"
        raise Unreadable(msg)
    if text[end : end + 9].upper() == "<!DOCTYPE":
        msg = "not XML: its DOCTYPE does not end"
        raise Unreadable(msg)
    return end


def with_prefixes(text: str) -> str:
    """Return `text` with a namespace for every prefix that it uses and nowhere declares."""
    match = _ROOT.search(text)
    used = {prefix for found in _PREFIX.findall(text) for prefix in found}
    missing = used - set(_DECLARED.findall(text)) - {"", "xml", "xmlns"}
    if not match or not 0 < len(missing) <= _MOST_PREFIXES:
        return text
    added = "".join(
        f' xmlns:{prefix}="{_USUAL.get(prefix, f"urn:prefix:{prefix}")}"'
        for prefix in sorted(missing)
    )
    return f"{text[: match.end()]}{added}{text[match.end() :]}"


def _root_at(text: str) -> int:
    """Return where the prolog ends: white space, comments, instructions and DOCTYPEs."""
    at = 0
    while True:
        match = _SPACE.match(text, at)
        at = match.end() if match else at
        if text.startswith("<?", at):
            end = text.find("?>", at) + 2
        elif text.startswith("<!--", at):
            end = text.find("-->", at + 4) + 3
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = _doctype_end(text, at + 9)
        else:
            return at
        if end <= at:
            return at
        at = end


def _doctype_end(text: str, at: int) -> int:
    """Return where the DOCTYPE that stands before `at` ends; 0 when it does not."""
    depth = 0
    while match := _MARKUP_DECLARATION.search(text, at):
        found = match[0]
        at = match.end()
        if found == ">" and not depth:
            return at
        if found in "[]":
            depth += 1 if found == "[" else -1
        elif found != ">":
            closing = {"<!--": "-->", "<?": "?>"}.get(found, found)
            end = text.find(closing, at)
            if end < 0:
                return 0
            at = end + len(closing)
    return 0
