"""The command line, run in this process."""

import json
import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from cli.app import main
from cli.logs import PACKAGES


class Ran(NamedTuple):
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)


class Run(Protocol):
    """Runs ``raise`` with the given words."""

    def __call__(self, *words: str) -> Ran: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run ``raise`` with some words."""

    def call(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["raise", *words])
        with monkeypatch.context() as quickly:
            if words[:1] == ("evaluate",) and "RAISE_TRACK" not in os.environ:
                quickly.setenv("RAISE_TRACK", "false")  # MLflow takes seconds to make a store
            with pytest.raises(SystemExit) as stopped:
                main()
        out, err = capfd.readouterr()
        return Ran(int(stopped.value.code or 0), out, err)

    return call


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch, mlflow_tables: Path) -> None:
    """Evaluations are logged to MLflow, as they are for users."""
    monkeypatch.setenv("RAISE_TRACK", "true")
    Path("mlruns").mkdir()
    shutil.copy(mlflow_tables, "mlruns/mlflow.db")


@pytest.fixture
def quiet_again() -> Iterator[None]:
    """Loggers as they were."""
    yield
    for name in PACKAGES:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).setLevel(logging.NOTSET)
