"""From a file to the documents in it: gzip, bzip2, xz, zstd, zip and tar, within each other. Pure.

Nothing is written where an archive says: its members are read where they stand, as streams. What
a file may unpack to is one allowance for all of it, so that no nesting gets round it.
"""

import bz2
import codecs
import io
import lzma
import re
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any, BinaryIO, Final, NamedTuple, Self, cast

import zstandard

from services.ingest import charset
from shared.errors import Unreadable

_PIECE: Final = 256 * 1024  # bytes
_SIP: Final = 1024  # of zstd's: four bytes of it may be 128 KiB, and it cannot be told to stop
_XZ_MEMORY: Final = 128 * 1024 * 1024  # what `xz -9` asks for is 65 MiB
_ZSTD_WINDOW: Final = 128 * 1024 * 1024  # what `zstd --long` asks for
_DEEPEST: Final = 4  # layers: a mail's attachment in a zip in a tar.gz
_FREE: Final = 64 * 1024 * 1024  # bytes that any file may unpack to, however small it is
_SPOOL: Final = 8 * 1024 * 1024  # bytes of a packed zip in memory; beyond, in a temporary file
_TAR_MARK: Final = slice(257, 262)
_HEAD: Final = 512
_OFFICE: Final = "[Content_Types].xml"  # Microsoft's; OpenDocument and EPUB begin with `mimetype`
_ESCAPES: Final = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)")


class Allowance:
    """The bytes that a file may still unpack to."""

    def __init__(self, packed: int, *, most: int, ratio: int) -> None:
        """Allow `ratio` times the `packed` bytes of a file, and never over `most`."""
        self._left = self._most = min(most, max(_FREE, packed * ratio))

    @classmethod
    def usual(cls, packed: int) -> Self:
        """Allow what the settings do when nobody changes them."""
        return cls(packed, most=64 * 1024**3, ratio=250)

    def spend(self, size: int) -> None:
        """Count `size` unpacked bytes; raises Unreadable when there were too many."""
        self._left -= size
        if self._left < 0:
            msg = (
                f"unpacks to more than {self._most} bytes, the most for a file of its size "
                "(NEWSFLOW_MAX_UNPACKED_RATIO, NEWSFLOW_MAX_UNPACKED_BYTES)"
            )
            raise Unreadable(msg)


class Part(NamedTuple):
    """One document of a file, or why it is none."""

    name: str | None  # within an archive
    stream: BinaryIO | None = None
    reason: str | None = None


def documents(file: BinaryIO, allowance: Allowance) -> Iterator[Part]:
    """Yield each document of `file`, always in one order; each is read before the next is taken.

    A member that is refused has a reason, and the next one follows. Raises Unreadable when the
    packing is damaged, here or while a stream is read.
    """
    yield from _parts(_peekable(file), None, allowance, 0)


def _parts(
    stream: io.BufferedReader, name: str | None, allowance: Allowance, depth: int
) -> Iterator[Part]:
    head = stream.peek(_HEAD)[:_HEAD]
    unpack = next((layer for mark, layer in _LAYERS if head.startswith(mark)), None)
    archive = _zipped if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else None
    if head[_TAR_MARK] == b"ustar":
        archive = _tarred
    if (unpack or archive) and depth == _DEEPEST:
        yield Part(name, reason=f"packed more than {_DEEPEST} times over")
    elif unpack:
        unpacked = _Counted(unpack(stream), allowance)
        yield from _parts(_peekable(unpacked), name, allowance, depth + 1)
    elif archive:
        for part in archive(stream, allowance):
            inner = part._replace(name=f"{name}/{part.name}" if name else part.name)
            if inner.stream is None:
                yield inner
                continue
            try:
                yield from _parts(_peekable(inner.stream), inner.name, allowance, depth + 1)
            except Unreadable as error:
                yield Part(inner.name, reason=str(error))
    elif encoding := charset.wide_encoding(head):
        yield Part(name, _peekable(_Counted(_recoded(stream, encoding), allowance)))
    else:
        yield Part(name, stream)


def _peekable(stream: Any) -> io.BufferedReader:  # noqa: ANN401 (whatever has readinto)
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream, _PIECE)


# ── archives ──────────────────────────────────────────────────────────────────────────────────


def _zipped(stream: BinaryIO, allowance: Allowance) -> Iterator[Part]:
    """Yield the files of a zip; where it cannot be sought in, it is copied first."""
    with tempfile.SpooledTemporaryFile(_SPOOL) as copy:
        if not stream.seekable():
            while piece := stream.read(_PIECE):
                copy.write(piece)
        source = stream if stream.seekable() else cast("BinaryIO", copy)
        try:
            archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            msg = f"a damaged zip: {error}"
            raise Unreadable(msg) from None
        if archive.namelist()[:1] == ["mimetype"] or _OFFICE in archive.namelist():
            msg = "an Office document, which is not read; save it as text or HTML"
            raise Unreadable(msg)
        for entry in archive.infolist():
            if entry.is_dir() or _is_litter(entry.filename):
                continue
            if reason := _refused(entry.filename) or _odd_in_zip(entry):
                yield Part(_shown(entry.filename), reason=reason)
                continue
            try:
                member = archive.open(entry)
            except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, KeyError) as error:
                yield Part(entry.filename, reason=f"a damaged zip: {error}")
            else:
                yield Part(entry.filename, _counted(member, allowance))


