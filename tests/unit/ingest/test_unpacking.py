"""From a file to the documents in it, whatever it is packed with."""

import bz2
import gzip
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from services.ingest import unpacking
from services.ingest.unpacking import Allowance, documents
from shared.errors import Unreadable

TEXT = b"The harbour reopened on Monday.\n" * 1000
MOST = 1024**3

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
}
packers = pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)


def unpacked(data: bytes, *, most: int = MOST, ratio: int = 250) -> list[tuple[str | None, object]]:
    """Return name and content of each document, or its reason."""
    found: list[tuple[str | None, object]] = []
    try:
        found.extend(
            (part.name, part.stream.read() if part.stream else part.reason)
            for part in documents(io.BytesIO(data), Allowance(len(data), most=most, ratio=ratio))
        )
    except Unreadable as error:
        found.append((None, str(error)))
    return found


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(*members: tuple[str, bytes, bytes], mode: str = "w") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, kind, data in members:
            entry = tarfile.TarInfo(name)
            entry.type, entry.size = kind, len(data) if kind == tarfile.REGTYPE else 0
            entry.linkname = data.decode() if kind != tarfile.REGTYPE else ""
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@packers
def test_a_packed_file_is_its_content(pack: Callable[[bytes], bytes]) -> None:
    """Told by its first bytes, never by its name."""
    assert unpacked(pack(TEXT)) == [(None, TEXT)]


@packers
def test_several_packed_streams_in_a_row_are_one(pack: Callable[[bytes], bytes]) -> None:
    """What `cat a.gz b.gz` makes, and what writers that append leave behind."""
    assert unpacked(pack(TEXT) + pack(TEXT)) == [(None, TEXT + TEXT)]


@packers
@pytest.mark.parametrize("left", [1, 7, 300])
def test_what_was_cut_off_says_so(pack: Callable[[bytes], bytes], left: int) -> None:
    """Never as if it had ended there."""
    [(_, said)] = unpacked(pack(os.urandom(5000))[:-left])

    assert "cut off" in str(said)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file may unpack to 1 MiB instead of 64, which would take its time."""
    monkeypatch.setattr(unpacking, "_FREE", 1024 * 1024)


@packers
@pytest.mark.usefixtures("small")
def test_a_bomb_is_stopped_by_its_ratio(pack: Callable[[bytes], bytes]) -> None:
    """However small it is packed."""
    [(_, said)] = unpacked(pack(b"\0" * 2 * 1024 * 1024), ratio=2)

    assert "unpacks to more than 1048576 bytes" in str(said)


@pytest.mark.usefixtures("small")
def test_an_archive_of_bombs_has_one_allowance() -> None:
    """Many members, or layers within each other, do not get round it."""
    half = b"\0" * 600 * 1024
    found = unpacked(
        zipped(("a.txt", half), ("b.txt", half), ("c.gz", gzip.compress(half))), ratio=2
    )

    assert "unpacks to more than" in str(found[-1][1])


@packers
def test_packed_within_packed_is_read(pack: Callable[[bytes], bytes]) -> None:
    """As deep as people do it, and no deeper."""
    deep = TEXT
    for _ in range(5):
        deep = pack(deep)

    assert unpacked(pack(pack(TEXT))) == [(None, TEXT)]
    assert unpacked(deep) == [(None, "packed more than 4 times over")]


def test_members_are_read_and_named() -> None:
    """Each with its path within the archive, and through what packs it."""
    archive = zipped(("desk/a.txt", TEXT), ("b.txt.gz", gzip.compress(TEXT)))

    assert unpacked(archive) == [("desk/a.txt", TEXT), ("b.txt.gz", TEXT)]
    assert unpacked(gzip.compress(archive)) == unpacked(archive)
    assert unpacked(tarred(("wires.zip", tarfile.REGTYPE, archive), mode="w:xz")) == [
        ("wires.zip/desk/a.txt", TEXT),
        ("wires.zip/b.txt.gz", TEXT),
    ]


@pytest.mark.parametrize("name", ["__MACOSX/._a.txt", ".DS_Store", "desk/Thumbs.db", "./.git/a"])
def test_what_file_managers_leave_behind_is_passed_over(name: str) -> None:
    """As dotfiles are in the inbox."""
    assert unpacked(zipped((name, TEXT), ("./b.txt", TEXT))) == [("./b.txt", TEXT)]
    assert unpacked(tarred((name, tarfile.REGTYPE, TEXT))) == []


@pytest.mark.parametrize("name", ["../x.txt", "/etc/x.txt", "a/../../x.txt", "C:\\x.txt", "..\\x"])
def test_a_name_that_leads_out_is_refused(name: str) -> None:
    """Zip-slip: its neighbours are read, nothing is written anywhere."""
    reason = "its name leads out of the archive"

    assert [said for _, said in unpacked(zipped((name, TEXT), ("b.txt", TEXT)))] == [reason, TEXT]
    assert unpacked(tarred((name, tarfile.REGTYPE, TEXT)))[0][1] == reason


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (tarfile.SYMTYPE, "a link"),
        (tarfile.LNKTYPE, "a link"),
        (tarfile.CHRTYPE, "no file: a device"),
        (tarfile.FIFOTYPE, "no file: a device"),
    ],
)
def test_links_and_devices_are_refused(kind: bytes, reason: str) -> None:
    """What they lead to is never opened."""
    archive = tarred(("x", kind, b"/etc/passwd"), ("b.txt", tarfile.REGTYPE, TEXT))

    assert unpacked(archive) == [("x", reason), ("b.txt", TEXT)]


def test_a_link_in_a_zip_is_refused() -> None:
    """Its content would be the path it leads to."""
    link = zipfile.ZipInfo("x")
    link.external_attr = 0o120777 << 16

    assert unpacked(zipped((link, b"/etc/passwd"))) == [("x", "a link")]


def test_an_encrypted_member_has_a_reason() -> None:
    """And its neighbours are read."""
    archive = bytearray(zipped(("a.txt", TEXT), ("b.txt", TEXT)))
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        archive[archive.index(mark) + flags] |= 1

    assert unpacked(bytes(archive)) == [("a.txt", "encrypted"), ("b.txt", TEXT)]


def test_a_damaged_member_harms_itself_only() -> None:
    """The records of the others go through."""
    archive = bytearray(zipped(("a.txt", os.urandom(1000)), ("b.txt", TEXT)))
    archive[100] ^= 255

    [first, second] = unpacked(bytes(archive))
    assert first == ("a.txt", "damaged: Bad CRC-32 for file 'a.txt'")
    assert second == ("b.txt", TEXT)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-le", "utf-32-be"])
def test_wide_text_is_given_as_utf8(encoding: str) -> None:
    """By its mark; so formats that read line by line need not know."""
    mark = "" if encoding in {"utf-16", "utf-32"} else "\ufeff"

    assert unpacked((mark + "Ein Café\n").encode(encoding)) == [(None, "Ein Café\n".encode())]


@given(st.data())
def test_damage_of_any_kind_is_a_reason(data: st.DataObject) -> None:
    """Cut, flipped, doubled: content or Unreadable, nothing else."""
    whole = data.draw(
        st.sampled_from(
            [
                *(pack(TEXT) for pack in PACKERS.values()),
                zipped(("a.txt", TEXT), ("b.txt", TEXT)),
                tarred(("a.txt", tarfile.REGTYPE, TEXT), mode="w:gz"),
                tarred(("a.txt", tarfile.REGTYPE, TEXT)),
            ]
        )
    )
    broken = bytearray(whole)
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=4)):
        broken[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(broken)))

    assert unpacked(bytes(broken[:cut])) is not None
