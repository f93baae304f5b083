"""What people type for an entity or a topic, as it stands in the documents."""

from pathlib import Path

from services.enrich import tables
from services.enrich.names import fold
from services.enrich.settings import EnrichSettings
from services.enrich.topics.lexicon import LexiconError
from services.enrich.topics.topics import TopicRules
from shared.errors import NewsflowError
from shared.settings import load


class UnusableLexicon(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A topic lexicon that is wrong or not there; the text says what and where."""


class UnknownTopic(NewsflowError):  # noqa: N818 (reads as the state it names)
    """No topic of the lexicon is called so; the text says which there are."""


def entity(typed: str) -> str:
    """Return the canonical name of a country or organisation that is known: `US`, `UN`.

    Any other name is taken as it is.
    """
    known = tables.gazetteer()
    meant = known.organisations.get(fold(typed)) or known.countries.get(fold(typed))
    return meant.name if meant else typed


def topics(typed: str) -> tuple[str, ...]:
    """Return the ids of the topics whose names begin with what was typed, or the id itself."""
    digits = typed.removeprefix("medtop:")
    if digits.isdigit():
        return (f"medtop:{digits}",)
    lexicon = topic_rules(topic_file()).lexicon
    known = {topic.name: topic.id for topic in lexicon.topics}
    found = tuple(sorted(id_ for name, id_ in known.items() if name.startswith(typed.lower())))
    if not found:
        msg = f"no topic begins with {typed!r}; there are: {', '.join(sorted(known))}"
        raise UnknownTopic(msg)
    return found


def topic_file() -> Path | None:
    """Return the newsroom's own lexicon, if the environment names one."""
    return load(EnrichSettings).topics_file


def topic_rules(file: Path | None) -> TopicRules:
    """Return what topics are made by; raise UnusableLexicon."""
    try:
        return tables.topic_rules(file)
    except LexiconError as error:
        raise UnusableLexicon(str(error)) from None
    except OSError as error:
        msg = f"could not read {file}: {error.strerror}"
        raise UnusableLexicon(msg) from None
