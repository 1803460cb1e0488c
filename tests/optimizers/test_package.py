"""The package's face: everything on it is there, and nothing is imported before it is asked for."""

import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import pytest

import optimizers

HEAVY = (
    "dspy",
    "optuna",
    "mlflow",
    "pandas",
    "numpy",
    "plotly",
    "matplotlib",
    "sklearn",
    "benchmark",
    "lms",
    "modules",
)


def test_every_name_is_there_and_listed() -> None:
    assert sorted(optimizers.__all__) == sorted(set(optimizers.__all__))
    missing = [name for name in optimizers.__all__ if getattr(optimizers, name, None) is None]
    assert missing == []
    unlisted = set(optimizers._HOME) ^ set(optimizers.__all__)
    assert unlisted == set()
    face: Any = optimizers
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = face.nothing


def test_no_name_is_that_of_a_module_which_would_hide_it_once_imported() -> None:
    modules = {module.name for module in iter_modules(optimizers.__path__)}
    assert modules & set(optimizers.__all__) == set()


def test_the_arithmetic_of_fronts_imports_nothing_heavy() -> None:
    code = f"import sys, optimizers.front; print([name for name in {HEAVY!r} if name in sys.modules])"
    folder = Path(optimizers.__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
