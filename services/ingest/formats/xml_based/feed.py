"""RSS 0.9 to 2.0 and Atom: an article for each entry. Its parts are in docs/formats/feeds.md.

Each entry is read by feedparser as a feed of its own, well-formed and without a DTD, so that no
entry harms another.
"""

import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from lxml import etree

from services.ingest.formats.xml_based import feed_entry, hardened_xml, xml_records, xml_text
from services.ingest.formats.xml_based.hardened_xml import Element, attribute, children, local
from services.ingest.records import Document, Record
from shared.errors import Unreadable

NAME: Final = "RSS or Atom"
RESUMES: Final = False

_ATOM: Final = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#", ""})
_RSS: Final = frozenset({"rss", "RSS", "channel"})
_RSS_1: Final = ("http://purl.org/rss/1.0/", "http://my.netscape.com/rdf/simple/0.9/")
_ENTRIES: Final = frozenset({"item", "entry"})
_OF_FEED: Final = ("title", "link", "language", "id")
_TEXTS: Final = frozenset({"title", "description", "summary", "content", "encoded"})
_VALUES: Final = frozenset(
    {
        *("link", "guid", "id", "author", "creator", "category", "subject", "source", "language"),
        *("pubDate", "published", "issued", "updated", "modified", "date", "created"),
    }
)
_LONGEST_VALUE: Final = 2048  # characters; feedparser's patterns take the square of it
_MOST_OF_A_NAME: Final = 200  # for it compares each category with all before
_INHERITED: Final = (
    hardened_xml.XML_LANG,
    "{http://www.w3.org/XML/1998/namespace}base",
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about",
    "version",
)
_EXTENSIONS: Final = ("http://search.yahoo.com/mrss", "http://www.itunes.com/dtds/")
_DECLARATION: Final = b"<?xml version='1.0' encoding='utf-8'?>\n"


class Feed(NamedTuple):
    """What a feed says beside its entries, and what stands before and after each of them."""

    head: bytes
    tail: bytes
    bare_head: bytes  # with nothing but the start tags
    bare_tail: bytes
    fields: Mapping[str, Any]


def recognises(document: Document) -> bool:
    root = hardened_xml.root_of(document)
    if root is None:
        return False
    if root.name in {"feed", "entry"}:
        return root.namespace in _ATOM
    if root.name == "RDF":
        beginning = hardened_xml.beginning(document)
        return any(namespace in beginning for namespace in _RSS_1)
    return root.name in _RSS


def read(document: Document) -> Iterator[Record]:
    """Yield an article for each entry; a broken entry has a reason and the next one follows."""
    text = xml_text.clean(document.data)
    try:
        root = hardened_xml.parse_text(text, document.limits)
    except Unreadable as error:
        yield from _read_broken(document, text, error)
        return
    entries = hardened_xml.outermost(root, _ENTRIES)
    if not entries:
        msg = f"a feed without entries: no item or entry in {local(root)}"
        raise Unreadable(msg)
    feed = _feed_around(list(entries[0].iterancestors())[::-1])
    for entry in entries:
        yield _record(document, feed, entry)


def _read_broken(document: Document, text: str, error: Unreadable) -> Iterator[Record]:
    pieces = list(xml_records.pieces(text, _ENTRIES, document.limits))
    if all(piece.element is None for piece in pieces):
        raise error
    before = hardened_xml.beginning_of(text[: pieces[0].start], document.limits)
    known = before is not None and local(before) in {*_RSS, "RDF", "feed"}
    ancestors = [before] if before is not None and known else []
    if before is not None and local(before) in _RSS:
        ancestors += children(before, "channel")[-1:]
    feed = _feed_around(ancestors)
    for piece in pieces:
        if piece.element is None:
            yield Record(0, len(document.data), reason=piece.reason, data=piece.text.encode())
        else:
            yield _record(document, feed, piece.element)
    if all(piece.element is not None for piece in pieces):
        # What is broken is around them; something may be missing.
        yield Record(0, len(document.data), reason=str(error), data=document.data)


def _feed_around(ancestors: Sequence[Element]) -> Feed:
    """Return the feed whose entries stand in the last of `ancestors`; the first is the root."""
    if not ancestors:  # an entry by itself
        return Feed(_DECLARATION, b"", _DECLARATION, b"", {})
    hardened_xml.check_namespaces(ancestors[-1])
    head, tail = _shell(ancestors, with_feed=True)
    fields = feed_entry.fields_of_feed(head + tail)
    return Feed(head, tail, *_shell(ancestors, with_feed=False), fields)


def _shell(ancestors: Sequence[Element], *, with_feed: bool) -> tuple[bytes, bytes]:
    """Return the XML before and after an entry that stands in the last of `ancestors`."""
    inner = etree.Element("here")
    for ancestor in reversed(ancestors):
        outer = _bare(ancestor)
        if with_feed:
            outer.extend(_of_feed(ancestor))
        outer.append(inner)
        inner = outer
    written = bytes(etree.tostring(inner, encoding="utf-8"))
    head, _, rest = written.rpartition(b"<here")
    return _DECLARATION + head, rest.partition(b">")[2]


def _of_feed(ancestor: Element) -> list[Element]:
    """Return what `ancestor` says of the feed; in RSS 1.0, what the channel beside entries says."""
    found = [copy.deepcopy(child) for child in children(ancestor, *_OF_FEED)]
    for channel in children(ancestor, "channel") if local(ancestor) == "RDF" else []:
        beside = _bare(channel)
        beside.extend(_of_feed(channel))
        found.append(beside)
    return found


def _bare(element: Element) -> Element:
    """Return an element of that name, in its namespace when that is one, with nothing in it."""
    name, uri = local(element), hardened_xml.namespace(element)
    try:
        bare = etree.Element(element.tag, nsmap=cast("dict[str, str]", {None: uri} if uri else {}))
    except ValueError:  # lxml reads names that it does not write
        bare = etree.Element("entry" if name == "entry" else "item")
    for inherited in _INHERITED:
        if said := attribute(element, inherited):
            bare.set(inherited, said)
    return bare


def _record(document: Document, feed: Feed, entry: Element) -> Record:
    end = len(document.data)
    data = bytes(etree.tostring(entry, encoding="utf-8", with_tail=False)) + feed.tail
    bare = _bare(entry)
    try:
        bare.extend(_of_entry(entry))
        alone = feed.bare_head + bytes(etree.tostring(bare, encoding="utf-8")) + feed.bare_tail
        return Record(0, end, feed_entry.article(alone, feed.fields), head=feed.head, data=data)
    except Unreadable as error:
        return Record(0, end, reason=str(error), head=feed.head, data=data)


def _of_entry(entry: Element) -> Iterator[Element]:
    """Yield copies of what feedparser needs: no extensions, some of which it takes for the entry's.

    Raises Unreadable when a value is too long to be one.
    """
    count = Counter[str]()
    for child in entry:
        name = local(child)
        extension = hardened_xml.namespace(child).startswith(_EXTENSIONS)
        count[name] += 1
        if extension or name not in _TEXTS | _VALUES or count[name] > _MOST_OF_A_NAME:
            continue
        found = copy.deepcopy(child)
        if name == "source":
            for other in [each for each in found if local(each) != "title"]:
                found.remove(other)
        length = len("".join([*map(str, found.itertext()), *map(str, found.attrib.values())]))
        if name in _VALUES and length > _LONGEST_VALUE:
            msg = f"an entry whose {name} has {length} characters, more than {_LONGEST_VALUE}"
            raise Unreadable(msg)
        yield found
