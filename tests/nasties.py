"""Files that should not be, and what must be said of each: no article, never a crash or an escape.

By file name: the bytes, and a part of the reason. An archive may hold a good member beside the bad.
"""

import bz2
import functools
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from typing import NamedTuple

import zstandard


class Nasty(NamedTuple):
    """A file, and what the reason says that it, or a record of it, is refused for."""

    data: bytes
    reason: str


def _xml(body: str, prolog: str = "") -> bytes:
    return f'<?xml version="1.0" encoding="utf-8"?>{prolog}{body}'.encode()


def _laughs(root: str) -> bytes:
    entities = ['<!ENTITY a0 "ha">']
    entities += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return _xml(f"<{root}>&a9;</{root}>", f"<!DOCTYPE {root} [{''.join(entities)}]>")


def _zip(name: str | zipfile.ZipInfo, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return buffer.getvalue()


def _encrypted() -> bytes:
    data = bytearray(_zip("a.txt", b"secret"))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _tar(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        archive.addfile(entry, io.BytesIO())
    return buffer.getvalue()


def _link() -> zipfile.ZipInfo:
    link = zipfile.ZipInfo("link.txt")
    link.external_attr = 0o120777 << 16
    return link


@functools.cache
def _bomb() -> bytes:
    return b"\0" * 80 * 1024 * 1024


@functools.cache
def _quine_like() -> bytes:
    data = b"Harbour reopens"
    for _ in range(8):
        data = gzip.compress(data)
    return data


@functools.cache
def nasties() -> dict[str, Nasty]:
    """Return all of them; packed bombs of 80 MB take a second to make."""
    made = {**_texts(), **_json(), **_packed(), **_markup()}
    return {name: Nasty(*one) for name, one in made.items()}


def _texts() -> dict[str, tuple[bytes, str]]:
    return {
        "empty.txt": (b"", "empty"),
        "blank.txt": (b" \r\n\t \n" * 50, "nothing but white space"),
        "nul.txt": (b"Harbour\0reopens", "binary data"),
        "nul-late.txt": (b"Harbour reopens. " * 100 + b"\0" * 20, "binary data"),
        "png.txt": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1", "binary data"),
        "jpeg.txt": (b"\xff\xd8\xff\xe0\0\x10JFIF\0" * 20, "binary data"),
        "pdf.txt": (b"%PDF-1.7\n\x00\x01\x02" * 20, "a PDF"),
        "elf.txt": (b"\x7fELF\2\1\1" + bytes(range(256)), "binary data"),
        "random.txt": (bytes((n * 89 + n // 7) % 256 for n in range(5000)), "binary data"),
        "utf16-odd.txt": ("Häfen".encode("utf-16") + b"x", "truncated data"),
        "utf16-half.json": (b'\xff\xfe{\0"\0a\0"\0:\0"\0\x00\xd8"\0}\0', "surrogate"),
        "utf32-wild.txt": (b"\xff\xfe\0\0" + b"\xff\xff\xff\x7f", "codec can't decode"),
        "escapes.txt": (b"\x1b[2J\x07\x08\x01\x02" * 30, "binary data"),
    }


def _json() -> dict[str, tuple[bytes, str]]:
    deep = 100_000
    return {
        "half.json": (b'{"headline": "Har', "unexpected end of data"),
        "open.json": (b"{", "not JSON"),
        "comma.json": (b'{"headline": "x",}', "not JSON"),
        "single.json": (b"{'headline': 'x'}", "not JSON"),
        "nan.json": (b'{"headline": "x", "urgency": NaN}', "not JSON"),
        "infinity.json": (b'{"headline": "x", "urgency": -Infinity}', "not JSON"),
        "surrogate.json": (b'{"headline": "\\ud800"}', "surrogate"),
        "control.json": (b'{"headline": "' + b"Harbour reopens" * 20 + b'\x01"}', "not JSON"),
        "twice.json": (b'{"headline": "x", "headline": "y"}', "a key stands twice"),
        "deep-array.json": (b"[" * deep, "not JSON"),
        "deep-object.json": (b'{"a":' * deep, "not JSON"),
        "deep-closed.json": (b'{"headline":' + b"[" * deep + b"]" * deep + b"}", "depth limit"),
        "null.json": (b"[null]", "an article is a JSON object"),
        "text.json": (b'["Harbour reopens"]', "a JSON text"),
        "none.json": (b"{}", "neither `headline` nor `body`"),
        "list.json": (b"[]", "no article in it"),
        "number.json": (b'{"headline": 5}', "`headline`"),
        "object.json": (b'{"headline": {"$ne": null}}', "`headline`"),
        "overflow.json": (
            b'{"headline": "x", "version": 99999999999999999999999999}',
            "too many digits",
        ),
        "urgency.json": (b'{"headline": "x", "urgency": 99999999999999999999}', "`urgency`"),
        "date.json": (b'{"headline": "x", "updated_at": "yesterday"}', "`updated_at`"),
        "date-far.json": (b'{"headline": "x", "updated_at": 1e300}', "`updated_at`"),
        "date-edge.json": (
            b'{"headline": "x", "updated_at": "0001-01-01T00:00:00+14:00"}',
            "no such time in UTC",
        ),
        "status.json": (b'{"headline": "x", "pub_status": "perhaps"}', "`pub_status`"),
        "uri-long.json": (json.dumps({"headline": "x", "uri": "u" * 5000}).encode(), "`uri`"),
        "huge.json": (json.dumps({"body": "x" * 9_000_000}).encode(), "MAX_ARTICLE_BYTES"),
        "line-long.jsonl": (
            b'{"headline": "' + b"x" * 17_000_000 + b'"}\n{"headline": ',
            "MAX_RECORD_BYTES",
        ),
        "lines-broken.jsonl": (b'{"headline": \n{"body"}\n{]\n', "not JSON"),
        "junk-behind.json": (b'{"headline": "x"} junk', "not JSON"),
        "ninjs-picture.json": (
            b'{"uri": "urn:x", "type": "picture", "version": "1", "renditions": {}}',
            "picture",
        ),
    }


def _packed() -> dict[str, tuple[bytes, str]]:
    text = b"Harbour reopens after storm\n" * 500
    return {
        "bomb.gz": (gzip.compress(_bomb()), "unpacks to more than"),
        "bomb.bz2": (bz2.compress(_bomb()), "unpacks to more than"),
        "bomb.xz": (lzma.compress(_bomb(), preset=0), "unpacks to more than"),
        "bomb.zst": (zstandard.compress(_bomb()), "unpacks to more than"),
        "bomb.zip": (_zip("a.txt", _bomb()), "unpacks to more than"),
        "bomb-bomb.gz": (gzip.compress(gzip.compress(_bomb())), "unpacks to more than"),
        "layers.gz": (_quine_like(), "packed more than"),
        "cut.gz": (gzip.compress(text)[:-9], "cut off"),
        "cut.bz2": (bz2.compress(text)[:-9], "cut off"),
        "cut.xz": (lzma.compress(text)[:-9], "cut off"),
        "cut.zst": (zstandard.compress(text)[:-3], "cut off"),
        "head-only.gz": (b"\x1f\x8b\x08\0\0\0\0\0\0\3", "cut off"),
        "crc.gz": (gzip.compress(text)[:-8] + b"\0" * 8, "damaged"),
        "cut.zip": (_zip("a.txt", text)[:-30], "damaged zip"),
        "empty.zip": (b"PK\x05\x06" + b"\0" * 18, "no article in it"),
        "word.docx": (_zip("[Content_Types].xml", b"<Types/>"), "an Office document"),
        "slip.zip": (_zip("../../../tmp/escaped.txt", text), "leads out of the archive"),
        "slip-windows.zip": (_zip("..\\..\\escaped.txt", text), "leads out of the archive"),
        "absolute.tar": (_tar("/etc/cron.d/x"), "leads out of the archive"),
        "symlink.zip": (_zip(_link(), b"/etc/passwd"), "a link"),
        "symlink.tar": (_tar("x.txt", tarfile.SYMTYPE, "/etc/passwd"), "a link"),
        "hardlink.tar": (_tar("x.txt", tarfile.LNKTYPE, "/etc/passwd"), "a link"),
        "device.tar": (_tar("x.txt", tarfile.CHRTYPE), "a device"),
        "encrypted.zip": (_encrypted(), "encrypted"),
        "cut.tar": (_tar("x.txt")[:300] + b"ustar" * 50, "damaged tar"),
    }


def _markup() -> dict[str, tuple[bytes, str]]:
    nitf = "<nitf><body><body.content>{}</body.content></body></nitf>"
    external = '<!DOCTYPE {} [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    return {
        "laughs.xml": (_laughs("nitf"), "entit"),
        "laughs-rss.xml": (_laughs("rss"), "entit"),
        "laughs-g2.xml": (_laughs("newsItem"), "entit"),
        "external.xml": (_xml(nitf.format("<p>&x;</p>"), external.format("nitf")), "entit"),
        "external-rss.xml": (
            _xml("<rss><channel><title>&x;</title></channel></rss>", external.format("rss")),
            "entit",
        ),
        "parameter.xml": (
            _xml("<nitf/>", '<!DOCTYPE nitf [<!ENTITY % x SYSTEM "http://127.0.0.1:1/x"> %x;]>'),
            "entit",
        ),
        "external-utf16.xml": (
            _xml(nitf.format("<p>&x;</p>"), external.format("nitf"))
            .decode()
            .replace("utf-8", "utf-16")
            .encode("utf-16"),
            "entit",
        ),
        "deep.xml": (_xml("<nitf>" + "<p>" * 50_000), ""),
        "deep-closed.xml": (_xml("<nitf>" + "<p>" * 5000 + "</p>" * 5000 + "</nitf>"), ""),
        "half.xml": (_xml("<nitf><body><body.content><p>Harb"), ""),
        "no-body.xml": (_xml("<nitf><head><title/></head></nitf>"), ""),
        "unknown.xml": (_xml("<invoice><total>5</total></invoice>"), "invoice"),
        "picture-g2.xml": (
            _xml(
                '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:x" version="1">'
                '<itemMeta><itemClass qcode="ninat:picture"/></itemMeta><contentSet>'
                '<remoteContent href="a.jpg"/></contentSet></newsItem>'
            ),
            "picture",
        ),
        "no-items.xml": (_xml('<rss version="2.0"><channel></channel></rss>'), ""),
        "page-empty.html": (b"<!doctype html><html><body></body></html>", ""),
        "page-deep.html": (b"<!doctype html><html>" + b"<div>" * 100_000, ""),
        "page-script.html": (b"<!doctype html><html><script>alert(1)</script></html>", ""),
        "mail-empty.eml": (b"From: a@b.example\r\nSubject: \r\nDate: never\r\n\r\n", ""),
        "warc-cut.warc": (b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 999\r\n\r\nHT", ""),
        "table-cells.csv": (b"headline,body\none,two,three,four\n", "cells"),
    }
