"""Mail with an article in it, one message or many."""

import io
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.formats.mail import mail
from services.ingest.records import Document, Limits
from tests.unit.ingest.formats.xml_cases import (
    broken,
    fields,
    reason,
    recognised,
    records,
    survives,
)

HEADER = """From: =?utf-8?q?Ann_L=C3=A9e?= <ann@vesper.example>
To: desk@vesper.example
Date: Mon, 23 Nov 2026 10:00:00 +0100 (CET)
Subject: =?utf-8?b?SGFyYm91ciDigJM=?= =?iso-8859-1?q?_reopens_after?=
 storm
Message-ID: <vw-1@vesper.example>
Organization: Vesper Wire
Content-Language: en-GB
Keywords: shipping, ports
"""
STORY = f"{HEADER}\nThe harbour reopened.\n\nShips sailed.\n"
DIVIDER = "From ann@vesper.example Mon Nov 23 09:00:00 2026\n"
SHORT = "From: bo@vesper.example\nSubject: Two\n\nB.\n"
MBOX = f"{DIVIDER}{STORY}>From the quay they sailed.\n\n{DIVIDER}{SHORT}\n{DIVIDER}{SHORT}"
MIXED = (
    HEADER
    + """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The caf=E9 of the harbour =
reopened.
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+VGhlIGNhZsOpIG9mIHRoZSBoYXJib3VyIHJlb3BlbmVkLjwvcD4=
--inner--
--outer
Content-Type: text/plain; name=notes.txt
Content-Disposition: attachment; filename=notes.txt

Notes of the desk.
--outer--
"""
)


def part(content_type: str, content: str, *more: str) -> str:
    return "\n".join(["Subject: A", f"Content-Type: {content_type}", *more, "", content])


def multipart(kind: str, *parts: str) -> str:
    return part(
        f"multipart/{kind}; boundary=b", "".join(f"--b\n{one}\n" for one in parts) + "--b--"
    )


def test_the_header_says_what_of_the_article() -> None:
    """Encoded words are decoded, also several in one field."""
    assert fields(mail, STORY) == {
        "guid": "vw-1@vesper.example",
        "headline": "Harbour – reopens after storm",
        "byline": "Ann Lée",
        "source": "Vesper Wire",
        "language": "en-GB",
        "subjects": [{"name": "shipping"}, {"name": "ports"}],
        "published_at": datetime(2026, 11, 23, 9, tzinfo=UTC),
        "body": "The harbour reopened.\n\nShips sailed.",
    }


def test_source_is_the_domain_of_the_sender_who_names_no_organisation() -> None:
    """An address alone is no byline."""
    assert fields(mail, SHORT) == {"headline": "Two", "source": "vesper.example", "body": "B."}


def test_the_plain_alternative_is_the_text_and_attachments_are_left_out() -> None:
    """Whatever they are encoded in."""
    assert fields(mail, MIXED)["body"] == "The café of the harbour reopened."


def test_html_is_the_body_where_there_is_no_plain_text() -> None:
    """It is kept as it came."""
    assert fields(mail, part("text/html", "<p>Ships.</p>"))["body_html"].strip() == "<p>Ships.</p>"


def test_a_plain_alternative_that_only_points_to_html_is_none() -> None:
    """Newsletters have it."""
    html = f"<p>{'The harbour reopened. ' * 10}</p>"
    said = multipart("alternative", part("text/plain", "View online."), part("text/html", html))

    assert fields(mail, said)["body_html"].strip() == html


def test_all_texts_of_a_mail_are_its_body() -> None:
    """A footer that a list adds in plain text does not stand for the story in HTML."""
    said = multipart("mixed", part("text/html", "<p>Ships.</p>"), part("text/plain", "A list."))

    assert fields(mail, said)["body"] == "Ships.\n\nA list."


