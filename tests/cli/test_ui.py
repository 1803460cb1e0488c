"""``raise ui``: what it refuses, and how it starts MLflow's server."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from optimizers import Tracker, tracking_uri
from tests.cli.conftest import Run

CARD = {"name": "authored", "hash": "0123456789abcdef"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tracking store."""
    root = tmp_path_factory.mktemp("runs")
    Tracker(root, CARD)
    return root


@pytest.fixture
def root(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the folder that commands use."""
    monkeypatch.setenv("RAISE_ROOT", str(runs))
    return runs


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.usefixtures("root")
def test_a_taken_port_is_one_sentence(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("ui", "--port", str(port))
    assert (ran.code, ran.out) == (2, "")
    assert f"error: nothing can listen on port {port} of 127.0.0.1 (Address already in use)" in ran.err
    assert "MLflow on" not in ran.err


@pytest.mark.usefixtures("root")
def test_an_address_that_is_not_of_this_machine_is_one_sentence(run: Run) -> None:
    ran = run("ui", "--host", "no such host")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
    assert "nothing can listen on port 5000 of no such host" in ran.err


def test_a_tracking_server_needs_no_second_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:hunter2@tracking.example/")
    ran = run("ui")
    assert ran.code == 2
    assert "open https://***@tracking.example/ in a browser" in ran.err


def test_the_store_is_not_on_the_command_line_and_an_end_is_no_success(
    run: Run, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What MLflow's server returns if it cannot start is 0; and everybody can read command lines."""
    started: list[tuple[list[str], dict[str, Any]]] = []

    def call(words: list[str], env: dict[str, str]) -> int:
        started.append((words, env))
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    ran = run("ui", "--port", str(free_port()))
    assert ran.code == 1
    [(words, env)] = started
    assert not [word for word in words if "mlflow.db" in word]
    assert env["MLFLOW_BACKEND_STORE_URI"] == tracking_uri(root)
    assert env["PATH"] == os.environ["PATH"]
