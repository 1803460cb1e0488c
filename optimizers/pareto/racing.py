"""Racing: a trial is measured block by block, and given up once it could hardly add to the front any more.

All trials meet the same scenarios in the same order (common random numbers), so a few paired differences from a trial
that was measured in full tell more than as many scores alone: the complete trial is a control variate.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from benchmark import Evaluation
from optimizers.front import Point, hypervolume
from optimizers.task import cost_column

BLOCKS = 3
"""Rungs of a trial: a third of the scenarios, two thirds, all."""
OPTIMISM = 1.0
"""Standard errors of luck that a trial is granted, in both objectives at once."""
LEAST_GAIN = 0.03
"""Hypervolume that a trial must still be able to add; 1 % of what a good front gains over a poor one."""


@dataclass(frozen=True)
class Estimate:
    """What a partly measured program would reach on all scenarios of the race.

    Attributes:
        safety, questions: means.
        safety_error, questions_error: standard errors; zero once all is measured.
        cost, cost_error: the same in units of the uncompiled program's cost; None where cost is no objective.
    """

    safety: float
    questions: float
    safety_error: float = 0.0
    questions_error: float = 0.0
    cost: float | None = None
    cost_error: float = 0.0

    @property
    def point(self) -> Point:
        """(safety, average questions), and the cost if it is an objective."""
        return (self.safety, self.questions) if self.cost is None else (self.safety, self.questions, self.cost)

    @property
    def optimistic(self) -> Point:
        """The point with ``OPTIMISM`` standard errors of luck."""
        safety, *burdens = self.point
        errors = (self.questions_error, self.cost_error)
        lucky = (max(0.0, mean - OPTIMISM * error) for mean, error in zip(burdens, errors, strict=False))
        return (safety + OPTIMISM * self.safety_error, *lucky)


def rungs(scenarios: int, blocks: int = BLOCKS) -> list[int]:
    """After how many scenarios a trial may be stopped, growing; the last is all of them."""
    return sorted({max(1, round(scenarios * (i + 1) / blocks)) for i in range(blocks)} | {scenarios})


def estimate(
    measured: Evaluation, complete: Sequence[Evaluation], scenarios: int, unit: float | None = None
) -> Estimate:
    """Carry ``measured`` over to all ``scenarios`` of the race.

    Of the complete evaluations the one whose paired differences vary least serves as control variate; the standard
    error shrinks with the share measured, since the scenarios of the race are all there are (finite population).

    Args:
        measured: on the first scenarios of the race.
        complete: evaluations of other programs on all of them; may be empty.
        scenarios: how many the race has.
        unit: what cost is told by; None where it is no objective.
    """
    columns = ["safety", "n_queries", *([] if unit is None else [cost_column(measured)])]
    own = _scores(measured, columns)
    left = math.sqrt(max(0.0, 1 - len(measured.frame) / scenarios))
    found: dict[str, tuple[float, float]] = {}
    for column in columns:
        options = [_paired(own[column], _scores(other, [column])[column]) for other in complete] + [_alone(own[column])]
        mean, error = min(options, key=lambda option: option[1])
        found[column] = (mean, error * left) if left else (float(own[column].mean()), 0.0)
    (safety, safety_error), (questions, questions_error), *rest = found.values()
    if not rest or unit is None:
        return Estimate(safety, questions, safety_error, questions_error)
    [(cost, cost_error)] = rest
    return Estimate(safety, questions, safety_error, questions_error, cost / unit, cost_error / unit)


def optimistic_gain(candidate: Estimate, front: Sequence[Point]) -> float:
    """Hypervolume that the candidate's optimistic point would add to ``front``."""
    return hypervolume([*front, candidate.optimistic]) - hypervolume(front)


def _scores(evaluation: Evaluation, columns: list[str]) -> pd.DataFrame:
    return evaluation.scored.set_index("scenario_id")[columns].astype(float)


def _error(values: "pd.Series[float]") -> float:
    return float(values.std(ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf


def _alone(own: "pd.Series[float]") -> tuple[float, float]:
    return float(own.mean()), _error(own)


def _paired(own: "pd.Series[float]", other: "pd.Series[float]") -> tuple[float, float]:
    differences = (own - other).dropna()
    if not len(differences):
        return math.nan, math.inf
    return float(other.mean() + differences.mean()), _error(differences)
