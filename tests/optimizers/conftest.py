"""A compile that is tracked in MLflow, made once."""

from pathlib import Path

import pytest

from optimizers import TargetResult
from tests.optimizers.test_tracking import compile_in


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the local MLflow store with that compile."""
    return tmp_path_factory.mktemp("tracked") / "mlruns"


@pytest.fixture(scope="session")
def tracked(store: Path) -> TargetResult:
    """The result of the compile in ``store``; tests may read both, and add to the store what others do not mind."""
    result = compile_in(store)
    assert result.untracked == ""
    return result
