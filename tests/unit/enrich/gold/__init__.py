"""A small set written for the project, with what has to be found: clear stories, checked by hand.

Each file holds an article, what is `expected` of it, and the `known_misses`: where today's code
finds something else, in the words of `differences`. A new miss fails the build, and so does a known
one that is right at last. `python -m tests.unit.enrich.gold` writes the known misses anew, for
`git diff` to show; what is expected is never made by the code.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from services.enrich.handler import enrich
from services.enrich.tools import Tools
from shared.messages import EnrichedArticle, RawArticle

FOLDER: Final = Path(__file__).parent

Expected = dict[str, Any]
_SINGLE: Final = ("language", "headline", "dateline", "footer")


class Story(NamedTuple):
    """An article, what is expected of it, and what is known to be missed."""

    file: Path
    article: dict[str, Any]
    expected: Expected
    known_misses: list[str]

    def found(self, tools: Tools) -> Expected:
        """Return what is found in it, in the shape of what is expected."""
        fields = {**self.article, "body": "\n".join(self.article["paragraphs"])}
        now = datetime.now(UTC)
        [read] = enrich([RawArticle.model_validate(fields)], tools=tools, now=now)
        assert isinstance(read, EnrichedArticle)
        for entity in read.entities:
            for one in entity.mentions:
                assert read.article.text[one.start : one.end] == one.text
        dateline = read.dateline
        return {
            "language": read.language,
            "headline": read.headline,
            "dateline": dateline
            and {
                "text": dateline.text,
                "place": dateline.place,
                "date": dateline.date and dateline.date.isoformat(),
                "agencies": list(dateline.agencies),
            },
            "footer": read.footer and read.article.text[read.footer.start : read.footer.end],
            "entities": {
                f"{entity.name} ({entity.type})": [one.text for one in entity.mentions]
                for entity in read.entities
            },
            "topics": sorted(topic.id for topic in read.topics if topic.id.endswith("000000")),
        }

    def written(self, known_misses: list[str]) -> str:
        """Return the content of its file."""
        content = {
            "article": self.article,
            "expected": self.expected,
            "known_misses": known_misses,
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def stories() -> list[Story]:
    """Return all stories, in the order of their files."""
    files = sorted(FOLDER.glob("*.json"))
    return [Story(file, **json.loads(file.read_text(encoding="utf-8"))) for file in files]


def differences(expected: Expected, found: Expected) -> list[str]:
    """Return where `found` is not what is expected, a sentence each."""
    return [
        *(
            f"{name}: {found[name]}, not {expected[name]}"
            for name in _SINGLE
            if found[name] != expected[name]
        ),
        *_of_entities(expected["entities"], found["entities"]),
        *(f"topics: {one} missed" for one in expected["topics"] if one not in found["topics"]),
        *(f"topics: {one} invented" for one in found["topics"] if one not in expected["topics"]),
    ]


def _of_entities(expected: dict[str, list[str]], found: dict[str, list[str]]) -> Iterator[str]:
    for name, mentions in expected.items():
        if name not in found:
            yield f"entities: {name} missed"
        elif found[name] != mentions:
            yield f"entities: {name}: {', '.join(found[name])}, not {', '.join(mentions)}"
    for name, mentions in found.items():
        if name not in expected:
            yield f"entities: {name} invented: {', '.join(mentions)}"
