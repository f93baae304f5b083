"""The article in one record of a web archive, if that is a page. Pure."""

import zlib
from io import BytesIO
from typing import Any, Final

import zstandard
from warcio.bufferedreaders import ChunkedDataReader

from services.ingest.formats.json_based import json_values
from services.ingest.formats.web import declared_charset, web_page
from services.ingest.formats.web.warc_header import Header, header
from services.ingest.records import Limits
from shared.errors import Unreadable

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
_PLAIN: Final = "text/plain"
_OK: Final = "200"
_GZIP: Final = frozenset({"gzip", "x-gzip", "deflate"})
_WITHIN: Final = {True: zlib.MAX_WBITS | 32, False: -zlib.MAX_WBITS}  # gzip or zlib; bare deflate


def is_page(described: Header, block: bytes) -> bool:
    """Say whether a record, of which `block` is the beginning behind its header, is a page."""
    return _page(described, block) is not None


def fields(described: Header, block: bytes, limits: Limits) -> dict[str, Any] | None:
    """Return the fields of the article in a record; None when it is no page.

    The address and the time of the archive stand in for those that the page does not say. Raises
    Unreadable when the page cannot be unpacked, or has no text.
    """
    page = _page(described, block)
    if page is None:
        return None
    kind, charset = page.content_type
    data = _unpacked(page, block[page.size :], limits)
    url = described.named("warc-target-uri").strip("<> ")
    if not url.lower().startswith(("http://", "https://")) or len(url) > json_values.LONGEST_ID:
        url = ""
    if kind in _HTML:
        found = web_page.fields(data, limits, declared=charset, url=url or None)
    else:
        found = {"body": declared_charset.decode(data, charset), "url": url}
        if not found["body"].strip():
            msg = "a page without text"
            raise Unreadable(msg)
    if not {"published_at", "updated_at"} & found.keys():
        found["published_at"] = json_values.likely_moment(described.named("warc-date"))
    return json_values.filled(found)


def _page(described: Header, block: bytes) -> Header | None:
    """Return the header of the page in a record: that of the response, else the record's own."""
    kind = described.named("warc-type").lower()
    if kind == "response" and described.content_type[0] == "application/http":
        response = header(block)
        is_ok = response is not None and response.status.split(" ")[0] == _OK
        return response if response and is_ok and response.content_type[0] in _HTML else None
    if kind in {"resource", "conversion"} and described.content_type[0] in {*_HTML, _PLAIN}:
        return described._replace(fields={**described.fields, "content-encoding": ""}, size=0)
    return None


def _unpacked(page: Header, data: bytes, limits: Limits) -> bytes:
    """Return the body of a response, joined and unpacked."""
    if page.size and page.named("transfer-encoding").lower() == "chunked":
        data = ChunkedDataReader(BytesIO(data)).read()
    for encoding in reversed(page.named("content-encoding").lower().split(",")):
        data = _inflated(data, encoding.strip(), limits.document_bytes)
    return data


def _inflated(data: bytes, encoding: str, most: int) -> bytes:
    """Return what was packed; bytes that are not, whatever was said of them, as they are."""
    if encoding in {"", "identity"}:
        return data
    try:
        if encoding in _GZIP:
            unpacked = _zlib(data, most)
        elif encoding == "zstd":
            reader = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
            unpacked = reader.read(most + 1)
        else:
            msg = f"packed by {encoding[:40]!r}, which is not read"
            raise Unreadable(msg)
    except (zlib.error, zstandard.ZstdError):
        if data.lstrip()[:1] == b"<":  # unpacked by who archived it
            return data
        msg = f"broken {encoding}"
        raise Unreadable(msg) from None
    if len(unpacked) > most:
        msg = f"larger than {most} bytes once it is unpacked (NEWSFLOW_MAX_DOCUMENT_BYTES)"
        raise Unreadable(msg)
    return unpacked


def _zlib(data: bytes, most: int) -> bytes:
    """Return what was packed by gzip or deflate, at most one byte more than `most`."""
    pieces: list[bytes] = []
    left = most + 1
    within = True
    while data and left > 0:
        unpacker = zlib.decompressobj(_WITHIN[within])
        try:
            piece = unpacker.decompress(data, left)
        except zlib.error:
            if not within or pieces:
                raise
            within = False
            continue
        if not unpacker.eof and len(piece) < left:
            msg = "cut off"
            raise zlib.error(msg)
        pieces.append(piece)
        left -= len(piece)
        data = unpacker.unused_data.lstrip(b"\0")
    return b"".join(pieces)
