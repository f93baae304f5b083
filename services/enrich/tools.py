"""What articles are read with: read from files once, before the first article."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.enrich import tables
from services.enrich.entities.gazetteer import Gazetteer
from services.enrich.entities.network import Arithmetic
from services.enrich.entities.tagger import Tagger, load_tagger
from services.enrich.quotes.speakers import Wording, wording_of
from services.enrich.text.dateline import Bureaus
from services.enrich.text.footers import Footers
from services.enrich.topics.topics import TopicRules
from shared.messages import Tool

# One more when the modules from cleaning.py to entities.py read the same text otherwise.
_RULES: Final = 3
# One more when headline, dateline, footer or quotes are told otherwise: cleaning.py to quotes.py.
_TEXT_RULES: Final = 1


@dataclass(frozen=True, slots=True)
class Tools:
    """All that `enrich` needs beside the articles."""

    tagger: Tagger
    gazetteer: Gazetteer
    bureaus: Bureaus
    closings: Footers
    wording: Wording
    topics: TopicRules
    text: Tool  # the rules that tell headline, dateline, footer and quotes
    entities: Tool  # the tagger and the rules after it, as documents name them


def load_tools(
    *,
    topics_file: Path | None = None,
    model: str | None = None,
    arithmetic: Arithmetic | None = None,
) -> Tools:
    """Read the tagger's weights and the tables in data/; takes about a second.

    `topics_file` is a newsroom's own topics.toml: LexiconError when it is wrong, OSError when it
    is not there. `model` is the name or folder of another spaCy pipeline: OSError if there is none.
    `arithmetic` is that of the shipped weights, by default what this processor is faster at.
    """
    names, wire = tables.gazetteer(), tables.wire_words()
    tagger = load_tagger(model, arithmetic=arithmetic)
    rules = f"rules.{_RULES}.{tables.version_of_names()}"
    return Tools(
        tagger=tagger,
        gazetteer=names,
        bureaus=tables.bureaus(names, wire),
        closings=tables.closings(wire),
        wording=wording_of(tables.quote_words()),
        topics=tables.topic_rules(topics_file),
        text=Tool(name="rules", version=f"{_TEXT_RULES}.{tables.version_of_wording()}"),
        entities=Tool(name=tagger.tool.name, version=f"{tagger.tool.version}+{rules}"),
    )