@pytest.mark.parametrize(
    ("parameters", "text", "body"),
    [
        ("format=flowed", "The harbour \nreopened.\nShips.", "The harbour reopened.\nShips."),
        ("format=flowed; delsp=yes", "The har \nbour.", "The harbour."),
        ("format=flowed", " From here.\n> a \n> b\nc", "From here.\n>a b\nc"),
        ("format=flowed", "Ships. \n-- \nAnn", "Ships. \n-- \nAnn"),
        ("format=fixed", "The harbour \nreopened.", "The harbour \nreopened."),
    ],
)
def test_flowed_text_is_joined_to_paragraphs(parameters: str, text: str, body: str) -> None:
    """By RFC 3676; other text is left as it is."""
    found = fields(mail, part(f"text/plain; {parameters}", text))["body"]

    assert [line.rstrip() for line in found.splitlines()] == [
        line.rstrip() for line in body.splitlines()
    ]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("; charset=koi8-r", "koi8-r"),
        ('; charset="windows-1251"', "cp1251"),
        ("; charset*=us-ascii''utf-8", "utf-8"),
        ("", "utf-8"),
        ("; charset=x-unknown", "utf-8"),
        ("; charset=us-ascii", "utf-8"),
    ],
)
def test_text_is_in_the_encoding_that_is_said(charset: str, encoding: str) -> None:
    """One that is missing, unknown or wrong is guessed."""
    header = f"Subject: A\nContent-Type: text/plain{charset}\nContent-Transfer-Encoding: 8bit\n\n"

    found = fields(mail, header.encode() + "Порт Веспер открыт".encode(encoding))

    assert found["body"] == "Порт Веспер открыт"


