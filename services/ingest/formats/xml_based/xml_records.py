"""The records of an XML document that holds several articles, each by itself. Pure.

Where the document is broken, the articles that are whole are taken out of it one by one, so that
the broken one harms no other.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple

from services.ingest.formats.xml_based import hardened_xml, xml_text
from services.ingest.formats.xml_based.hardened_xml import Element
from services.ingest.records import Document, Limits, Record
from shared.errors import Unreadable

_MARKUP: Final = re.compile(r"<!\[CDATA\[|<!--|<\?|<(/?)((?:[\w.-]+:)?([\w.-]+))(?=[\s/>])")
_REST_OF_TAG: Final = re.compile(r"[^<>]*")
_ENDS: Final = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_NAMESPACE: Final = re.compile(r"\s(xmlns(?::[\w.-]+)?)\s*=\s*[\"']([^\"'<>]*)[\"']")


class Piece(NamedTuple):
    """One article's element in broken XML, or the reason why it is none; `text` as it came."""

    start: int
    text: str
    element: Element | None = None
    reason: str | None = None


def read_each(
    document: Document, names: frozenset[str], article: Callable[[Element], dict[str, Any]]
) -> Iterator[Record]:
    """Yield a record for each element of `names`: the fields that `article` makes of it.

    `article` raises Unreadable where it makes none; raises Unreadable when there is no element.
    """
    text = xml_text.clean(document.data)
    try:
        root = hardened_xml.parse_text(text, document.limits)
    except Unreadable as error:
        yield from _read_broken(document, text, names, article, error)
        return
    found = hardened_xml.outermost(root, names)
    if not found:
        wanted = " or ".join(sorted(names))
        msg = f"XML without an article: no {wanted} in {hardened_xml.local(root)}"
        raise Unreadable(msg)
    hardened_xml.check_namespaces(found[0])
    for element in found:
        data = document.data if len(found) == 1 else hardened_xml.file_of(element)
        yield record_of(document, element, article, data)


def record_of(
    document: Document,
    element: Element,
    article: Callable[[Element], dict[str, Any]],
    data: bytes,
) -> Record:
    """Return the record of `element`, with its fields or its reason."""
    end = len(document.data)
    try:
        return Record(0, end, article(element), data=data)
    except Unreadable as error:
        return Record(0, end, reason=str(error), data=data)


def _read_broken(
    document: Document,
    text: str,
    names: frozenset[str],
    article: Callable[[Element], dict[str, Any]],
    error: Unreadable,
) -> Iterator[Record]:
    found = list(pieces(text, names, document.limits))
    if all(piece.element is None for piece in found):
        raise error
    for piece in found:
        data = piece.text.encode()
        if piece.element is not None:
            yield record_of(document, piece.element, article, hardened_xml.file_of(piece.element))
        else:
            yield Record(0, len(document.data), reason=piece.reason, data=data)
    if all(piece.element is not None for piece in found):
        # What is broken is around them; something may be missing.
        yield Record(0, len(document.data), reason=str(error), data=document.data)


def pieces(text: str, names: frozenset[str], limits: Limits) -> Iterator[Piece]:
    """Yield the elements of `names` in `text`, which is not well-formed as a whole."""
    spans = list(_spans(text, names))
    declared = dict(_NAMESPACE.findall(text[: spans[0][0]])) if spans else {}
    tag = "".join(f' {name}="{uri}"' for name, uri in declared.items())
    lines = at = 0
    for start, end, whole in spans:
        lines += text.count("\n", at, start)
        at = start
        if not whole:
            reason = f"cut off: what begins in line {lines + 1} has no end"
            yield Piece(start, text[start:end], reason=reason)
            continue
        try:
            wrapped = f"<piece{tag}>\n{text[start:end]}</piece>"
            wrapper = hardened_xml.parse_text(wrapped, limits, lines_before=lines - 1)
            yield Piece(start, text[start:end], wrapper[0])
        except Unreadable as error:
            yield Piece(start, text[start:end], reason=str(error))


def _spans(text: str, names: frozenset[str]) -> Iterator[tuple[int, int, bool]]:
    """Yield where each element starts and ends, and whether it has its end tag."""
    at = 0
    begun: tuple[int, str] | None = None
    while match := _MARKUP.search(text, at):
        at = match.end()
        if match[0] in _ENDS:
            end = text.find(_ENDS[match[0]], at)
            at = len(text) if end < 0 else end
        elif match[3] not in names or (begun and match[2] != begun[1]):
            continue
        elif not match[1]:
            if begun:
                yield begun[0], match.start(), False
            begun = match.start(), match[2]
            tag = _REST_OF_TAG.match(text, at)
            at = tag.end() if tag else at
            if text.startswith("/>", at - 1):
                yield match.start(), at + 1, True
                begun = None
        elif begun:
            end = text.find(">", at)
            at = len(text) if end < 0 else end + 1
            yield begun[0], at, end >= 0
            begun = None
    if begun:
        yield begun[0], len(text), False
