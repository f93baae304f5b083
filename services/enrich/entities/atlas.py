"""Places of the world by their names, as data/places.tsv lists them. Pure."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from services.enrich.names import fold

Kind = Literal["country", "part", "area", "capital", "city"]
_COLUMNS: Final = 7


class Place(NamedTuple):
    """A place with its GeoNames id.

    `code` is ISO 3166: of a country or part itself, of the one that a city lies in, empty for what
    lies in several countries. `population` is 0 where it is not known. `point` is longitude and
    latitude in degrees.
    """

    kind: Kind
    name: str
    geonames: int
    code: str
    population: int
    point: tuple[float, float] | None

    @property
    def country(self) -> str | None:
        """ISO 3166-1 code of the country that it is or lies in."""
        return self.code[:2] or None

    @property
    def iso3166(self) -> str | None:
        """The place's own ISO 3166 code; a city has none."""
        return self.code if self.kind in {"country", "part"} else None


class Atlas:
    """The table, by name and by code. Its 37,000 lines are read when they are asked for."""

    def __init__(self, table: str, *, known: Iterable[str] = ()) -> None:
        """Take the text of places.tsv; `known` are the codes that have no name in here.

        Raise ValueError when a line has not seven columns.
        """
        self._lines: dict[str, tuple[str, ...]] = {}
        self._read: dict[str, tuple[Place, ...]] = {}
        by_code: dict[str, Place] = {}
        nameless = frozenset(known)
        for line in table.splitlines():
            if line.startswith("#"):
                continue
            kind, names, _, code, *rest = line.split("\t")
            if len(rest) != _COLUMNS - 4:
                msg = f"not seven columns: {line}"
                raise ValueError(msg)
            if kind in {"country", "part"}:
                by_code[code] = _place(line)
                if code in nameless:
                    continue
            for name in names.split("|"):
                folded = fold(name)
                self._lines[folded] = (*self._lines.get(folded, ()), line)
        self.by_code: Mapping[str, Place] = by_code

    def named(self, folded: str) -> tuple[Place, ...]:
        """Return the places of that name, none if there is none."""
        if folded not in self._lines:
            return ()
        if folded not in self._read:
            self._read[folded] = tuple(map(_place, self._lines[folded]))
        return self._read[folded]

    def after_comma(self, folded: str) -> tuple[Place, ...]:
        """Return what a name means after a comma: `Austin, Texas`, `Austin, Tex.`, `Lima, Peru`."""
        return (*self.named(f",{folded}"), *self.named(folded))


def _place(line: str) -> Place:
    kind, names, geonames, code, population, latitude, longitude = line.split("\t")
    return Place(
        kind,  # type: ignore[arg-type] # the table's first column holds nothing else
        names.partition("|")[0],
        int(geonames),
        code,
        int(population),
        (float(longitude), float(latitude)) if latitude else None,
    )
