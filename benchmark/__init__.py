"""PENGUIN: scenarios, splits, the judge, the simulated user, the runner, and the statistics of what it measured.

Knows nothing of optimizers.
"""

from benchmark.evaluation.curve import Curve, measure_curve
from benchmark.evaluation.results import Evaluation
from benchmark.evaluation.runner import evaluate
from benchmark.evaluation.users import SimulatedUser
from benchmark.judging.judge import Judge, Scorer, Verdict
from benchmark.judging.panel import Panel, judge_of
from benchmark.scenarios.authored import build_authored
from benchmark.scenarios.scenario import Scenario, ScenarioSet, load_scenarios
from benchmark.scenarios.splits import sample, split
from benchmark.scenarios.taxonomy import DOMAINS, Situation, situations
from benchmark.statistics.comparison import Comparison
from benchmark.statistics.intervals import Interval, bootstrap_mean

__all__ = [
    "DOMAINS",
    "Comparison",
    "Curve",
    "Evaluation",
    "Interval",
    "Judge",
    "Panel",
    "Scenario",
    "ScenarioSet",
    "Scorer",
    "SimulatedUser",
    "Situation",
    "Verdict",
    "bootstrap_mean",
    "build_authored",
    "evaluate",
    "judge_of",
    "load_scenarios",
    "measure_curve",
    "sample",
    "situations",
    "split",
]