@pytest.mark.parametrize(
    ("subject", "headline"),
    [
        ("Порт открыт", "Порт открыт"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?b?ww==?= =?utf-8?b?qQ==?= c", "é c"),
        ("=?utf-8*en?q?=C3=A9?=", "é"),
        ("=?nonsense?q?a_b?=", "a b"),
        ("=?utf-8?b?!!!?= a", "a"),
        ("A =?utf-8?q?b?= c", "A b c"),
        ("=?utf-8?q?a", "=?utf-8?q?a"),
    ],
)
def test_subjects_are_decoded_as_they_are_sent(subject: str, headline: str) -> None:
    """By the book or not."""
    assert fields(mail, f"From: a@b.example\nSubject: {subject}\n\nText.")["headline"] == headline


@pytest.mark.parametrize(
    "header",
    [
        "Message-ID: <[anu10].1c69@[anu13].EXAMPLE>",
        "From: a@b.example,",
        'From: "',
        "From: (c):",
        "Date: the day before yesterday",
        "Date: Mon, 23 Nov 9999 23:00:00 -2359",
        "Content-Type: text/plain; name*",
        "Content-Type: text/plain; charset*=utf-8'",
        "Content-Type: ;;;",
        "Content-Transfer-Encoding: uuencode",
        "Subject: \ud800",
    ],
)
def test_a_field_that_is_broken_costs_no_mail(header: str) -> None:
    """Such are sent every day."""
    said = f"Subject: A\n{header}\n\nThe harbour reopened.".encode("utf-8", "surrogatepass")

    assert "harbour" in fields(mail, said)["body"]


def test_a_mail_of_a_subject_alone_is_a_flash() -> None:
    """There is nothing more to say."""
    assert (
        fields(mail, "From: a@b.example\nSubject: Harbour open\n\n")["headline"] == "Harbour open"
    )


def test_a_mail_without_text_has_a_reason() -> None:
    """It says what is attached in place of it."""
    picture = part("image/jpeg; name=quay.jpg", "AAAA", "Content-Transfer-Encoding: base64")

    assert reason(mail, multipart("mixed", picture)) == (
        "a mail without text; attached: quay.jpg (image/jpeg)"
    )
    assert reason(mail, "From: a@b.example\nDate: x\n\n") == "a mail without text"


def test_a_mail_that_is_forwarded_as_an_attachment_is_the_article() -> None:
    """With its own header."""
    assert fields(mail, multipart("mixed", f"Content-Type: message/rfc822\n\n{STORY}")) == fields(
        mail, STORY
    )


def test_mails_that_are_attached_to_an_empty_one_have_a_reason() -> None:
    """Several articles cannot be one."""
    one = f"Content-Type: message/rfc822\n\n{SHORT}"

    assert reason(mail, multipart("mixed", one, one)) == (
        "a mail without text of its own, with 2 mails attached"
    )


@pytest.mark.parametrize("times", [6, 100, 3000])
def test_mails_within_mails_have_an_end(times: int) -> None:
    """Python's library recurses into them."""
    assert "a mail" in reason(mail, "Content-Type: message/rfc822\n\n" * times + SHORT)


@pytest.mark.parametrize("times", [250, 3000])
def test_parts_within_parts_have_an_end(times: int) -> None:
    """It recurses into them, too."""
    levels = (f"Content-Type: multipart/mixed; boundary=b{at}\n\n--b{at}\n" for at in range(times))

    assert "a mail" in reason(mail, "".join(levels) + "\nShips.")


def test_each_message_of_an_mbox_is_an_article_with_its_bytes() -> None:
    """And stands by itself in them; lines that begin like a divider are freed of their mark."""
    data = MBOX.encode()

    found = records(mail, data)

    assert [(record.fields or {})["headline"] for record in found] == [
        "Harbour – reopens after storm",
        "Two",
        "Two",
    ]
    assert (found[0].fields or {})["body"].endswith("\nFrom the quay they sailed.")
    assert b"".join(record.data for record in found) == data
    assert [data[record.start : record.end] for record in found] == [one.data for one in found]
    assert records(mail, found[1].data)[0].fields == found[1].fields


@pytest.mark.parametrize("seekable", [True, False])
def test_reading_an_mbox_goes_on_at_a_message(seekable: bool) -> None:
    """Behind those that were read before."""
    source = io.BytesIO(MBOX.encode())
    source.seekable = lambda: seekable  # type: ignore[method-assign]
    all_of_them = records(mail, MBOX)

    assert list(mail.read(Document(source, start=all_of_them[1].start))) == all_of_them[1:]


def test_behind_a_single_message_there_is_no_other() -> None:
    """It is not read twice."""
    assert list(mail.read(Document.of(STORY.encode(), start=len(STORY)))) == []


def test_a_broken_message_of_an_mbox_harms_no_other() -> None:
    """It has a reason."""
    found = records(mail, f"{DIVIDER}Date: x\n\n{DIVIDER}{SHORT}")

    assert [record.reason for record in found] == ["a mail without text", None]


def test_a_message_that_is_too_long_is_passed_over() -> None:
    """Its bytes are not held in memory."""
    data = f"{DIVIDER}{SHORT}{'x' * 60 + chr(10) * 50_000}\n{DIVIDER}{SHORT}".encode()

    found = list(mail.read(Document.of(data, limits=Limits(record_bytes=1000))))

    assert "the limit is 1000" in (found[0].reason or "")
    assert (found[0].data, found[1].reason) == (b"", None)


def test_what_python_writes_is_read() -> None:
    """With the line ends of the wire."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "Ann Lée <ann@vesper.example>"
    message["Subject"] = "Häfen öffnen " * 10
    message.set_content("Schiffe fahren über Nacht.\n")
    message.add_alternative("<p>Schiffe fahren über Nacht.</p>", subtype="html")

    found = fields(mail, message.as_bytes())

    assert found["headline"] == ("Häfen öffnen " * 10).strip()
    assert found["body"].strip() == "Schiffe fahren über Nacht."


@pytest.mark.parametrize(
    "text", [STORY, MBOX, f"\n{STORY}", STORY.replace("\n", "\r\n"), f"\ufeff{SHORT}"]
)
def test_mail_is_recognised(text: str) -> None:
    """By two or more of the usual fields."""
    assert recognised(mail, text)


@pytest.mark.parametrize(
    "text",
    [
        "From our correspondent:\nPORT VESPER (VW) - The harbour reopened.\n",
        "From: our correspondent\n\nThe harbour reopened.\n",
        "Subject: harbour\nSlug: vesper\n\nThe harbour reopened.\n",
        "PORT VESPER (VW): reopened\nFrom: x\nDate: y\n\n",
        "From the quay Mon Nov 23 09:00:00 2026\nit sailed.\n",
        "",
        "\n\n",
    ],
)
def test_stories_are_no_mail(text: str) -> None:
    """Even those that begin like it."""
    assert not recognised(mail, text)


@given(
    st.binary(max_size=300), st.sampled_from(["", HEADER, DIVIDER, "Content-Type: multipart/x;"])
)
def test_no_bytes_break_it(data: bytes, before: str) -> None:
    """An article, or a reason."""
    assert survives(mail, before.encode() + data)


@given(broken(MIXED) | broken(MBOX) | broken(multipart("mixed", SHORT, STORY)))
def test_no_broken_mail_breaks_it(data: bytes) -> None:
    """Cut, changed or repeated anywhere."""
    assert survives(mail, data)


@given(
    st.sampled_from(["From", "Date", "Subject", "Content-Type", "Content-Disposition", "Keywords"]),
    st.text(";=\"'*()<>@,:\\?/ \ta0é\ud800", max_size=40),
)
def test_no_field_breaks_it(name: str, value: str) -> None:
    """Whatever stands in it."""
    said = f"Subject: A\nMIME-Version: 1.0\n{name}: {value}\n\nText."

    assert survives(mail, said.encode("utf-8", "surrogatepass"))
