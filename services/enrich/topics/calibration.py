"""What evidence amounts to: the numbers of data/calibration.toml, checked. Pure."""

import hashlib
import math
import tomllib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

_Share = Annotated[float, Field(gt=0, lt=1)]
_NotLess = Annotated[float, Field(ge=1)]


class _Numbers(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Places(_Numbers):
    """What a phrase weighs by where it stands; lengths in characters."""

    read: PositiveInt
    lead: PositiveInt
    in_headline: _NotLess
    in_lead: _NotLess
    several_words: _NotLess


class Curve(_Numbers):
    """How a share of the evidence becomes a probability: a logistic curve, rising."""

    doubt: PositiveFloat
    slope: PositiveFloat
    offset: float

    def probability(self, evidence: float, *, of: float) -> float:
        """Return how likely a topic is with `evidence` of all that there is, 0 to 1."""
        share = evidence / (of + self.doubt)
        return 1 / (1 + math.exp(-(self.offset + self.slope * share)))


class Calibration(_Numbers):
    """All numbers, and a short hash of their file."""

    version: str
    assigned: _Share
    most: PositiveInt
    places: Places
    first: Curve
    second: Curve


def read_calibration(toml: str) -> Calibration:
    """Read the numbers; raise ValueError when one is missing or makes no sense."""
    version = hashlib.sha256(toml.encode()).hexdigest()[:8]
    return Calibration.model_validate({"version": version, **tomllib.loads(toml)})
