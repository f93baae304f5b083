"""One message of mail: its header, its text, and the message that may be attached to it. Pure.

It is read with Python's older policy. The newer one parses each field by the grammar, and raises
IndexError and AttributeError on fields that are sent every day (python/cpython#94306, #83281,
#151857); the older one leaves fields as they are, and mail_header.py decodes them.
"""

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import Message
from typing import Any, Final

from services.ingest.formats.mail import mail_header
from services.ingest.formats.web import declared_charset
from services.ingest.records import Limits
from shared.errors import Unreadable
from shared.markup import text_of

_DEEPEST_MESSAGE: Final = 5  # of messages attached within each other
_STUB: Final = 5  # a plain text with a fifth of the text of its HTML only says that there is HTML
_FLOWED: Final = re.compile(r"format\s*=\s*\"?flowed", re.IGNORECASE)
_DELETES_SPACE: Final = re.compile(r"delsp\s*=\s*\"?yes", re.IGNORECASE)
_QUOTING: Final = re.compile(r">*")
_SIGNATURE: Final = "-- "  # the one line that ends with a space and is not flowed
_LONGEST_NAME: Final = 80  # characters of an attachment's name in a reason
_FAILURES: Final = (  # what Python's mail library raises on what it does not understand
    *(AssertionError, AttributeError, LookupError, MessageError, RecursionError, TypeError),
    ValueError,
)
_Texts = list[tuple[str, str]]  # of the subtype, `plain` or `html`, and the text


def fields(data: bytes, limits: Limits) -> dict[str, Any]:
    """Return the fields of the article in the message `data`; one with only a subject is a flash.

    Raises Unreadable when it holds no text, or parts within each other beyond `limits.depth`.
    """
    try:
        message = message_from_bytes(data, policy=policy.compat32)
        return _fields(message, limits, 0)
    except _FAILURES as error:
        msg = f"a mail that cannot be taken apart ({type(error).__name__})"
        raise Unreadable(msg) from None


def _fields(message: Message, limits: Limits, depth: int) -> dict[str, Any]:
    if text := _body(_texts(message, limits.depth)):
        return {**mail_header.fields(message), **text}
    attached = [part for part in _leaves(message) if part.get_content_type() == "message/rfc822"]
    messages = [inner for part in attached for inner in _children(part)]
    if len(messages) == 1 and depth < _DEEPEST_MESSAGE:
        return _fields(messages[0], limits, depth + 1)
    if messages:
        msg = f"a mail without text of its own, with {len(messages)} mails attached"
        raise Unreadable(msg)
    names = ", ".join(filter(None, map(_described, _leaves(message))))
    header = mail_header.fields(message)
    if "headline" in header and not names:  # a flash
        return header
    msg = f"a mail without text{'; attached: ' if names else ''}{names}"
    raise Unreadable(msg)


def _children(message: Message) -> list[Message]:
    parts = message.get_payload()
    return [part for part in parts if isinstance(part, Message)] if isinstance(parts, list) else []


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that are not made of parts; an attached message is one."""
    waiting = [message]
    while waiting:
        part = waiting.pop()
        if part.get_content_maintype() == "multipart":
            waiting.extend(reversed(_children(part)))
        else:
            yield part


def _described(part: Message) -> str:
    """Return what is attached, for people."""
    name = mail_header.line(part.get_filename() or "")[:_LONGEST_NAME]
    kind = part.get_content_type()[:_LONGEST_NAME]
    is_text = kind.startswith("text/") and not _is_attachment(part)
    return "" if is_text else f"{name} ({kind})" if name else kind


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment"


def _texts(part: Message, depth: int) -> _Texts:
    """Return the texts of a part, in their order; of alternatives only one."""
    if depth < 0:
        msg = "a mail with parts within each other, too deep"
        raise Unreadable(msg)
    kind = part.get_content_type()
    if part.get_content_maintype() == "multipart":
        found = [_texts(child, depth - 1) for child in _children(part)]
        if kind == "multipart/alternative":
            return _chosen([texts for texts in found if texts])
        return [text for texts in found for text in texts]
    if kind not in {"text/plain", "text/html"} or _is_attachment(part):
        return []
    text = _decoded(part)
    return [(kind.removeprefix("text/"), text)] if text.strip() else []


def _chosen(alternatives: list[_Texts]) -> _Texts:
    """Return the plain alternative, unless it only says that there is another."""
    plain = next((texts for texts in alternatives if texts[0][0] == "plain"), None)
    rich = next((texts for texts in alternatives if texts[0][0] == "html"), None)
    if plain and rich:
        shown = text_of(rich[0][1])
        return rich if len(plain[0][1]) * _STUB < len(shown) else plain
    return plain or rich or []


def _decoded(part: Message) -> str:
    """Return the text of a part, its paragraphs joined where it is flowed."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    said = part.get_param("charset") or ""
    charset = str(said[2] if isinstance(said, tuple) else said)
    text = declared_charset.decode(data, charset).replace("\r\n", "\n") if data.strip() else ""
    content_type = str(part.get("content-type") or "")
    if part.get_content_type() == "text/plain" and _FLOWED.search(content_type):
        return _joined(text, deletes_space=bool(_DELETES_SPACE.search(content_type)))
    return text


def _joined(text: str, *, deletes_space: bool) -> str:
    """Return the paragraphs of flowed text (RFC 3676), one a line."""
    paragraphs: list[str] = []
    open_at: str | None = None  # the quoting of a paragraph that goes on
    for line in text.split("\n"):
        quoting = (_QUOTING.match(line) or [""])[0]
        said = line[len(quoting) :].removeprefix(" ")
        if open_at == quoting and said != _SIGNATURE:
            paragraphs[-1] += said
        else:
            paragraphs.append(quoting + said)
        flows = said.endswith(" ") and said != _SIGNATURE
        open_at = quoting if flows else None
        if flows and deletes_space:
            paragraphs[-1] = paragraphs[-1][:-1]
    return "\n".join(paragraphs)


def _body(texts: _Texts) -> dict[str, str]:
    if len(texts) == 1 and texts[0][0] == "html":
        return {"body_html": texts[0][1]} if text_of(texts[0][1]) else {}
    plain = [text if kind == "plain" else text_of(text) for kind, text in texts]
    body = "\n\n".join(text.strip("\r\n") for text in plain if text.strip())
    return {"body": body} if body else {}
