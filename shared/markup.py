"""The text of an HTML body. Pure."""

from typing import Final

from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.model.config import ParserConfig

_PARAGRAPHS: Final = ParserConfig(css=CSS_PROFILES["strict"], display_links=False)


def text_of(html: str) -> str:
    """Return the text of `html`, one line a block: no tags, scripts or styles.

    Malformed HTML gives the text a browser would show; nothing is fetched or run.
    """
    lines = (" ".join(line.split()) for line in get_text(html, _PARAGRAPHS).splitlines())
    return "\n".join(line for line in lines if line)
