"""A web page, HTML or XHTML: the article's text, and what the page says of it.

The text is found by trafilatura, which leaves out navigation, comments and teasers; nothing is
fetched and no script is run. docs/formats/html.md has every field.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree, html
from trafilatura import bare_extraction
from trafilatura.settings import Document as Extraction

from services.ingest.formats.json_based import json_values
from services.ingest.formats.web import declared_charset, web_page_metadata
from services.ingest.records import Document, Limits, Record
from shared import markup
from shared.errors import Unreadable

NAME: Final = "HTML"
RESUMES: Final = False

_PAGE: Final = re.compile(r"<(!doctype\s+html|html)[\s>]", re.IGNORECASE)
_FRAGMENT: Final = re.compile(
    r"<(article|aside|b|blockquote|body|br|center|div|em|figure|font|footer|h[1-6]|head|header|hr"
    r"|i|img|link|main|meta|nav|ol|p|pre|script|section|span|strong|style|table|time|title|ul)"
    r"(\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_XML: Final = "<?xml"
_DECLARATION: Final = re.compile(
    rb"<meta[^>]{0,300}?\scharset\s*=\s*[\"']?([\w.:-]{2,40})"
    rb"|<meta[^>]{0,300}?content\s*=\s*[\"'][^\"'>]{0,100};\s*charset=([\w.:-]{2,40})"
    rb"|^\s{0,9}<\?xml[^>]{1,100}\sencoding\s*=\s*[\"']([\w.:-]{2,40})",
    re.IGNORECASE,
)
_DECLARED_WITHIN: Final = 4096  # bytes; browsers look at 1024
_MOST_ELEMENTS: Final = 20_000  # that trafilatura is given; it takes three seconds for the worst
_FAILURES: Final = (  # what trafilatura and lxml raise on pages that they do not understand
    *(ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError),
    *(TypeError, ValueError, etree.LxmlError),
)


def recognises(document: Document) -> bool:
    """Say whether it begins like a page or with an element of HTML; other XML is not taken."""
    text = document.beginning.lstrip("\ufeff \t\r\n")
    declared = text[: len(_XML)].lower() == _XML
    if declared:
        text = text.partition("?>")[2].lstrip()
    while text.startswith("<!--"):
        text = text.partition("-->")[2].lstrip()
    return bool(_PAGE.match(text) or (not declared and _FRAGMENT.match(text)))


def read(document: Document) -> Iterator[Record]:
    """Yield the one article of the page."""
    yield document.whole(fields(document.data, document.limits))


def fields(
    data: bytes, limits: Limits, *, declared: str | None = None, url: str | None = None
) -> dict[str, Any]:
    """Return the fields of the article in the page `data`.

    `declared` is the encoding that its carrier names, `url` where the page was found. Raises
    Unreadable when it is no text, holds none, or is nested deeper than `limits.depth`.
    """
    text = declared_charset.decode(data, declared or _declaration(data))
    tree = _tree(text, limits)
    found = web_page_metadata.metadata(tree, url)
    shown = markup.shown(tree)
    body = _in_blocks(_article(tree), shown) or found.get("body", "") or shown
    if not body:
        msg = "HTML without text"
        raise Unreadable(msg)
    return {**found, "body": body}


def _declaration(data: bytes) -> str | None:
    """Return the encoding that the page names; in vain if it is UTF-16, for it could be read."""
    match = _DECLARATION.search(data[:_DECLARED_WITHIN])
    name = next(filter(None, match.groups())).decode("ascii", "ignore") if match else ""
    return "utf-8" if name.lower().startswith("utf-16") else name or None


def _tree(text: str, limits: Limits) -> html.HtmlElement:
    try:
        return markup.tree_of(text, depth=limits.depth)
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _article(tree: html.HtmlElement) -> str:
    """Return the text of the article, one paragraph a line; empty where none is found."""
    if sum(1 for _ in tree.iter()) > _MOST_ELEMENTS:
        return ""
    try:
        found = bare_extraction(tree, fast=True, include_comments=False)
    except _FAILURES:
        return ""
    text = found.text if isinstance(found, Extraction) else None
    return json_values.lines(text or "")


def _in_blocks(found: str, shown: str) -> str:
    """Return the article `found` in the lines of the page as it is `shown`, where it is in them.

    trafilatura ends a line at every element of a short text, at those within a sentence, too.
    """
    left, at = _letters(found), 0
    lines = []
    for line in shown.splitlines():
        letters = _letters(line)
        if letters and left.startswith(letters, at):
            lines.append(line)
            at += len(letters)
    return "\n".join(lines) if at == len(left) else found


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))
