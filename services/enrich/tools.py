"""What articles are read with: read from files once, before the first article."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.enrich import tables
from services.enrich.cleaning import Footers
from services.enrich.dateline import Bureaus
from services.enrich.gazetteer import Gazetteer
from services.enrich.tagger import Tagger, load_tagger
from services.enrich.topics import TopicRules
from shared.messages import Tool

_WEIGHTS: Final = Path(__file__).parent / "models" / "ner-newswire"
# One more when the modules from cleaning.py to entities.py read the same text otherwise.
_RULES: Final = 1


@dataclass(frozen=True, slots=True)
class Tools:
    """All that `enrich` needs beside the articles."""

    tagger: Tagger
    gazetteer: Gazetteer
    bureaus: Bureaus
    closings: Footers
    topics: TopicRules
    entities: Tool  # the tagger and the rules after it, as documents name them


def load_tools(*, topics_file: Path | None = None, model: str | None = None) -> Tools:
    """Read the tagger's weights and the tables in data/; takes about a second.

    `topics_file` is a newsroom's own topics.toml: LexiconError when it is wrong, OSError when it
    is not there. `model` is the name or folder of another spaCy pipeline: OSError if there is none.
    """
    names, wire = tables.gazetteer(), tables.wire_words()
    tagger = load_tagger(model or _WEIGHTS)
    rules = f"rules.{_RULES}.{tables.version_of_names()}"
    return Tools(
        tagger=tagger,
        gazetteer=names,
        bureaus=tables.bureaus(names, wire),
        closings=tables.closings(wire),
        topics=tables.topic_rules(topics_file),
        entities=Tool(name=tagger.tool.name, version=f"{tagger.tool.version}+{rules}"),
    )
