"""Text from outside as it may stand on a terminal. Pure.

A headline or a file name may hold what a terminal obeys: escape sequences that clear the screen or
set its title, a carriage return that hides what was said, marks that turn the direction of what
follows. They are shown, not obeyed, and in the notation of JSON, so that JSON stays what it was.
"""

import re
from typing import Final

# C0 but tab and newline, DEL, C1; the marks that override or isolate a direction (Unicode TR 9).
_OBEYED: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    r"""Return `text` with what a terminal would obey as `\u001b`; newlines and tabs stay."""
    return _OBEYED.sub(_shown, text)


def plain_line(text: str) -> str:
    """Return `text` as one line: newlines are shown, too."""
    return plain(text).replace("\n", "\\n")


def _shown(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
