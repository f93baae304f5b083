"""Text in the encoding that its document names: a web page, a part of a mail. Pure."""

import codecs
import re
from typing import Final

from services.ingest import charset
from shared.errors import Unreadable

_OF_TEXT: Final = re.compile(  # not those of Python that hold code, bytes or names of hosts
    r"ascii|utf-8(-sig)?|utf-16(-[lb]e)?|iso8859-[0-9]{1,2}|cp[0-9]{3,4}|koi8-[rtu]|gbk|gb2312"
    r"|gb18030|big5(hkscs)?|shift_jis\w{0,7}|euc_(jp|kr|jis_2004|jisx0213)|iso2022_\w{2,8}"
    r"|mac-\w{5,10}|tis-620|hz|johab"
)
_WESTERN: Final = "cp1252"
_READ_AS: Final = {  # by the Encoding Standard of the web: what pages name, and what they hold
    "ascii": _WESTERN,
    "iso8859-1": _WESTERN,
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
_MARKS: Final = (
    *(codecs.BOM_UTF8, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
    *(codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
)
_LONGEST_NAME: Final = 40  # characters


def decode(data: bytes, declared: str | None) -> str:
    """Return the text of `data`: by its byte order mark, in the `declared` encoding, else guessed.

    Bytes that are broken in the declared encoding become U+FFFD when no other fits. Raises
    Unreadable when it is no text.
    """
    encoding = known(declared)
    if encoding is None or any(data.startswith(mark) for mark in _MARKS):
        return charset.decode(data)
    text = _text(data, encoding)
    if "\0" in text:
        msg = "not text: it holds binary data"
        raise Unreadable(msg)
    return text


def known(declared: str | None) -> str | None:
    """Return Python's name of the encoding that is read for a declared one; None if unknown."""
    word = (declared or "").strip(" \t\r\n\"'")
    if not word or len(word) > _LONGEST_NAME or not word.isascii() or "\0" in word:
        return None
    try:
        name = codecs.lookup(word).name
    except LookupError:
        return None
    return _READ_AS.get(name, name) if _OF_TEXT.fullmatch(name) else None


def _text(data: bytes, encoding: str) -> str:
    # UTF-8 is often said to be Western; no Western text is UTF-8 by chance.
    for one in ("utf-8", encoding) if encoding == _WESTERN else (encoding, "utf-8"):
        try:
            return data.decode(one)
        except UnicodeDecodeError:
            continue
    return data.decode(encoding, "replace")
