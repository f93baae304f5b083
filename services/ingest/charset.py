"""From bytes to text, whatever encoding they are in. Pure."""

import codecs
import re
from typing import Final

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
_WESTERN: Final = "cp1252"  # what browsers take unlabelled text for, too
_IN_USE: Final = (  # encodings that text still comes in; the others read like these by chance
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258"),
    *("iso8859_2", "iso8859_5", "iso8859_7", "iso8859_9", "koi8_r", "koi8_u", "cp874"),
    *("gb18030", "big5", "cp932", "euc_jp", "iso2022_jp", "cp949"),
)
_SAMPLE: Final = 100_000  # bytes that are looked at to tell an encoding
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_MOST_CONTROLS: Final = 0.01  # of the characters of a text


def decode(data: bytes) -> str:
    """Return the text that `data` holds: by its byte order mark, as UTF-8, else by its look.

    Raises Unreadable when it is no text.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = _strictly(data, _encoding(data))
    sample = text[:_SAMPLE]
    controls = len(_CONTROL.findall(sample))
    if "\0" in sample or controls > _MOST_CONTROLS * len(sample):
        msg = "not text: it holds binary data"
        raise Unreadable(msg)
    return text


def _encoding(data: bytes) -> str:
    """Return the likeliest encoding of bytes that are not UTF-8."""
    sample = data[:_SAMPLE]
    if 0 in sample:
        msg = "not text: it holds binary data"
        raise Unreadable(msg)
    guesses = from_bytes(sample, cp_isolation=list(_IN_USE))
    best = guesses.best()
    if best is None:
        msg = "not text in any encoding that can be told"
        raise Unreadable(msg)
    # A page of English with a few quotes and accents reads as well in five encodings.
    western = next((guess for guess in guesses if guess.encoding == _WESTERN), best)
    as_good = western.chaos <= best.chaos and western.coherence >= best.coherence
    return western.encoding if as_good else best.encoding


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        msg = f"broken {encoding} at byte {error.start}"
        raise Unreadable(msg) from None


def wide_encoding(head: bytes) -> str | None:
    """Return the encoding of text with two or four bytes a character, told by its mark."""
    found = (encoding for mark, encoding in _MARKS if head.startswith(mark))
    return next((encoding for encoding in found if encoding != "utf-8-sig"), None)


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
