"""The story of a NewsML-G2 item: its contentSet, in whichever of the allowed forms. Pure."""

import re
from typing import Any, Final

import orjson

from services.ingest.formats.xml_based import nitf
from services.ingest.formats.xml_based.hardened_xml import (
    Element,
    attribute,
    below,
    children,
    first,
    words,
)
from services.ingest.formats.xml_based.newsml_g2_metadata import speaks
from services.ingest.formats.xml_based.xml_bodies import body_of_text, body_of_xhtml
from services.ingest.formats.xml_based.xml_metadata import quoted
from shared.errors import Unreadable

_HTML_FIRST: Final = re.compile(r"\s*<!DOCTYPE\s+html|\s*<html\b", re.IGNORECASE)
_JSON_BODIES: Final = {
    "body_html": "body_html",
    "body_xhtml": "body_html",
    "body_text": "body",
    "body": "body",
}


def fields_of(item: Element, language: str, *, needed: bool) -> dict[str, Any]:
    """Return the body, and the headline and byline that a NITF story brings with it.

    Raises Unreadable when the item has none and it is `needed`.
    """
    content = first(item, "contentSet")
    forms = [] if content is None else children(content, "inlineXML", "inlineData")
    forms.sort(key=lambda form: not speaks(form, language))
    for form in forms:
        found = _of_form(form)
        if found.get("body") or found.get("body_html"):
            return found
    if needed and not forms:
        raise Unreadable(_why_none(content))
    return {}


def _of_form(form: Element) -> dict[str, Any]:
    story = next(below(form, "nitf"), None)
    if story is not None:
        return nitf.text(story)
    if len(form):
        return body_of_xhtml(form)
    if attribute(form, "encoding"):
        msg = f"contentSet/inlineData is encoded: {quoted(attribute(form, 'encoding'))}"
        raise Unreadable(msg)
    text = form.text or ""
    if text.lstrip()[:1] == "{" and "json" in attribute(form, "contenttype").lower():
        return _of_json(text)
    if _HTML_FIRST.match(text):
        return {"body_html": text.strip()}
    return body_of_text(text)


def _of_json(text: str) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        msg = f"contentSet/inlineData is not JSON: {error.msg}"
        raise Unreadable(msg) from None
    for name, field in _JSON_BODIES.items():
        said = value.get(name) if isinstance(value, dict) else None
        if isinstance(said, str) and said.strip():
            return {field: said}
    msg = f"contentSet/inlineData is JSON without a body: none of {', '.join(_JSON_BODIES)}"
    raise Unreadable(msg)


def _why_none(content: Element | None) -> str:
    if content is None:
        return "NewsML-G2 without a body: contentSet is missing"
    remote = first(content, "remoteContent")
    if remote is None:
        return "NewsML-G2 without a body: contentSet holds neither inlineXML nor inlineData"
    address = attribute(remote, "href", "residref") or words(remote)
    return f"text only by reference: contentSet/remoteContent {quoted(address)}".rstrip()
