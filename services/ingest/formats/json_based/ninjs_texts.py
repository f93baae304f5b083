"""The headline, body and summary of a ninjs item, chosen among those it has. Pure.

Version 1 has `headline`, `body_html`, `body_text`, `description_text` and the like, where what
follows the underscore is the role or the form; versions 2 and 3 have lists, `headlines`, `bodies`
and `descriptions`, of a role, a content type and a value.
"""

from collections.abc import Mapping
from html import unescape
from typing import Any, Final, NamedTuple

from services.ingest.formats.json_based import json_values
from services.ingest.formats.json_based.json_values import label
from shared.errors import Unreadable
from shared.markup import text_of

_HEADLINES: Final = ("main", "headline", "")
_BODIES: Final = ("main", "body", "full", "", "html", "xhtml", "html5", "text")
_SUMMARIES: Final = ("summary", "lead", "abstract", "main", "text", "", "html", "xhtml")
_BODY_START: Final = "<body.content>"
_BODY_END: Final = "</body.content>"


class _Text(NamedTuple):
    """One of the headlines, bodies or descriptions."""

    role: str
    form: str  # `html`, `text`, `nitf`, or another content type
    value: str


def headline(item: Mapping[str, Any]) -> str | None:
    """Return the main headline, else the first there is, else the title, which is metadata."""
    texts = _texts(item, "headline", "headlines")
    if not texts:
        return json_values.text(item.get("title"), "title")
    best = min(texts, key=lambda text: _rank(_HEADLINES, text.role))
    return text_of(best.value) if best.form == "html" else unescape(best.value)


def body(item: Mapping[str, Any]) -> dict[str, str]:
    """Return the main body: HTML before text, and all of one role and form, in their order."""
    texts = _texts(item, "body", "bodies")
    readable = [text for text in texts if text.form in {"html", "text"}]
    if not readable:
        return _body_of_another_form(texts)
    best = min(readable, key=lambda text: (text.role not in _BODIES, text.form != "html"))
    parts = dict.fromkeys(text.value for text in readable if text[:2] == best[:2])
    joined = "\n".join(parts)
    if best.form == "html":
        return {"body_html": joined}
    return {"body": json_values.lines(joined)}


def _body_of_another_form(texts: list[_Text]) -> dict[str, str]:
    for text in texts:
        _, start, rest = text.value.partition(_BODY_START)
        content, end, _ = rest.partition(_BODY_END)
        if text.form == "nitf" and start and end:
            return {"body_html": content}  # its elements of text are those of HTML
    if texts:
        msg = f"its only body is {texts[0].form}, which is not read within ninjs"
        raise Unreadable(msg)
    return {}


def summary(item: Mapping[str, Any]) -> str | None:
    try:
        texts = _texts(item, "description", "descriptions")
    except Unreadable:
        return None
    suited = [text for text in texts if text.role in _SUMMARIES]
    if not suited:
        return None
    best = min(suited, key=lambda text: _rank(_SUMMARIES, text.role))
    return text_of(best.value) if best.form == "html" else best.value


def _texts(item: Mapping[str, Any], one: str, many: str) -> list[_Text]:
    """Return what stands in the field `one`, in `one_*` (version 1) and in `many` (2 and 3).

    Raises Unreadable when there is something, but nothing that can be read.
    """
    given = [
        (name.removeprefix(one).removeprefix("_") or "main", "", value)
        for name, value in item.items()
        if (name == one or name.startswith(f"{one}_")) and value is not None
    ]
    for part in json_values.each(item.get(many)):
        inner = {name.lower(): value for name, value in with_value(part).items()}
        role, form = label(inner.get("role")) or "", label(inner.get("contenttype")) or ""
        given.append((role.lower(), form.lower(), inner.get("value")))
    found = [
        _Text(role, _form(role, form, value), value)
        for role, form, value in given
        if isinstance(value, str) and value.strip()
    ]
    broken = [value for _, _, value in given if value is not None and not isinstance(value, str)]
    if broken and not found:
        msg = f"a {one} that is {json_values.kind(broken[0])}, not text"
        raise Unreadable(msg)
    return found


def with_value(part: object) -> Mapping[str, Any]:
    """Return an element of a list of roles and values, where a mere value stands for both."""
    return part if isinstance(part, Mapping) else {"value": part}


def _form(role: str, content_type: str, text: str) -> str:
    for said in (content_type, role):
        if "nitf" in said:
            return "nitf"
        if "html" in said:
            return "html"
    if content_type:
        return "text" if content_type.startswith("text/plain") else content_type
    return "html" if role != "text" and json_values.is_html(text) else "text"


def _rank(roles: tuple[str, ...], role: str) -> int:
    return roles.index(role) if role in roles else len(roles)
