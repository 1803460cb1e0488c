"""Offline planning over the queries of a split, and what it teaches for later ones."""

from benchmark.planning.planning import Plan, PlanSettings, plan

__all__ = ["Plan", "PlanSettings", "plan"]
