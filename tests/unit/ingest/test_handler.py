"""From the bytes of a file to its article."""

import gzip
import io
import itertools
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.handler import Position, Read
from shared.messages import RawArticle
from tests.builders import NOON
from tests.unit.ingest.files import read_file


def article_in(data: bytes) -> RawArticle:
    [found] = read_file(data)
    assert found.reason is None
    return RawArticle.model_validate_json(found.article)


def test_an_article_knows_its_file() -> None:
    """Path within the inbox, hash, record and byte range: where it stood."""
    origin = article_in(b"Harbour reopens\nIt did.").provenance.file

    assert origin is not None
    assert (origin.path, origin.sha256, origin.record) == ("desk/story.txt", "ab" * 32, 1)
    assert (origin.start, origin.end) == (0, 23)


def test_a_file_cannot_say_how_it_was_received() -> None:
    """Receipt and provenance are ours, whatever the JSON holds."""
    article = article_in(b'{"body": "x", "received_at": "1999-01-01", "provenance": {}}')

    assert article.received_at == NOON
    assert article.provenance.file is not None


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "latin-1", "cp1251"]
)
def test_text_is_read_in_whatever_encoding_it_has(encoding: str) -> None:
    """By its mark, as UTF-8, or by its look."""
    text = (
        "Президент заявил в понедельник, что страна готова к новым переговорам о мире."
        if encoding == "cp1251"
        else "Café owners in Zürich said prices rose, the ministry for trade in São Paulo agreed."
    )

    assert article_in(text.encode(encoding)).body == text


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "The minister said “we will not yield” – and Nestlé’s shares fell 3½ percent."),
        ("cp1252", "Le maire est déjà prêt à céder, les élèves français ont été reçus à Orléans."),
        ("cp1252", "El Niño llegó ayer a España según el señor Muñoz, dijo la compañía."),
        ("cp1252", "Die Bürger müssen künftig höhere Gebühren für Straßen zahlen."),
        ("cp1250", "Prezydent powiedział w poniedziałek, że rząd przyjmie nową ustawę o mediach."),
        ("cp1250", "Prezident v pondělí řekl, že vláda přijme nový zákon o médiích a že začne."),
        ("cp1251", "Президент заявил в понедельник, что страна готова к новым переговорам."),
        ("koi8_r", "ПРЕЗИДЕНТ ПОДПИСАЛ ЗАКОН О БЮДЖЕТЕ НА БУДУЩИЙ ГОД"),
        ("cp1255", "ראש הממשלה אמר ביום שני כי הממשלה תאשר את התקציב החדש בשבוע הבא"),
        ("cp1256", "قال الرئيس يوم الاثنين إن الحكومة ستوافق على الميزانية الجديدة"),
        ("iso2022_jp", "大統領は月曜日、新たな和平交渉の用意があると述べた。"),
        ("utf-16-le", "The harbour of Lima was closed by the storm on Monday."),
        ("utf-16-be", "The harbour of Lima was closed by the storm on Monday."),
        ("koi8_r", "Президент заявил в понедельник, что страна готова к новым переговорам."),
        ("cp1253", "Ο πρόεδρος δήλωσε τη Δευτέρα ότι η χώρα είναι έτοιμη για νέες συνομιλίες."),
        (
            "cp1254",
            "Cumhurbaşkanı pazartesi günü yeni yasanın çıkacağını söyledi, görüşme yapıldı.",
        ),
        ("gb18030", "总统星期一表示，国家准备进行新的和平谈判，政府将于下周公布新的法律草案。"),
        (
            "cp932",
            "大統領は月曜日、新たな和平交渉の用意があると述べた。政府は来週、法案を発表する。",
        ),
        (
            "euc_jp",
            "大統領は月曜日、新たな和平交渉の用意があると述べた。政府は来週、法案を発表する。",
        ),
        ("cp949", "대통령은 월요일 새로운 평화 회담을 준비하고 있다고 말했다."),
    ],
)
def test_an_encoding_that_nothing_names_is_told_by_its_language(encoding: str, text: str) -> None:
    """A sentence is enough: only one encoding makes sense of it."""
    assert article_in(text.encode(encoding)).body == text


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty: nothing but white space"),
        (b"\xff\xfe", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF, which is not read; save it as text or HTML"),
        (b"{\\rtf1\\ansi Harbour}", "a document in RTF, which is not read"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Word"),
        (bytes(range(256)) * 4, "not text: it holds binary data"),
        (b"\xef\xbb\xbf{", "not JSON (line 1, column 2)"),
        (b"[]", "no article in it"),
        (b"[[]]", "a JSON array; an article is a JSON object"),
        (b'{"a": ' * 100_000, "depth limit exceeded"),
        (b'{"body": "\\ud800"}', "no low surrogate in string"),
        (b'{"body": "x", "headline": NaN}', "unexpected character, expected a JSON value"),
        (b'{"body": "x", "body": "y"}', "a key stands twice: 'body'"),
        (b'{"body": "x", "version": 123456789012345678901234567890}', "`version`: "),
        (b'{"body": "x", "updated_at": "9999-12-31T23:59:59-14:00"}', "no such time in UTC"),
    ],
)
def test_what_holds_no_article_has_a_reason(data: bytes, reason: str) -> None:
    """In words for whoever dropped it, and nothing to publish."""
    [found] = read_file(data)

    assert reason in (found.reason or "")
    assert found.article == b""


