"""From the bytes of an XML document to the text that a strict parser takes. Pure.

Only what has one possible meaning is mended: the encoding, when it is not the declared one; HTML's
named characters, a bare ampersand and Windows' characters by number; characters XML forbids. The
prolog is blanked with its DOCTYPE, so that no parser sees a DTD; lines keep their numbers.
"""

import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from html.entities import html5
from typing import Final

from services.ingest import charset
from services.ingest.formats.xml_based import xml_prolog
from shared.errors import Unreadable

_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff")
_UNMARKED: Final = (  # how UTF-16 and UTF-32 begin that have no mark: with "<"
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)
_DECLARED: Final = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})")
_ONE_BYTE: Final = {
    **{name: name for name in ("koi8_r", "koi8_u", "cp437", "cp850", "cp852", "cp866", "cp874")},
    **{f"cp125{page}": f"cp125{page}" for page in range(9)},
    **{f"iso8859_{part}": f"iso8859_{part}" for part in (*range(2, 12), *range(13, 17))},
    "latin_1": "cp1252",  # as browsers read it: nobody writes its control characters
    "mac_roman": "mac_roman",
    "tis_620": "cp874",
}
_MANY_BYTES: Final = {
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
    **dict.fromkeys(("shift_jis", "cp932"), "cp932"),
    **dict.fromkeys(("euc_kr", "cp949"), "cp949"),
    **{name: name for name in ("big5", "big5hkscs", "cp950", "euc_jp", "iso2022_jp")},
}
_CONTROLS: Final = bytes({*range(32)} - {9, 10, 11, 12, 13, 27})  # 27 is ISO-2022-JP's
_BREAKS: Final = re.compile(r"[\x0b\x0c]")
_FORBIDDEN: Final = re.compile(r"[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_SKIPPED: Final = re.compile(r"<!\[CDATA\[|<!--|<\?")
_ENDS: Final = {"<![CDATA[": "]]>", "<!--": "-->", "<?": "?>"}
_REFERENCE: Final = re.compile(
    r"&(?:(#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z_][\w.:-]*);)?", re.ASCII
)
_PAIR: Final = re.compile(
    r"&#([xX][dD][89abAB][0-9a-fA-F]{2}|5[56][0-9]{3});"
    r"&#([xX][dD][c-fC-F][0-9a-fA-F]{2}|5[67][0-9]{3});"
)
_XML_NAMES: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})


def clean(data: bytes) -> str:
    """Return the text of the XML document `data`, of which only elements and text are left.

    Raises Unreadable when it is no text, declares an entity, or its DOCTYPE does not end.
    """
    text = _BREAKS.sub(" ", decode(data))
    text = _FORBIDDEN.sub("", text)
    start = xml_prolog.end_of(text)
    return "\n" * text.count("\n", 0, start) + _with_known_characters(text[start:])


def decode(data: bytes) -> str:
    """Return the text of `data` by its mark, its look or what it declares, whichever is right.

    Raises Unreadable when it is none.
    """
    if data.startswith(_MARKS):
        return charset.decode(data)
    for beginning, encoding in _UNMARKED:
        if data.startswith(beginning):
            return _strictly(data, encoding)
    data = data.translate(None, _CONTROLS)
    declared = _declared(data)
    # Text that is UTF-8 throughout is no other alphabet, whatever it says; but two bytes of Chinese
    # can look like UTF-8 by chance.
    tried = (_MANY_BYTES.get(declared), "utf-8", _ONE_BYTE.get(declared))
    for encoding in filter(None, tried):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return charset.decode(data)


def glance(head: bytes) -> str:
    """Return the text that `head` begins, as well as it can be told. Never raises."""
    for beginning, encoding in _UNMARKED:
        if head.startswith(beginning):
            return head.decode(encoding, "ignore")
    marked = head.startswith(_MARKS)
    return charset.glance(head if marked else head.translate(None, _CONTROLS))


def _declared(data: bytes) -> str:
    match = _DECLARED.match(data[:1000].lstrip())
    label = normalize_encoding(match[1].decode("ascii")).lower() if match else ""
    return aliases.get(label, label)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        msg = f"broken {encoding} at byte {error.start}"
        raise Unreadable(msg) from None


def _with_known_characters(text: str) -> str:
    """Return `text` with its references as XML knows them, outside of CDATA and comments."""
    if "&" not in text:
        return text
    pieces = []
    at = 0
    while match := _SKIPPED.search(text, at):
        end = text.find(_ENDS[match[0]], match.end())
        pieces.append(_known(text[at : match.start()]))
        at = len(text) if end < 0 else end
        pieces.append(text[match.start() : at])
    pieces.append(_known(text[at:]))
    return "".join(pieces)


def _known(text: str) -> str:
    return _REFERENCE.sub(_character, _PAIR.sub(_joined, text))


def _joined(match: re.Match[str]) -> str:
    """Return the character whose UTF-16 halves stand there, as some software writes them."""
    high, low = (_number(digits) for digits in match.groups())
    if 0xD800 <= high < 0xDC00 <= low < 0xE000:  # noqa: PLR2004 (Unicode's ranges)
        return f"&#{0x10000 + ((high - 0xD800) << 10) + low - 0xDC00};"
    return match[0]


def _number(digits: str) -> int:
    return int(digits[1:], 16) if digits[0] in "xX" else int(digits)


def _character(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&amp;"
    if name[0] != "#":
        value = None if name in _XML_NAMES else html5.get(f"{name};")
        return match[0] if value is None else "".join(f"&#{ord(char)};" for char in value)
    number = _number(name[1:])
    if 0x80 <= number < 0xA0:  # noqa: PLR2004 (Windows' characters, as browsers read them)
        return bytes([number]).decode("cp1252", "ignore")
    if number > 0x10FFFF or _FORBIDDEN.match(chr(number)):  # noqa: PLR2004 (Unicode's last)
        return ""
    return " " if _BREAKS.match(chr(number)) else match[0]
