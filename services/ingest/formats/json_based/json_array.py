"""A JSON array: one article an element, read element by element in the memory of one."""

import json
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from services.ingest import charset
from services.ingest.formats.json_based.json_shapes import parsed, too_long
from services.ingest.records import Document, Record

NAME: Final = "JSON array"
RESUMES: Final = True

_PIECE: Final = 1024 * 1024  # bytes
_BETWEEN: Final = re.compile(r"[\s,]*")
_NEXT: Final = re.compile(r"[^\s,]\s*,\s*(?=\{)")  # where to go on behind a broken element
_TAIL: Final = 1000  # characters that may hold the beginning of _NEXT
_LITERAL: Final = 5  # letters of the longest one, `false`
_scan: Final[Callable[[str, int], tuple[object, int]]] = json.JSONDecoder(strict=False).scan_once  # type: ignore[attr-defined]  # typeshed does not know it


def recognises(document: Document) -> bool:
    return document.beginning.lstrip()[:1] == "["


def read(document: Document) -> Iterator[Record]:
    """Yield the article of each element; one that is broken has a reason and harms no other."""
    encoding = charset.encoding_of(document.head)
    window = _Window(document.stream(document.start), document.start)
    if document.start == 0:
        window.take(1 + window.text.index("["))
    longest = document.limits.record_bytes
    whole = True  # the last element
    while window.reaches_element():
        start = window.offset
        size = window.element_size(longest)
        whole = size > 0
        if not whole and window.at_end():
            return
        data = window.take(size) if whole else window.take_broken(longest)
        yield (
            parsed(data, start, window.offset, encoding)
            if data
            else too_long(start, window.offset, document.limits)
        )
    if whole:
        yield Record(window.offset, window.offset, reason="cut off: the array does not end")


class _Window:
    """The part of a document that is looked at, a character a byte, which JSON's marks are too."""

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self.offset = offset  # of the next character within the document
        self.text = ""
        self._at = 0
        self._stream = stream
        self._fill()

    def reaches_element(self) -> bool:
        """Go to the next element, or to what stands in its place; say whether there is any."""
        while True:
            between = _BETWEEN.match(self.text, self._at)
            self.take(between.end() - self._at if between else 0)
            if self._at < len(self.text):
                return True
            if not self._fill():
                return False

    def element_size(self, longest: int) -> int:
        """Return the bytes of the element here; 0 when it is broken, or longer than `longest`."""
        while True:
            known = len(self.text)
            try:
                _, end = _scan(self.text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos >= known - _LITERAL
            except StopIteration as error:
                cut = error.value >= known - _LITERAL
            except RecursionError:
                return 0
            else:
                cut = end == known and self.text[end - 1] not in '}]"'  # a number may go on
                if not cut or not self._fill():
                    return end - self._at if end - self._at <= longest else 0
                continue
            if not cut or known - self._at > longest or not self._fill():
                return 0

    def at_end(self) -> bool:
        """Say whether here the array ends, and the document with it."""
        if self.text[self._at] != "]":
            return False
        while not self.text[self._at + 1 :].strip():
            if not self._fill():
                return True
        return False

    def take_broken(self, longest: int) -> bytes:
        """Pass over an element that cannot be read; return it, or b"" if longer than `longest`."""
        pieces, size, look_from = [], 0, self._at + 1
        while (found := _NEXT.search(self.text, look_from)) is None:
            piece = self.take(max(0, len(self.text) - _TAIL - self._at))
            size += len(piece)
            pieces.append(piece if size <= longest else b"")
            if not self._fill():
                rest = self.text[self._at :].rstrip()
                end = self._at + len(rest) - (rest[-1:] == "]" and len(rest) > 1)
                break
            look_from = self._at
        else:
            end = found.start() + 1
        pieces.append(self.take(end - self._at))
        return b"".join(pieces) if size + len(pieces[-1]) <= longest else b""

    def take(self, size: int) -> bytes:
        """Return the next `size` bytes and stand behind them."""
        data = self.text[self._at : self._at + size].encode("latin-1")
        self._at += size
        self.offset += size
        return data

    def _fill(self) -> bool:
        """Read on; say whether there was anything."""
        piece = self._stream.read(max(_PIECE, len(self.text) - self._at))
        self.text = self.text[self._at :] + piece.decode("latin-1")
        self._at = 0
        return bool(piece)
