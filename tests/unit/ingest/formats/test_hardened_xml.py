"""XML that nobody is trusted for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.xml_based import hardened_xml, xml_prolog
from services.ingest.records import Document, Limits
from shared.errors import Unreadable


def words(data: bytes) -> str:
    return hardened_xml.words(hardened_xml.parse(Document.of(data)))


def reason(data: bytes) -> str:
    with pytest.raises(Unreadable) as raised:
        hardened_xml.parse(Document.of(data))
    return str(raised.value)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]>',
        '<!DOCTYPE a [ <!ENTITY % x SYSTEM "http://example.com/x.dtd"> %x; ]>',
        '<!DOCTYPE a SYSTEM "a.dtd" [<!entity x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!-- \' ]> --><!ENTITY x "y">]>',
        '<!DOCTYPE a><!DOCTYPE a [<!ENTITY x "y">]>',
        '<?p ?><!-- > --><!DOCTYPE a [<!ATTLIST a b CDATA "]>"><! ENTITY x "y">]>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_an_entity_declaration_is_refused_however_it_is_written(
    doctype: str, encoding: str
) -> None:
    """In any encoding, as a parameter or for a file, in a second DOCTYPE."""
    assert "declares an entity" in reason(f"{doctype}<a>&x;</a>".encode(encoding))


def test_a_document_that_speaks_of_entities_declares_none() -> None:
    """Only the prolog declares."""
    assert words(b'<a><![CDATA[<!ENTITY x "y">]]></a>') == '<!ENTITY x "y">'


def test_a_dtd_is_named_and_never_loaded() -> None:
    """Its defaults are no one's words either."""
    data = b'<!DOCTYPE a SYSTEM "/etc/passwd" [<!ATTLIST a b CDATA "given">]><a>x</a>'

    root = hardened_xml.parse(Document.of(data))

    assert (root.text, root.get("b")) == ("x", None)
    assert root.getroottree().docinfo.internalDTD is None


@pytest.mark.parametrize("doctype", [b"<!DOCTYPE a [", b"<!DOCTYPE a '>", b"<!DOCTYPE a [ <!-- ]>"])
def test_a_doctype_without_end_is_refused(doctype: bytes) -> None:
    """No parser gets to see it."""
    assert reason(doctype + b"<a/>") == "not XML: its DOCTYPE does not end"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("caf&eacute;&nbsp;&mdash; &#233; &lt;b&gt; &amp;lt;", "café — é <b> &lt;"),
        ("AT&T, Q&A; &", None),
        ("AT&T and R&D & more", "AT&T and R&D & more"),
        ("it&#146;s &#128;5", "it’s €5"),
        ("&#xD83D;&#xDE00; &#55357;&#56832;", "😀 😀"),
        ("a&#0;b&#x1F;c&#xD800;d&#12;e", "abcd e"),
        ("a\x00b\x1fc\x0cd", "abc d"),
        ("<![CDATA[&nbsp; & <]]> &copy;", "&nbsp; & < ©"),
        ("x<!-- &nope; -->y<?p &nope; ?>z", "xyz"),
        ("&nosuchthing;", None),
    ],
)
def test_characters_have_their_one_meaning(written: str, said: str | None) -> None:
    """HTML's names, bare ampersands, Windows' numbers; what is in doubt is refused."""
    data = f"<a>{written}</a>".encode()

    if said is None:
        assert reason(data).startswith("not XML (line 1, column ")
    else:
        assert words(data) == said


TEXT = "Mañana: café “à la carte” – 5 €"


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("utf-8", "utf-8-sig"),
        ("utf-8", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("windows-1252", "utf-8"),
        ("utf-16", "utf-8"),
        ("utf-8", "utf-16"),
        ("utf-16", "utf-16-le"),
        ("utf-16", "utf-16-be"),
        ("no-such-thing", "utf-8"),
        ("zip", "utf-8"),
    ],
)
def test_the_encoding_is_what_it_is_whatever_is_declared(declared: str, encoding: str) -> None:
    """A mark, then UTF-8, then what is declared, then its look."""
    data = f'<?xml version="1.0" encoding="{declared}"?>\n<a>{TEXT}</a>'.encode(encoding)

    assert words(data) == TEXT


