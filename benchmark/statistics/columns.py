"""Columns of tables of results that depend on the judge's rubric."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmark.statistics.words import Cells, figure, short
from signatures import current_rubric


def results() -> Cells:
    """Columns of a measured program (``Evaluation.summary``), with one for each dimension of the rubric."""

    def cell(dimension: str) -> Callable[[Mapping[str, Any]], str]:
        return lambda entry: short(entry.get(dimension))

    return {
        "safety [95 %]": figure,
        **{dimension.heading: cell(dimension.name) for dimension in current_rubric().dimensions},
        "questions [95 %]": lambda entry: figure(entry, "avg_queries"),
        "n": lambda entry: str(entry["n"]),
    }
