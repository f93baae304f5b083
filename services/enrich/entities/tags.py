"""How a name that stands in a text is passed on. Pure."""

from typing import NamedTuple

from services.enrich.names import fold
from shared.messages import EntityType


class Tag(NamedTuple):
    """A name as it stands in a text, and what kind of thing it names there."""

    start: int
    end: int
    type: EntityType


class Named(NamedTuple):
    """A mention: where, as it is written and as it compares."""

    tag: Tag
    text: str
    folded: str

    def of_type(self, kind: EntityType) -> "Named":
        """Return it with another type, or itself."""
        if kind == self.tag.type:
            return self
        return Named(self.tag._replace(type=kind), self.text, self.folded)


def named(text: str, tag: Tag) -> Named:
    """Return `tag` with what stands there in `text`."""
    name = text[tag.start : tag.end]
    return Named(tag, name, fold(name))
