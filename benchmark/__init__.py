"""PENGUIN: scenarios, splits, the judge, the simulated user, the runner, and the statistics of what it measured.

Knows nothing of optimizers.
"""

from benchmark.authored import build_authored
from benchmark.comparison import Comparison
from benchmark.curve import Curve, measure_curve
from benchmark.evaluation import Evaluation
from benchmark.judge import Judge, Scorer, Verdict
from benchmark.panel import Panel, judge_of
from benchmark.runner import evaluate
from benchmark.scenarios import Scenario, ScenarioSet, load_scenarios
from benchmark.splits import sample, split
from benchmark.statistics import Interval, bootstrap_mean
from benchmark.taxonomy import DOMAINS, Situation, situations
from benchmark.users import SimulatedUser

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
