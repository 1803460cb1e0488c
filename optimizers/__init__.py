"""Compiling RAISE for a target model: the metric, the optimizers, the safety-questions front, tracking, export.

Knows nothing of terminals.
"""

from optimizers.batch import Job, Outcome, compile_all
from optimizers.budget import MaxCalls, MaxMinutes, MaxUsd, Stopper
from optimizers.compiler import CompileSettings, Work, compile_target
from optimizers.export import export_program, prompts_of
from optimizers.forecast import RoleForecast, forecast, forecast_each, forecast_work
from optimizers.front import Pick, choose, hypervolume, knee, non_dominated
from optimizers.registry import OPTIMIZERS
from optimizers.results import TargetResult
from optimizers.task import Candidate, Constraints, Optimizer, Search, Task
from optimizers.tracking import Tracker, compare_page, slug_of, tracking_uri

__all__ = [
    "OPTIMIZERS",
    "Candidate",
    "CompileSettings",
    "Constraints",
    "Job",
    "MaxCalls",
    "MaxMinutes",
    "MaxUsd",
    "Optimizer",
    "Outcome",
    "Pick",
    "RoleForecast",
    "Search",
    "Stopper",
    "TargetResult",
    "Task",
    "Tracker",
    "Work",
    "choose",
    "compare_page",
    "compile_all",
    "compile_target",
    "export_program",
    "forecast",
    "forecast_each",
    "forecast_work",
    "hypervolume",
    "knee",
    "non_dominated",
    "prompts_of",
    "slug_of",
    "tracking_uri",
]
