"""Compiling RAISE for a target model: the metric, the optimizers, the safety-questions front, tracking, export.

Knows nothing of terminals.
"""

from optimizers.base import Candidate, Optimizer, Task
from optimizers.compiler import CompileSettings, compile_target
from optimizers.export import export_program, prompts_of
from optimizers.forecast import RoleForecast, forecast, forecast_work
from optimizers.front import hypervolume, knee, non_dominated
from optimizers.registry import OPTIMIZERS
from optimizers.results import TargetResult
from optimizers.tracking import Tracker, compare_page, slug_of, tracking_uri

__all__ = [
    "OPTIMIZERS",
    "Candidate",
    "CompileSettings",
    "Optimizer",
    "RoleForecast",
    "TargetResult",
    "Task",
    "Tracker",
    "compare_page",
    "compile_target",
    "export_program",
    "forecast",
    "forecast_work",
    "hypervolume",
    "knee",
    "non_dominated",
    "prompts_of",
    "slug_of",
    "tracking_uri",
]
