"""Racing: a trial is looked at after every few scenarios, and given up once it could hardly add to the front any more.

All trials meet the same scenarios in the same order (common random numbers), so a few paired differences from a trial
that was measured in full tell more than as many scores alone: the complete trial is a control variate.

A trial is looked at several times, and each look may err. The chance to give up a trial in any of them, though it would
add ``Race.least_gain`` to the front, is ``Race.error``: each look is given a share of it, by a spending function of the
share of scenarios measured (Lan and DeMets 1983, Biometrika 70: 659-663; the one that is much like Pocock's bounds),
and the shares add up to the whole whatever depends on what (Bonferroni). Stopping for futility alone leaves the front
itself untouched: what is on it was measured in full.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from scipy.special import stdtrit

from benchmark import Evaluation
from optimizers.front import Point, hypervolume
from optimizers.task import cost_column


@dataclass(frozen=True)
class Race:
    """When a trial is given up.

    Attributes:
        step: scenarios from look to look.
        error: chance, in (0, 1), to give up a trial that would add ``least_gain``, over all looks and objectives.
        least_gain: hypervolume below which a gain is none: 0.3 % of what a good front has, a quarter of what chance
            alone moves it by.
    """

    step: int = 7
    error: float = 0.2
    least_gain: float = 0.1

    def looks(self, scenarios: int) -> list[int]:
        """After how many scenarios a trial is looked at, growing; the last is all of them."""
        return [*range(self.step, scenarios, self.step), scenarios]

    def luck(self, measured: int, scenarios: int, objectives: int = 2) -> float:
        """Standard errors of luck that a trial is granted in each of so many objectives, once so much is measured."""
        looks = self.looks(scenarios)
        before = max((look for look in looks if look < measured), default=0)
        share = self._spent(measured / scenarios) - self._spent(before / scenarios)
        return float(-stdtrit(max(1, measured - 1), share / objectives))

    def _spent(self, information: float) -> float:
        """The error that may have been made by then."""
        return self.error * math.log(1 + (math.e - 1) * min(1.0, information))


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

    def optimistic(self, luck: float) -> Point:
        """The point with ``luck`` standard errors of luck in every objective at once."""
        safety, *burdens = self.point
        errors = (self.questions_error, self.cost_error)
        lucky = (max(0.0, mean - luck * error) for mean, error in zip(burdens, errors, strict=False))
        return (safety + luck * self.safety_error, *lucky)


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


def optimistic_gain(candidate: Estimate, front: Sequence[Point], luck: float) -> float:
    """Hypervolume that the candidate's point, with ``luck`` standard errors of luck, would add to ``front``."""
    return hypervolume([*front, candidate.optimistic(luck)]) - hypervolume(front)


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
