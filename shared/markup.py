"""HTML as a tree and as text. Pure; nothing is fetched, no script is run."""

import re
from typing import Final

from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree, html

DEEPEST: Final = 200  # elements within each other; a page that people wrote has about 30

_PARAGRAPHS: Final = ParserConfig(css=CSS_PROFILES["strict"], display_links=False)
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff]")  # not in XML's trees
_FAILURES: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def tree_of(written: str, *, depth: int = DEEPEST) -> html.HtmlElement:
    """Return what `written` is as a tree, malformed or not, as a browser would read it.

    Raises ValueError, with a reason for people, when it holds nothing, or more than `depth`
    elements within each other.
    """
    data = _CONTROLS.sub("", written).encode("utf-8", "replace")
    # Without `huge_tree` it stops at 256 elements within each other and at ten megabytes of text.
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True)
    try:
        tree = html.document_fromstring(data, parser)
    except etree.LxmlError:
        msg = "HTML without text"
        raise ValueError(msg) from None
    deep = 0
    for event, _ in etree.iterwalk(tree, events=("start", "end")):
        deep += 1 if event == "start" else -1
        if deep > depth:
            msg = f"HTML with more than {depth} elements within each other"
            raise ValueError(msg)
    return tree


def text_of(written: str) -> str:
    """Return the text of HTML, one line a block: no tags, scripts or styles.

    Raises ValueError when it is too deep, see `tree_of`; what holds nothing has no text.
    """
    return shown(tree_of(written)) if written.strip() else ""


def shown(tree: html.HtmlElement) -> str:
    """Return all text of a tree, one line a block."""
    try:
        text: str = Inscriptis(tree, _PARAGRAPHS).get_text()
    except _FAILURES:  # odd attributes
        text = "\n".join(str(part) for part in tree.itertext())
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