@pytest.mark.parametrize(
    ("declared", "encoding", "text"),
    [
        ("Shift_JIS", "cp932", "東京で地震"),
        ("GB2312", "gb18030", "联通"),
        ("ISO-8859-2", "iso8859_2", "Łódź żyje"),
        ("windows-1251", "cp1251", "Москва"),
        ("ISO-2022-JP", "iso2022_jp", "東京で地震"),
    ],
)
def test_a_declared_encoding_is_used(declared: str, encoding: str, text: str) -> None:
    """Where the bytes bear it out."""
    data = f'<?xml version="1.0" encoding="{declared}"?><a>{text}</a>'.encode(encoding)

    assert words(data) == text


@pytest.mark.parametrize("before", ["\n\n", "\ufeff", " \ufeff\n", "<!-- x -->", "<?x y?>"])
def test_what_stands_before_the_declaration_is_passed_over(before: str) -> None:
    """White space and marks, as agencies send them."""
    assert words(f'{before}<?xml version="1.0"?><a>x</a>'.encode()) == "x"


def test_a_reason_says_line_and_column() -> None:
    """Of the document as it came."""
    data = b'\n<?xml version="1.0"?>\n<!DOCTYPE a [\n]>\n<a>\n<b></a>'

    assert reason(data) == ("not XML (line 6, column 8): Opening and ending tag mismatch: b and a")


def test_nesting_is_bounded() -> None:
    """By the limit, and by libxml2's own."""
    deep = b"<a>" * 21 + b"</a>" * 21

    with pytest.raises(Unreadable, match="XML more than 20 levels deep"):
        hardened_xml.parse(Document.of(deep, limits=Limits(depth=20)))
    assert hardened_xml.parse(Document.of(deep, limits=Limits(depth=21))) is not None
    assert "more than 200 levels deep" in reason(b"<a>" * 100_000)


def test_a_prefix_without_a_namespace_is_read_by_its_name() -> None:
    """Well-formed but for its namespaces: some feeds are."""
    root = hardened_xml.parse(Document.of(b"<a><dc:b c:d='1'>x</dc:b></a>"))

    assert hardened_xml.words(hardened_xml.first(root, "b")) == "x"


def test_the_root_is_told_by_its_start_tag() -> None:
    """By name and namespace, in any encoding, behind any prolog."""
    text = '<?xml version="1.0"?><!DOCTYPE nitf [<!-- <x> -->]><n:b a="1" xmlns:n="urn:c">'

    for encoding in ("utf-8", "utf-16", "utf-16-le"):
        root = hardened_xml.root_of(Document.of(text.encode(encoding)))

        assert root is not None
        assert (root.name, root.namespace) == ("b", "urn:c")
    assert hardened_xml.root_of(Document.of(b"<BC-Flood\nplain text")) is not None
    assert hardened_xml.root_of(Document.of(b"a < b")) is None


@given(st.binary(max_size=200), st.sampled_from([b"", b"<a>", b"<!DOCTYPE a ", b"<!DOCTYPE a ["]))
def test_no_bytes_break_the_parser(data: bytes, before: bytes) -> None:
    """They are XML or Unreadable."""
    document = Document.of(before + data)

    hardened_xml.root_of(document)
    try:
        said = hardened_xml.parse(document).tag
    except Unreadable as error:
        said = str(error)

    assert said


DECLARATIONS = (
    *("<!DOCTYPE", " a", "[", "]", ">", '"', "'", "<!--", "-->", "<?", "?>"),
    *("<!ENTITY x 'y'>", "<a>", "&x;", "</a>"),
)


@given(st.lists(st.sampled_from(DECLARATIONS)))
def test_no_arrangement_of_declarations_gets_an_entity_through(parts: list[str]) -> None:
    """Whatever is parsed had no DTD."""
    try:
        root = hardened_xml.parse(Document.of("".join(parts).encode()))
    except Unreadable:
        return
    assert root.getroottree().docinfo.internalDTD is None


def test_too_many_unknown_prefixes_are_left_alone() -> None:
    """Nobody forgets to declare so many."""
    text = "<a>" + "".join(f"<p{number}:b/>" for number in range(60)) + "</a>"

    assert xml_prolog.with_prefixes(text) == text
