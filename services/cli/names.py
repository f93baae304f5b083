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


class UnknownPlace(NewsflowError):  # noqa: N818 (reads as the state it names)
    """No place or country is known by a name; the text says what to ask instead."""


def entity(typed: str) -> str:
    """Return the canonical name of a country or organisation that is known: `US`, `UN`.

    Any other name is taken as it is.
    """
    known = tables.gazetteer()
    meant = known.organisations.get(fold(typed)) or known.countries.get(fold(typed))
    return meant.name if meant else typed


def country(typed: str) -> str:
    """Return the ISO 3166-1 code of a country, typed as its code or its name.

    Raise UnknownPlace.
    """
    known = tables.gazetteer()
    code = typed.strip().upper()
    if code in known.atlas.by_code and "-" not in code:
        return code
    meant = known.countries.get(fold(typed))
    if meant is None:
        msg = f"no country {typed!r} is known; write its ISO 3166-1 code (AF) or English name"
        raise UnknownPlace(msg)
    return meant.code


def point(typed: str) -> tuple[float, float]:
    """Return longitude and latitude of the place that most people mean: `Paris`, `Paris, Texas`.

    Raise UnknownPlace.
    """
    known = tables.gazetteer()
    name, _, outer = (fold(part) for part in typed.partition(","))
    found = known.atlas.named(name.strip())
    if outer.strip():
        codes = {place.code for place in known.atlas.after_comma(outer.strip()) if place.code}
        if land := known.countries.get(outer.strip()):
            codes.add(land.code)
        found = tuple(place for place in found if {place.code, place.country} & codes)
    elif land := known.countries.get(name):
        found = (*found, *filter(None, [known.atlas.by_code.get(land.code)]))
    best = max(found, key=lambda place: (place.point is not None, place.population), default=None)
    if best is None or best.point is None:
        msg = f"no place {typed!r} is known; write --near LATITUDE,LONGITUDE, or --entity"
        raise UnknownPlace(msg)
    return best.point


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
