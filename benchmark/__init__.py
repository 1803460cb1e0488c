"""PENGUIN: scenarios, splits, the judge, the simulated user, the runner, and the statistics of what it measured.

Knows nothing of optimizers. Names are imported when they are first used, so that a light module in here stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "evaluation.curve": ("Curve", "measure_curve"),
    "evaluation.results": ("Evaluation",),
    "evaluation.runner": ("evaluate",),
    "evaluation.users": ("SimulatedUser",),
    "judging.judge": ("Judge", "Scorer", "Verdict"),
    "judging.panel": ("Panel", "judge_of"),
    "scenarios.authored": ("build_authored",),
    "scenarios.scenario": ("Scenario", "ScenarioSet", "load_scenarios"),
    "scenarios.splits": ("sample", "split"),
    "scenarios.taxonomy": ("DOMAINS", "Situation", "situations"),
    "statistics.comparison": ("Comparison",),
    "statistics.intervals": ("Interval", "bootstrap_mean"),
}


if not TYPE_CHECKING:  # else any misspelt name would pass the type checker

    def __getattr__(name: str) -> Any:
        for home, names in _HOMES.items():
            if name in names:
                value = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
                return value
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