def _odd_in_zip(entry: zipfile.ZipInfo) -> str | None:
    if entry.flag_bits & 1:
        return "encrypted"
    mode = entry.external_attr >> 16  # where a Unix made it
    return "a link" if stat.S_ISLNK(mode) else None


def _tarred(stream: BinaryIO, allowance: Allowance) -> Iterator[Part]:
    """Yield the files of a tar, which is read once from first to last."""
    try:
        with tarfile.open(fileobj=stream, mode="r|", errorlevel=2) as archive:
            for entry in archive:
                if entry.isdir() or _is_litter(entry.name):
                    continue
                reason = _refused(entry.name)
                if not entry.isreg():
                    reason = "a link" if entry.issym() or entry.islnk() else "no file: a device"
                if reason:
                    yield Part(_shown(entry.name), reason=reason)
                elif (member := archive.extractfile(entry)) is not None:
                    yield Part(entry.name, _counted(member, allowance))
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        msg = f"a damaged tar: {error}"
        raise Unreadable(msg) from None


def _is_litter(name: str) -> bool:
    """Say whether a member is what file managers leave behind, as dotfiles are in the inbox."""
    parts = [part for part in re.split(r"[/\\]", name) if part not in {"", ".", ".."}]
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
    return hidden or bool(parts and parts[-1] in {"Thumbs.db", "desktop.ini"})


def _refused(name: str) -> str | None:
    if _ESCAPES.search(name) or "\0" in name:
        return "its name leads out of the archive"
    return None


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()[:300]


# ── layers ────────────────────────────────────────────────────────────────────────────────────


def _inflated(source: BinaryIO, name: str, make: Callable[[], Any]) -> Iterator[bytes]:
    """Yield what decompressors of the standard library make of `source`, stream after stream."""
    data = source.read(_PIECE)
    while data.strip(b"\0"):  # some writers fill up with zeros
        one = make()
        while not one.eof:
            piece = one.decompress(data, _PIECE)
            yield piece
            data = getattr(one, "unconsumed_tail", b"")
            if not data and getattr(one, "needs_input", True):
                data = source.read(_PIECE)
                if not data and not piece:
                    raise Unreadable(_CUT_OFF.format(name))
        data = one.unused_data or source.read(_PIECE)


def _unzstd(source: BinaryIO) -> Iterator[bytes]:
    one = None
    while data := source.read(_SIP):
        while data:
            one = one or zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
            yield one.decompress(data)
            data, one = (one.unused_data, None) if one.eof else (b"", one)
    if one:
        raise Unreadable(_CUT_OFF.format("zstd"))


def _recoded(source: BinaryIO, encoding: str) -> Iterator[bytes]:
    """Yield text of two or four bytes a character as UTF-8."""
    decoder = codecs.getincrementaldecoder(encoding)()
    while data := source.read(_PIECE):
        yield decoder.decode(data).encode()
    yield decoder.decode(b"", final=True).encode()


def _gunzipped(source: BinaryIO) -> Iterator[bytes]:
    return _inflated(source, "gzip", lambda: zlib.decompressobj(zlib.MAX_WBITS | 16))


def _bunzipped(source: BinaryIO) -> Iterator[bytes]:
    return _inflated(source, "bzip2", bz2.BZ2Decompressor)


def _unxz(source: BinaryIO) -> Iterator[bytes]:
    return _inflated(source, "xz", lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))


_CUT_OFF: Final = "cut off: the {} data ends too early"
_LAYERS: Final[tuple[tuple[bytes, Callable[[BinaryIO], Iterator[bytes]]], ...]] = (
    (b"\x1f\x8b\x08", _gunzipped),
    (b"BZh", _bunzipped),
    (b"\xfd7zXZ\0", _unxz),
    (b"\x28\xb5\x2f\xfd", _unzstd),
)
_DAMAGE: Final = (
    *(zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile, tarfile.TarError),
    *(OSError, EOFError, ValueError, NotImplementedError),
)


def _counted(member: IO[bytes], allowance: Allowance) -> BinaryIO:
    pieces = iter(lambda: member.read(_PIECE), b"")
    return cast("BinaryIO", _Counted(pieces, allowance))


class _Counted(io.RawIOBase):
    """Unpacked pieces as a stream; reading raises Unreadable when they are damaged or too many."""

    def __init__(self, pieces: Iterator[bytes], allowance: Allowance) -> None:
        self._pieces = pieces
        self._allowance = allowance
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 (typeshed's Buffer is not at run time)
        """Fill `buffer`; return how many bytes that were."""
        while not self._piece:
            try:
                piece = next(self._pieces, None)
            except _DAMAGE as error:
                msg = f"damaged: {error}"
                raise Unreadable(msg) from None
            if piece is None:
                return 0
            self._allowance.spend(len(piece))
            self._piece = memoryview(piece)
        size = min(len(buffer), len(self._piece))
        buffer[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size
