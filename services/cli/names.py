"""What people type for an entity or a topic, as it stands in the documents."""

from services.enrich import tables
from services.enrich.names import fold
from services.enrich.settings import EnrichSettings
from shared.errors import NewsflowError
from shared.settings import load


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
    lexicon = tables.lexicon(load(EnrichSettings).topics_file)
    lower = {topic for phrase in lexicon.phrases for topic in phrase.topics}
    known = {topic.name: topic.id for one in lower for topic in (one, one.above) if topic}
    found = tuple(sorted(id_ for name, id_ in known.items() if name.startswith(typed.lower())))
    if not found:
        msg = f"no topic begins with {typed!r}; there are: {', '.join(sorted(known))}"
        raise UnknownTopic(msg)
    return found
