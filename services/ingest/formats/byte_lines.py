"""The lines of a stream as bytes, each with where it stands, in the memory of one. Pure."""

from collections.abc import Iterable
from typing import BinaryIO, Final, NamedTuple

_PIECE: Final = 1024 * 1024  # bytes


class Line(NamedTuple):
    """A line with its end; `data` is None when it is longer than what is read of one."""

    start: int
    end: int
    number: int  # from 1
    data: bytes | None


class Lines:
    """The lines of `stream`, which stands at byte `offset`, one after the other."""

    def __init__(
        self, stream: BinaryIO, *, longest: int, offset: int = 0, line_end: bytes = b"\n"
    ) -> None:
        self._stream = stream
        self._longest = longest
        self._line_end = line_end
        self._buffer = b""
        self._at = 0  # within the buffer
        self._offset = offset  # of that within the stream
        self._number = 0
        self._again: list[Line] = []

    def take(self) -> Line | None:
        """Return the next line; None behind the last."""
        if self._again:
            return self._again.pop()
        size, skipped = self._size(), 0
        while size is None:
            if len(self._buffer) - self._at > self._longest:
                skipped += self._drop()
            elif not self._fill():
                size = len(self._buffer) - self._at
                break
            size = self._size()
        if not skipped + size:
            return None
        data = self._buffer[self._at : self._at + size]
        start, end = self._offset, self._offset + skipped + size
        self._at += size
        self._offset = end
        self._number += 1
        kept = not skipped and size <= self._longest + len(self._line_end)
        return Line(start, end, self._number, data if kept else None)

    def put_back(self, lines: Iterable[Line]) -> None:
        """Have these lines, the last that were taken, taken again."""
        self._again.extend(reversed(list(lines)))

    def skip_to(self, start: int) -> None:
        """Pass over the lines before byte `start`."""
        while (line := self.take()) is not None:
            if line.start >= start:
                self.put_back([line])
                return

    def _size(self) -> int | None:
        """Return the size of the line that begins here; None when its end is not read yet."""
        width = len(self._line_end)
        found = self._buffer.find(self._line_end, self._at)
        while found >= 0 and (found - self._at) % width:
            found = self._buffer.find(self._line_end, found + 1)
        return None if found < 0 else found + width - self._at

    def _drop(self) -> int:
        """Forget what is read of a line that is too long; return how many bytes that is."""
        unread = len(self._buffer) - self._at
        dropped = unread - unread % len(self._line_end)
        self._buffer = self._buffer[self._at + dropped :]
        self._at = 0
        return dropped

    def _fill(self) -> bool:
        """Read on; say whether there was anything."""
        piece = self._stream.read(max(_PIECE, len(self._buffer) - self._at))
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return bool(piece)
