"""Compiling RAISE for a target model: the metric, the optimizers, the safety-questions front, tracking, export.

Knows nothing of terminals. Names are imported when they are first asked for (PEP 562), so that ``optimizers.front`` can
be had without Optuna, MLflow and the models.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.jobs.budget import MaxCalls, MaxMinutes, MaxUsd, Stopper
    from lms.roles import slug_of
    from optimizers.batch import CompileJob, CompileOutcome, compile_all
    from optimizers.compile_settings import CompileSettings
    from optimizers.compiler import Workspace, compile_target
    from optimizers.export import prompts_of
    from optimizers.forecast import RoleForecast, forecast_compile, forecast_each, forecast_work
    from optimizers.front import Pick, choose, hypervolume, knee, non_dominated
    from optimizers.metric import Metric, example_of, tradeoff
    from optimizers.native import Penguin
    from optimizers.pareto import Pareto
    from optimizers.portable.formats import export_program
    from optimizers.registry import OPTIMIZERS
    from optimizers.results import TargetResult
    from optimizers.task import Candidate, Constraints, Optimizer, Search, Task
    from optimizers.tracking.address import tracking_uri
    from optimizers.tracking.store import Tracker
    from optimizers.tracking.views import opening_pages

_NAMES = {
    "optimizers.batch": ("CompileJob", "CompileOutcome", "compile_all"),
    "benchmark.jobs.budget": ("MaxCalls", "MaxMinutes", "MaxUsd", "Stopper"),
    "optimizers.compile_settings": ("CompileSettings",),
    "optimizers.compiler": ("Workspace", "compile_target"),
    "optimizers.export": ("prompts_of",),
    "optimizers.forecast": ("RoleForecast", "forecast_compile", "forecast_each", "forecast_work"),
    "optimizers.front": ("Pick", "choose", "hypervolume", "knee", "non_dominated"),
    "optimizers.metric": ("Metric", "example_of", "tradeoff"),
    "optimizers.native": ("Penguin",),
    "optimizers.pareto": ("Pareto",),
    "optimizers.portable.formats": ("export_program",),
    "optimizers.registry": ("OPTIMIZERS",),
    "optimizers.results": ("TargetResult",),
    "optimizers.task": ("Candidate", "Constraints", "Optimizer", "Search", "Task"),
    "lms.roles": ("slug_of",),
    "optimizers.tracking.address": ("tracking_uri",),
    "optimizers.tracking.store": ("Tracker",),
    "optimizers.tracking.views": ("opening_pages",),
}
"""Module -> what is offered of it."""
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "OPTIMIZERS",
    "Candidate",
    "CompileJob",
    "CompileOutcome",
    "CompileSettings",
    "Constraints",
    "MaxCalls",
    "MaxMinutes",
    "MaxUsd",
    "Metric",
    "Optimizer",
    "Pareto",
    "Penguin",
    "Pick",
    "RoleForecast",
    "Search",
    "Stopper",
    "TargetResult",
    "Task",
    "Tracker",
    "Workspace",
    "choose",
    "compile_all",
    "compile_target",
    "example_of",
    "export_program",
    "forecast_compile",
    "forecast_each",
    "forecast_work",
    "hypervolume",
    "knee",
    "non_dominated",
    "opening_pages",
    "prompts_of",
    "slug_of",
    "tracking_uri",
    "tradeoff",
]


if not TYPE_CHECKING:  # else any misspelt name would pass the type checker

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
