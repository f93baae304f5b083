"""The options by which articles are chosen, the same for every command that reads them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from services.cli import names
from services.store.questions import Circle, Question, moment
from shared.errors import NewsflowError

Entity = Annotated[str | None, typer.Option(help="Name of an entity, in any case.")]
EntityId = Annotated[str | None, typer.Option("--id", help="Id of an entity: geonames:1138958.")]
Topics = Annotated[
    list[str] | None,
    typer.Option("--topic", help="Media Topic: id, or the beginning of its name."),
]
Source = Annotated[str | None, typer.Option(help="Publisher or feed, as written.")]
Country = Annotated[
    str | None, typer.Option(help="Country that is named, or a place in it: AF, or its name.")
]
Place = Annotated[str | None, typer.Option(help="Near a place that is known, such as Kabul.")]
Near = Annotated[str | None, typer.Option(help="Near a point: LATITUDE,LONGITUDE in degrees.")]
Within = Annotated[
    str | None, typer.Option(help="How near to --place or --near: 50km (as without), 30mi.")
]
Speaker = Annotated[
    str | None, typer.Option("--quotes-of", help="Name of somebody whose words are quoted.")
]
Language = Annotated[str | None, typer.Option(help="ISO 639-1 code: en, fr.")]
Cluster = Annotated[str | None, typer.Option(help="The re-runs of a story: their `cluster`.")]
Fold = Annotated[bool, typer.Option("--fold", help="Of the re-runs of a story only the first.")]
Since = Annotated[str | None, typer.Option(help="2026-11-23, 2026-11-23T18:30, 2h, 7d.")]
Until = Annotated[str | None, typer.Option(help="Like --since.")]
Words = Annotated[str | None, typer.Option("--text", help="Words of headline or summary.")]
Everything = Annotated[
    bool, typer.Option("--all", help="Also what is withheld, canceled or under embargo.")
]

_NEAR_KM: Final = 50.0
_UNITS_KM: Final = {"km": 1.0, "mi": 1.609344, "m": 0.001}
_DISTANCE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(km|mi|m)")
_HALF_ROUND_KM: Final = 20_000  # from anywhere to its antipodes
_POLE, _DATE_LINE = 90, 180


class BadPlace(NewsflowError):  # noqa: N818 (reads as the state it names)
    """A point or a distance that cannot be read; the text says how to write one."""


def question(
    *,
    entity: Entity = None,
    entity_id: EntityId = None,
    topics: Topics = None,
    source: Source = None,
    country: Country = None,
    place: Place = None,
    near: Near = None,
    within: Within = None,
    speaker: Speaker = None,
    language: Language = None,
    cluster: Cluster = None,
    since: Since = None,
    until: Until = None,
    text: Words = None,
    fold: Fold = False,
    everything: Everything = False,
) -> Question:
    """Return the question that was typed; raises UnknownTopic, UnknownPlace, BadPlace, BadTime."""
    now = datetime.now(UTC)
    return Question(
        entity=names.entity(entity) if entity else None,
        entity_id=entity_id,
        topics=tuple(id_ for typed in topics or () for id_ in names.topics(typed)),
        source=source,
        country=names.country(country) if country else None,
        near=circle(place, near, within),
        speaker=speaker,
        language=language.lower() if language else None,
        cluster=cluster,
        fold=fold,
        since=moment(since, now=now) if since else None,
        until=moment(until, now=now) if until else None,
        text=text,
        everything=everything,
    )


def circle(place: str | None, near: str | None, within: str | None) -> Circle | None:
    """Return the circle that was typed, if one was; raises UnknownPlace or BadPlace."""
    if place and near:
        msg = "--place and --near both name a centre; give one of them"
        raise BadPlace(msg)
    if not place and not near:
        if within:
            msg = "--within needs a centre: --place Kabul or --near 34.53,69.17"
            raise BadPlace(msg)
        return None
    longitude, latitude = names.point(place) if place else _point(near or "")
    return Circle(longitude, latitude, _kilometres(within) if within else _NEAR_KM)


def _point(typed: str) -> tuple[float, float]:
    """Return longitude and latitude of what was typed, latitude first as people write it."""
    try:
        latitude, longitude = map(float, typed.split(","))
    except ValueError:
        latitude = longitude = float("nan")
    if not (abs(latitude) <= _POLE and abs(longitude) <= _DATE_LINE):
        msg = f"not a point: {typed!r}; write latitude, then longitude, in degrees: 34.53,69.17"
        raise BadPlace(msg)
    return longitude, latitude


def _kilometres(typed: str) -> float:
    found = _DISTANCE.fullmatch(typed.strip().lower())
    distance = float(found[1]) * _UNITS_KM[found[2]] if found else 0.0
    if not 0 < distance <= _HALF_ROUND_KM:
        msg = f"not a distance: {typed!r}; write 50km, 30mi or 800m, at most {_HALF_ROUND_KM}km"
        raise BadPlace(msg)
    return distance
