"""The body of an article in XML as HTML, or as text where it has no markup. Pure."""

import copy
import re
from html import escape
from typing import Final

from lxml import etree

from services.ingest.formats.xml_based.hardened_xml import (
    XML_LANG,
    Element,
    attribute,
    below,
    local,
)

_TAG: Final = re.compile(
    r"<(/?)(p|br|hr|div|span|a|b|i|u|em|strong|ul|ol|li|h[1-6]|table|tr|td|blockquote|figure|img"
    r"|pre|section|article|html|body)\b[^<>]*>",
    re.IGNORECASE,
)
_ALONE: Final = frozenset({"p", "br", "hr", "img", "html", "body"})  # need no end tag
_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")

_AS_IN_HTML: Final = (
    *("p", "ul", "ol", "li", "dl", "dt", "dd", "pre", "br", "hr", "div", "blockquote", "q"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td"),
    *("a", "em", "strong", "b", "i", "u", "sub", "sup", "h1", "h2", "h3", "h4", "h5", "h6"),
)
_HTML_OF: Final = {name: name for name in _AS_IN_HTML} | {
    "hl1": "h1",
    "hl2": "h2",
    "bq": "blockquote",
    "block": "div",
    "note": "div",
    "credit": "p",
    "datasource": "p",
    "fn": "p",
}
_VOID: Final = frozenset({"br", "hr"})
_LEFT_OUT: Final = frozenset(
    {"media", "nitf-table-metadata", "col", "colgroup", "script", "style", "object", "embed"}
)
_KEPT_ATTRIBUTES: Final = {
    "a": ("href",),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
}
_UNSAFE: Final = re.compile(r"\s*(?:javascript|vbscript|data):", re.IGNORECASE)


def looks_like_html(text: str) -> bool:
    """Say whether `text` is HTML written as text: it opens and closes tags, or breaks lines."""
    opened: set[str] = set()
    closed: set[str] = set()
    for end, name in _TAG.findall(text):
        (closed if end else opened).add(name.lower())
    return bool(opened & closed or opened & _ALONE)


def body_of_text(text: str) -> dict[str, str]:
    """Return `text` as the body: as HTML when it looks like HTML, in tags or in references."""
    if not text.strip():
        return {}
    html = looks_like_html(text) or bool(_REFERENCE.search(text))
    return {"body_html" if html else "body": text.strip()}


def body_of_xhtml(element: Element) -> dict[str, str]:
    """Return what stands in `element`, or in the `body` within it, as HTML, as it came."""
    body = next(below(element, "body"), element)
    if not len(body):
        return body_of_text(body.text or "")
    bare = copy.deepcopy(body)
    for each in bare.iter():
        each.tag = local(each)
        if language := each.get(XML_LANG):
            each.set("lang", language)
        for name in [name for name in each.attrib if str(name).startswith("{")]:
            del each.attrib[name]
    etree.cleanup_namespaces(bare)
    inside = (str(etree.tostring(child, method="html", encoding="unicode")) for child in bare)
    html = (_html_of_text(bare.text) + "".join(inside)).strip()
    return {"body_html": html} if html else {}


def body_of_nitf(content: Element) -> dict[str, str]:
    """Return a `body.content` as HTML, or as text where it has no paragraphs; media left out."""
    if all(local(child) in _LEFT_OUT for child in content):
        return body_of_text("".join([content.text or "", *(child.tail or "" for child in content)]))
    html = _inside(content).strip()
    return {"body_html": html} if html else {}


def _inside(element: Element) -> str:
    pieces = [_html_of_text(element.text)]
    for child in element:
        if local(child) not in _LEFT_OUT and attribute(child, "type") != "npa":  # not for readers
            pieces.append(_html_of(child))
        pieces.append(_html_of_text(child.tail))
    return "".join(pieces)


def _html_of(element: Element) -> str:
    tag = _HTML_OF.get(local(element))
    inside = _inside(element)
    if not tag:
        return inside
    attributes = "".join(
        f' {name}="{escape(value)}"'
        for name in _KEPT_ATTRIBUTES.get(tag, ())
        if (value := attribute(element, name)) and not _UNSAFE.match(value)
    )
    return f"<{tag}{attributes}>" if tag in _VOID else f"<{tag}{attributes}>{inside}</{tag}>"


def _html_of_text(text: str | None) -> str:
    """Return text between tags as HTML; what is HTML already, in CDATA or escaped, as it came."""
    return text if text and looks_like_html(text) else escape(text or "", quote=False)
