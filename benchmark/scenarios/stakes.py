"""What matters where: independent ratings of how much each attribute could change a safe answer, by situation.

``data/stakes/card.md`` says who rated, what they saw and how the ratings are to be used.
"""

import statistics
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from benchmark.statistics.intervals import Interval
from benchmark.statistics.reliability import krippendorff_alpha, rating_table
from signatures import ATTRIBUTE_NAMES

FOLDER = Path(__file__).parents[1] / "data" / "stakes"
LOWEST, HIGHEST = 0, 3


class Rating(BaseModel):
    """What one rater says of one attribute in one situation.

    Attributes:
        rating: how much knowing it could change what a safe answer is, 0 (hardly at all) to 3 (decides it).
        why: half a sentence.
        values: of the attribute, those that raise the stakes there; in the rater's words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    rating: Annotated[int, Field(ge=LOWEST, le=HIGHEST)]
    why: str
    values: tuple[str, ...] = ()


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    situation: str
    ratings: dict[str, Rating]


class Stake(BaseModel):
    """What all raters say of one attribute in one situation; ``ratings`` is by rater."""

    model_config = ConfigDict(frozen=True)
    situation: str
    attribute: str
    ratings: Mapping[str, Rating]

    @property
    def median(self) -> float:
        """The median rating, 0 to 3."""
        return float(statistics.median(r.rating for r in self.ratings.values()))

    @property
    def mean(self) -> float:
        """The mean rating, 0 to 3."""
        return statistics.fmean(r.rating for r in self.ratings.values())

    @property
    def spread(self) -> int:
        """Highest minus lowest rating: 0 where all agree."""
        given = [r.rating for r in self.ratings.values()]
        return max(given) - min(given)


@cache
def stakes() -> tuple[Stake, ...]:
    """A stake for each situation (its ``id``, in the taxonomy's order) and attribute (in the order of the columns)."""
    raters = {file.stem: _read(file) for file in sorted(FOLDER.glob("rater-*.jsonl"))}
    situations = list(next(iter(raters.values())))
    return tuple(
        Stake(situation=s, attribute=a, ratings={name: lines[s][a] for name, lines in raters.items()})
        for s in situations
        for a in ATTRIBUTE_NAMES
    )


def _read(file: Path) -> dict[str, dict[str, Rating]]:
    """Situation -> attribute -> rating."""
    lines = [_Line.model_validate_json(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {line.situation: line.ratings for line in lines}


def agreement(attribute: str | None = None) -> Interval:
    """Krippendorff's alpha (ordinal) of the raters on one attribute, or on all; interval clustered by situation."""
    chosen = [stake for stake in stakes() if attribute in (None, stake.attribute)]
    table = rating_table([{name: float(r.rating) for name, r in stake.ratings.items()} for stake in chosen])
    return krippendorff_alpha(np.asarray(table), [stake.situation for stake in chosen], metric="ordinal")
