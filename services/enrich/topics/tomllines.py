"""On which line of a TOML file something stands, for messages to who wrote it. Pure.

`tomllib` tells lines only of what is no TOML. This reads headers, keys and strings of several
lines as people write them, which is enough to point; what it does not find is at its section.
"""

import re
from typing import Final

_HEADER: Final = re.compile(r"\s*\[\[?([^\[\]]*)\]")
_KEY: Final = re.compile(r"\s*([\w-]+|\"[^\"]*\")\s*=\s*(\"\"\"|''')?")
_QUOTED: Final = re.compile(r"[\s\"']+")


class TomlLines:
    """The lines of sections and of their fields, counted from 1."""

    def __init__(self, toml: str) -> None:
        self._lines = toml.lower().split("\n")
        self._section_at: dict[str, int] = {"": 1}
        self._field_at: dict[tuple[str, str], tuple[int, int]] = {}
        section, number = "", 0
        while number < len(self._lines):
            line = self._lines[number]
            number += 1
            if header := _HEADER.match(line):
                section = _QUOTED.sub("", header[1])
                self._section_at.setdefault(section, number)
            elif key := _KEY.match(line):
                start = number
                if (quotes := key[2]) and quotes not in line[key.end() :]:
                    while number < len(self._lines) and quotes not in self._lines[number]:
                        number += 1
                    number += 1
                self._field_at.setdefault((section, _QUOTED.sub("", key[1])), (start, number))

    def of(self, section: str, field: str = "", text: str = "") -> int:
        """Return the line of `text` in a field, else of the field, else of the section."""
        section = section.lower()
        start, end = self._field_at.get((section, field.lower()), (0, 0))
        if start == 0:
            return self._section_at.get(section) or self._section_at.get(
                section.partition(".")[0], 1
            )
        if text:
            whole = re.compile(rf"(?<![\w-]){re.escape(text)}(?![\w-])")
            found = [
                number
                for number, line in enumerate(self._lines[start - 1 : end], start)
                if whole.search(" ".join(line.split()))
            ]
            if found:
                return found[-1]  # the one that stands there again
        return start