@given(st.binary(max_size=2000))
def test_no_file_whatever_breaks_the_reader(data: bytes) -> None:
    """Any bytes are articles, or records with a reason."""
    found = read_file(data)

    assert found
    assert all(bool(one.article) != bool(one.reason) for one in found)


MIXED = b"""{"uri": "urn:a:1", "headline": "One"}
{"uri": "urn:a:2", "headline":
{"uri": "urn:a:3", "headline": "Three"}

{"uri": "urn:a:4"}
{"uri": "urn:a:5", "headline": "Five"}
"""


def test_good_records_of_a_broken_file_go_through() -> None:
    """Each bad one has its number, its bytes and its reason."""
    found = read_file(MIXED)

    assert [one.number for one in found] == [1, 2, 3, 4, 5]
    assert [bool(one.article) for one in found] == [True, False, True, False, True]
    bad = [one for one in found if one.reason]
    assert [MIXED[one.start : one.end] for one in bad] == [one.data for one in bad]
    assert bad[0].reason == "not JSON (column 31): unexpected end of data"
    assert "neither `headline` nor `body`" in (bad[1].reason or "")


def test_one_bad_byte_does_not_garble_all_the_others() -> None:
    """UTF-8 stays UTF-8; what is not is read as Windows would."""
    data = "Cafés in Zürich, ".encode() + "prêts à fermer".encode("cp1252")

    assert article_in(data * 3).body == "Cafés in Zürich, prêts à fermer" * 3


def test_a_limit_below_what_formats_are_told_by_holds() -> None:
    """The smallest limit is a reason like any other."""
    [found] = read_file(b"Harbour reopens\n" + b"word " * 1000, document_bytes=3000)

    assert "larger than 3000 bytes" in (found.reason or "")


def test_lines_whose_first_is_a_broken_end_are_lines() -> None:
    """What a resumed upload leaves is no plain text."""
    found = read_file(b'xxxx"}\n' + b'{"headline": "One"}\n' * 3)

    assert [bool(one.article) for one in found] == [False, True, True, True]


def _tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in (
            ("a.jsonl", MIXED),
            ("b.txt", b"Harbour reopens\nIt did.\n"),
            ("c.json", b'[{"headline": "x"}, 5, {"headline": "y"}]'),
            ("../d.txt", b"escapes"),
            ("e.txt", b""),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data", [MIXED, gzip.compress(MIXED), _tarred()], ids=["plain", "gz", "tgz"]
)
def test_reading_goes_on_from_wherever_it_stopped(data: bytes) -> None:
    """Whatever was read before, the rest is the same: nothing lost, nothing twice."""
    whole = read_file(data)

    for count, read in enumerate(whole, start=1):
        assert read_file(data, at=read.after) == whole[count:]


def test_an_article_knows_its_member() -> None:
    """Records are counted through all of an archive; bytes within the member."""
    found = read_file(_tarred())

    assert [one.member for one in found] == [
        *["a.jsonl"] * 5,
        "b.txt",
        *["c.json"] * 3,
        "../d.txt",
        "e.txt",
    ]
    assert [one.number for one in found] == list(range(1, 12))
    assert [one.reason for one in found[9:]] == ["its name leads out of the archive", "empty"]


def test_the_same_bytes_are_the_same_records() -> None:
    """Reading is repeatable, which going on after a crash builds on."""
    assert read_file(MIXED) == read_file(MIXED)


def test_an_article_over_the_limit_has_a_reason() -> None:
    """It would be parked by the next stage; so it is kept where its sender looks."""
    [found] = read_file(b'{"headline": "' + b"x" * 1000 + b'"}', article_bytes=500)

    assert "the limit is 500 (NEWSFLOW_MAX_ARTICLE_BYTES)" in (found.reason or "")


def test_positions_only_go_forward() -> None:
    """Each record ends behind the one before it."""
    found: list[Read] = read_file(_tarred())

    places = [Position(), *(one.after for one in found)]
    assert all(a.records + 1 == b.records for a, b in itertools.pairwise(places))
    assert all(a.documents <= b.documents for a, b in itertools.pairwise(places))
