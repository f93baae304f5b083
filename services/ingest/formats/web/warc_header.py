"""The headers in a web archive: that of a record, and that of a response in it. Pure."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Final, NamedTuple

from warcio.statusandheaders import StatusAndHeadersParser

_PARSER: Final = StatusAndHeadersParser([], verify=False)
_LENGTH: Final = re.compile(r"[0-9]{1,15}")


class Header(NamedTuple):
    """The fields of a header, whose first line says `status`, and its `size` with the line ends."""

    status: str
    fields: Mapping[str, str]  # by their name in lower case
    size: int

    def named(self, name: str) -> str:
        """Return a field; empty where it is not given."""
        return self.fields.get(name, "")

    @property
    def length(self) -> int | None:
        """How many bytes follow; None where that is not said."""
        match = _LENGTH.fullmatch(self.named("content-length"))
        return int(match[0]) if match else None

    @property
    def content_type(self) -> tuple[str, str]:
        """The media type, and the encoding of text."""
        kind, _, rest = self.named("content-type").partition(";")
        charset = rest.lower().partition("charset=")[2].partition(";")[0]
        return kind.strip().lower(), charset.strip(" \t\"'")


def header(data: bytes) -> Header | None:
    """Return the header that `data` begins with; None when it does not end in it."""
    stream = BytesIO(data)
    try:
        found = _PARSER.parse(stream)
    except EOFError:
        return None
    size = stream.tell()
    if not data[:size].endswith((b"\n\n", b"\n\r\n")):
        return None
    fields: dict[str, str] = {}
    for name, value in found.headers:
        fields.setdefault(name.strip().lower(), value.strip())
    return Header(found.statusline, fields, size)
