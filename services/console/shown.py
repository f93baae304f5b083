"""Bytes as people can read them: text where it is text, else rows of hexadecimal digits. Pure."""

from typing import Final, Literal

from pydantic import BaseModel

from shared.plain import plain

_MOST_TEXT: Final = 64 * 1024
_MOST_HEX: Final = 4 * 1024
_ROW: Final = 16
_BLANKS: Final = frozenset(b"\t\n\r")
_PRINTED: Final = range(0x20, 0x7F)


class Shown(BaseModel):
    r"""Some bytes, shown: what would turn or hide text is written `\u202e`, and not obeyed."""

    kind: Literal["text", "hex"]
    text: str
    size: int  # in bytes, of all
    is_cut: bool  # whether there is more than is shown


def shown(data: bytes) -> Shown:
    """Return the beginning of `data`."""
    head = data[:_MOST_TEXT]
    text = _text(head, is_whole=len(head) == len(data))
    if text is not None:
        return Shown(kind="text", text=plain(text), size=len(data), is_cut=len(data) > len(head))
    rows = "\n".join(_row(data, at) for at in range(0, min(len(data), _MOST_HEX), _ROW))
    return Shown(kind="hex", text=rows, size=len(data), is_cut=len(data) > _MOST_HEX)


def _text(head: bytes, *, is_whole: bool) -> str | None:
    """Return bytes as text; None when they are none. A character that is cut at the end goes."""
    if any(octet < _PRINTED.start and octet not in _BLANKS for octet in head):
        return None
    try:
        return head.decode()
    except UnicodeDecodeError as error:
        is_cut = not is_whole and error.reason == "unexpected end of data"
        return head[: error.start].decode() if is_cut else None


def _row(data: bytes, at: int) -> str:
    some = data[at : at + _ROW]
    printed = "".join(chr(octet) if octet in _PRINTED else "." for octet in some)
    return f"{at:08x}  {some.hex(' '):<{3 * _ROW}} {printed}"
