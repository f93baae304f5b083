"""Markdown (CommonMark, with tables), as a rule with front matter that says of what it is.

The body is the text that it shows; HTML within it is shown as it stands, never taken for elements.
docs/formats/markdown.md has the names of the front matter.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from services.ingest.formats.text import front_matter
from services.ingest.records import Document, Limits, Record
from shared import markup
from shared.errors import Unreadable

NAME: Final = "Markdown"
RESUMES: Final = False

_HEADING: Final = re.compile(r"^#{1,6} +[^\s#]", re.MULTILINE)
_LATEST_HEADING: Final = 3  # line with text that the first heading stands in
_MOST_CHARACTERS: Final = 1_000_000  # which take up to ten seconds
_MOST_BRACKETS: Final = 10_000  # of links; the time that they take grows with their square
_SIGNS: Final = (  # of which a text with a heading needs one more
    re.compile(r"\[[^\[\]\n]{1,500}\]\((?:https?://|/|\.|#|mailto:)[^\s()]{0,2000}\)"),
    re.compile(r"(?:^|\s)(?:\*\*|__)\w[^*_\n]{0,200}(?:\*\*|__)(?=\W|$)", re.MULTILINE),
    re.compile(r"^(?:```|~~~)\w*[ \t]*$", re.MULTILINE),
    re.compile(r"^(?:[-*+]|[0-9]{1,3}\.) \S[^\n]*\n(?:[-*+]|[0-9]{1,3}\.) \S", re.MULTILINE),
    re.compile(r"^> \S", re.MULTILINE),
)


def recognises(document: Document) -> bool:
    """Say whether it has front matter, or begins with a heading and has another sign of Markdown.

    Stories have dashes, asterisks and numbers of their own; one such sign is not enough.
    """
    text = document.beginning
    if front_matter.split(text):
        return True
    lines = [line for line in text.splitlines() if line.strip()]
    if not any(map(_HEADING.match, lines[:_LATEST_HEADING])):
        return False
    more = any(sign.search(text.replace("\r\n", "\n")) for sign in _SIGNS)
    return more or sum(map(bool, map(_HEADING.match, lines))) > 1


def read(document: Document) -> Iterator[Record]:
    """Yield the one article: what its front matter says, and the text that it shows."""
    yield document.whole(_fields(document.text, document.limits))


def _fields(text: str, limits: Limits) -> dict[str, Any]:
    block, written = front_matter.split(text) or ("", text)
    found = front_matter.fields(block) if block else {}
    if len(written) > _MOST_CHARACTERS or written.count("[") > _MOST_BRACKETS:
        msg = f"Markdown of more than {_MOST_CHARACTERS} characters or {_MOST_BRACKETS} links"
        raise Unreadable(msg)
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": limits.depth})
    parser.enable(["table", "strikethrough"])
    try:
        tokens = parser.parse(written)
        shown = parser.renderer.render(tokens, parser.options, {})
    except RecursionError:
        raise _too_deep(limits) from None
    if any(token.level >= limits.depth - 1 for token in tokens):  # what is deeper is left out
        raise _too_deep(limits)
    headline = _headline(tokens)
    if headline and "headline" not in found:
        found["headline"] = headline
    try:
        body = markup.text_of(shown)
    except ValueError:
        raise _too_deep(limits) from None
    killed = found.get("pub_status") == "canceled" and {"uri", "guid", "url"} & found.keys()
    if not body and "headline" not in found and not killed:
        msg = "Markdown without text"
        raise Unreadable(msg)
    return {**found, **({"body": body} if body else {})}


def _too_deep(limits: Limits) -> Unreadable:
    return Unreadable(f"Markdown with more than {limits.depth} elements within each other")


def _headline(tokens: Sequence[Token]) -> str | None:
    """Return the first heading of the first level; else that which the text begins with."""
    for at, token in enumerate(tokens):
        if token.type == "heading_open" and (token.tag == "h1" or at == 0):
            parts = (
                " " if part.type in {"softbreak", "hardbreak"} else part.content
                for part in tokens[at + 1].children or ()
            )
            return " ".join("".join(parts).split()) or None
    return None
