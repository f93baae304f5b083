"""XML that nobody is trusted for: no DTD, no entities, no network, bounded depth. Pure.

Elements are found by their local names: agencies send every standard with its namespace, under
any prefix, and without.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from lxml import etree

from services.ingest.formats.xml_based import xml_prolog, xml_text
from services.ingest.records import Document, Limits
from shared.errors import Unreadable

Element = etree._Element  # noqa: SLF001 (lxml has no public name for the type of its elements)

_LONGEST_NAMESPACES: Final = 16 * 1024
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"

_UNDECLARED_PREFIX: Final = "Namespace prefix "  # how libxml2's message begins
_WHERE: Final = re.compile(r",? line \d+(?:, column \d+\s*\Z)?")


def root_of(document: Document) -> xml_prolog.Root | None:
    """Return the root element that `document` begins with, to tell its format. Never raises."""
    return xml_prolog.root_of(beginning(document))


def beginning(document: Document) -> str:
    """Return the text that `document` begins with, as well as it can be told. Never raises."""
    return xml_text.glance(document.head)


def parse(document: Document) -> Element:
    """Return the root of `document`, which has no comments and processing instructions.

    Raises Unreadable, with line and column, when it is not well-formed, nested too deep, or
    declares an entity.
    """
    return parse_text(xml_text.clean(document.data), document.limits)


def parse_text(text: str, limits: Limits, *, lines_before: int = 0) -> Element:
    """Return the root of `text`, which `xml_text.clean` made.

    A prefix without a namespace is given one: we know elements by their local names.
    """
    try:
        root = etree.fromstring(text.encode(), _parser())
    except etree.XMLSyntaxError as error:
        undeclared = (error.msg or "").startswith(_UNDECLARED_PREFIX)
        mended = xml_prolog.with_prefixes(text) if undeclared else text
        if mended != text:
            return parse_text(mended, limits, lines_before=lines_before)
        raise _unreadable(error, limits, lines_before) from None
    _not_too_deep(root, limits)
    return root


def beginning_of(text: str, limits: Limits) -> Element | None:
    """Return the root of `text` that is cut off, with what can be told of it; None if nothing."""
    try:
        root = etree.fromstring(text.encode(), _parser(recover=True))
    except etree.XMLSyntaxError:
        return None
    if root is not None:
        _not_too_deep(root, limits)
    return root


def _parser(*, recover: bool = False) -> etree.XMLParser:
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        no_network=True,
        huge_tree=False,
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )


def _unreadable(error: etree.XMLSyntaxError, limits: Limits, lines_before: int) -> Unreadable:
    problem = _WHERE.sub("", error.msg or "no element").partition("\n")[0]
    if "XML_PARSE_HUGE" in problem:  # libxml2's own bounds: 256 levels, 10 MB of text
        depth = problem.startswith("Excessive depth")
        problem = f"more than {min(limits.depth, 256)} levels deep" if depth else "text too long"
    line, column = error.position
    return Unreadable(f"not XML (line {line + lines_before}, column {column}): {problem}")


def _not_too_deep(root: Element, limits: Limits) -> None:
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > limits.depth:
            line = element.sourceline
            msg = f"XML more than {limits.depth} levels deep (line {line})"
            raise Unreadable(msg)


def local(element: Element) -> str:
    """Return the name of `element` without its namespace."""
    return str(element.tag).rpartition("}")[2]


def namespace(element: Element) -> str:
    return str(element.tag).rpartition("}")[0].removeprefix("{")


def children(element: Element, *names: str) -> list[Element]:
    """Return the children of any of these local names, in the order of the document."""
    return [child for child in element if local(child) in names]


def every(element: Element, path: str) -> list[Element]:
    """Return all that stand at `path`, local names with a slash between, below `element`."""
    found = [element]
    for name in path.split("/"):
        found = [child for parent in found for child in children(parent, name)]
    return found


def first(element: Element, *paths: str) -> Element | None:
    """Return the first element at the first of `paths` where there is any."""
    return next((found for path in paths for found in every(element, path)), None)


def below(element: Element, *names: str) -> Iterator[Element]:
    """Yield all descendants of these local names, in the order of the document."""
    return (found for found in element.iterdescendants() if local(found) in names)


def outermost(root: Element, names: frozenset[str]) -> list[Element]:
    """Return `root`, or all in it, of these local names, but none within another of them."""
    found: list[Element] = []
    walk = etree.iterwalk(root, events=("start",))
    for _, element in walk:
        if local(element) in names:
            found.append(element)
            walk.skip_subtree()
    return found


def words(element: Element | None) -> str:
    """Return all text in `element`, on one line; empty when it is None."""
    if element is None:
        return ""
    if next(below(element, "br"), None) is not None:
        return spaced(element)
    return " ".join("".join(map(str, element.itertext())).split())


def spaced(element: Element | None) -> str:
    """Return all text in `element`, whose parts are words of their own: a name, a place."""
    if element is None:
        return ""
    said = " ".join(" ".join(map(str, element.itertext())).split())
    return said.replace(" ,", ",").strip(" ,")


def attribute(element: Element | None, *names: str) -> str:
    """Return the first of these attributes that says anything; empty when none does."""
    if element is None:
        return ""
    return next((said for name in names if (said := str(element.get(name, "")).strip())), "")


def texts(elements: Iterable[Element]) -> list[str]:
    """Return the words of each, but the empty."""
    return [said for element in elements if (said := words(element))]


def check_namespaces(element: Element) -> None:
    """Raise Unreadable when more is declared around `element` than each of its kind can repeat."""
    size = sum(len(prefix or "") + len(uri) for prefix, uri in element.nsmap.items())
    if size > _LONGEST_NAMESPACES:
        msg = f"XML with {size} characters of namespaces, more than {_LONGEST_NAMESPACES}"
        raise Unreadable(msg)


def file_of(element: Element) -> bytes:
    """Return an XML file of `element` alone, in UTF-8."""
    return bytes(etree.tostring(element, encoding="utf-8", xml_declaration=True, with_tail=False))
