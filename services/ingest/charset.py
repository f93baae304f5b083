"""From bytes to text, whatever encoding they are in. Pure."""

import codecs
import re
from typing import Final

import pycld2
from charset_normalizer import from_bytes

from shared.errors import Unreadable

_MARKS: Final = (  # the longer first: UTF-32's begins like UTF-16's
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
UTF8_MARK: Final = codecs.BOM_UTF8
_ONE_BYTE: Final = (  # encodings that text still comes in; of equals the first, as browsers do
    *("cp1252", "cp1250", "cp1251", "cp1254", "cp1257", "cp1258"),
    *("iso8859_2", "iso8859_5", "iso8859_9", "koi8_r", "koi8_u"),
)
_OWN_LETTERS: Final = ("cp1253", "cp1255", "cp1256", "iso8859_7", "cp874")  # Greek, Hebrew ...
_SEVERAL_BYTES: Final = ("gb18030", "big5", "cp932", "euc_jp", "iso2022_jp", "cp949")
_READ: Final = 10_000  # characters that a language is told by
_SAMPLE: Final = 100_000  # bytes that are looked at to tell an encoding
_ISO_2022_JP: Final = b"\x1b$"
_NOT_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MANY_NULS: Final = 0.7  # of every other byte, in Western text of two bytes a character
_MOST_CONTROLS: Final = 0.01  # of the characters of a text


def decode(data: bytes) -> str:
    """Return the text that `data` holds: by its byte order mark, as UTF-8, else by its look.

    Raises Unreadable when it is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if _ISO_2022_JP in data[:_SAMPLE] and data.isascii():
        return _strictly(data, "iso2022_jp")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _mended(data) or _strictly(data, _encoding(data))
    sample = text[:_SAMPLE]
    controls = len(_CONTROL.findall(sample))
    if "\0" in sample or controls > _MOST_CONTROLS * len(sample):
        msg = "not text: it holds binary data"
        raise Unreadable(msg)
    return text


def _mended(data: bytes) -> str | None:
    """Return text in UTF-8 that has some bytes of Windows-1252 in it; None when it has not.

    Two bytes that are one letter in UTF-8 hardly ever follow each other in other encodings.
    """
    broken = 0

    def western(error: UnicodeError) -> tuple[str, int]:
        nonlocal broken
        broken += 1
        assert isinstance(error, UnicodeDecodeError)  # noqa: S101 (it is decoding that asks)
        return data[error.start : error.start + 1].decode("cp1252", "replace"), error.start + 1

    codecs.register_error("newsflow.western", western)
    text = data.decode("utf-8", "newsflow.western")
    letters = sum(map(len, _NOT_ASCII.findall(text))) - broken
    return text if letters >= broken else None


def _encoding(data: bytes) -> str:
    """Return the likeliest encoding of bytes that are not UTF-8."""
    sample = data[:_SAMPLE]
    if 0 in sample:
        msg = "not text: it holds binary data"
        raise Unreadable(msg)
    best = from_bytes(sample, cp_isolation=[*_ONE_BYTE, *_OWN_LETTERS, *_SEVERAL_BYTES]).best()
    if best is None:
        msg = "not text in any encoding that can be told"
        raise Unreadable(msg)
    if best.encoding not in _ONE_BYTE:
        return best.encoding
    # Letters of one byte look alike in many encodings; read as a language only one makes sense.
    sense = {encoding: _sense(sample, encoding) for encoding in _ONE_BYTE}
    likeliest = max(_ONE_BYTE, key=sense.__getitem__)
    return likeliest if sense[likeliest] else best.encoding


def _sense(sample: bytes, encoding: str) -> float:
    """Return how well `sample`, read as `encoding`, reads as some language; 0 when not at all."""
    try:
        text = sample.decode(encoding)[:_READ]
        _, _, [(_, _, percent, score), *_] = pycld2.detect(text, bestEffort=True)
    except (UnicodeDecodeError, pycld2.error):
        return 0.0
    return float(score * percent)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        msg = f"broken {encoding} at byte {error.start}"
        raise Unreadable(msg) from None


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding of text with two or four bytes a character, by its mark or its NULs."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return None if encoding == "utf-8-sig" else encoding
    even, odd = head[::2], head[1::2]
    for encoding, letters, nuls in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        if nuls and nuls.count(0) > _MANY_NULS * len(nuls) and 0 not in letters:
            return encoding
    return None


def glance(head: bytes) -> str:
    """Return the text that `head` begins, without its mark, as well as it can be told."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return head.decode(encoding, "ignore").removeprefix("\ufeff")
    return "" if 0 in head else head.decode("utf-8", "replace")


def encoding_of(head: bytes) -> str:
    """Return the encoding of what begins with `head`, and has no mark or UTF-8's."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return _encoding(head)
    return "utf-8"
