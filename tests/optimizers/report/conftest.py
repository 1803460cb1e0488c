"""The smallest compile, read for a report."""

from pathlib import Path

import pytest

from optimizers import TargetResult
from optimizers.report.page import write_page
from optimizers.report.source import CompiledProgram, read_program


@pytest.fixture(scope="session")
def store(compiled: TargetResult) -> Path:
    """The folder of MLflow's store."""
    return compiled.folder.parents[1]


@pytest.fixture(scope="session")
def program(compiled: TargetResult) -> CompiledProgram:
    """The program, read."""
    return read_program(compiled.folder)


@pytest.fixture(scope="session")
def page(program: CompiledProgram) -> str:
    """A report of two programs."""
    return write_page([program, program])
