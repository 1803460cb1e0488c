"""``raise ui``: what it refuses, and how it starts MLflow's server."""

import os
import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.server.constants import ARTIFACT_ROOT_ENV_VAR, BACKEND_STORE_URI_ENV_VAR

from cli.servers import run_server
from optimizers import Tracker, tracking_uri
from optimizers.tracking.store import opening
from optimizers.tracking.views import VIEWS, write_views
from tests.cli.conftest import Run
from tests.servers.ports import free_port
from tests.servers.tracking import wait_for

CARD = {"name": "authored", "hash": "0123456789abcdef"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tracking store."""
    root = tmp_path_factory.mktemp("runs")
    tracker = Tracker(root, CARD)
    write_views(tracker.client, tracker.experiment_id, CARD)
    return root


@pytest.fixture
def root(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, as the folder that commands use."""
    monkeypatch.setenv("RAISE_ROOT", str(runs))
    return runs


def end_at_once(command: list[str], env: dict[str, str], meanwhile: Callable[[], None]) -> int:
    """A server that ends as soon as it is known what there is to see."""
    meanwhile()
    return 0


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
    """What a server returns that ended is 0; and everybody can read command lines."""
    started: list[tuple[list[str], dict[str, Any]]] = []

    def call(words: list[str], env: dict[str, str], meanwhile: Callable[[], None]) -> int:
        started.append((words, env))
        return 0

    monkeypatch.setattr("cli.ui.run_server", call)
    ran = run("ui", "--port", str(free_port()))
    assert ran.code == 1
    [(words, env)] = started
    assert not [word for word in words if "mlflow.db" in word]
    assert env[BACKEND_STORE_URI_ENV_VAR] == tracking_uri(root)
    assert env[ARTIFACT_ROOT_ENV_VAR] == (root / "artifacts").as_uri()
    assert env["PATH"] == os.environ["PATH"]


@pytest.mark.usefixtures("root")
def test_the_address_of_the_trade_off_is_printed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.ui.run_server", end_at_once)
    port = free_port()
    ran = run("ui", "--port", str(port), "--no-browser")
    assert "safety against questions, PENGUIN authored 01234567:" in ran.err
    assert (
        f"http://127.0.0.1:{port}/#/experiments/1/runs?viewStateShareKey={VIEWS[0].id}&compareRunsMode=CHART" in ran.err
    )


@pytest.mark.usefixtures("root")
@pytest.mark.parametrize("words", [(), ("--no-browser",)])
def test_a_browser_is_opened_when_the_server_listens_unless_it_is_not_wanted(
    words: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    done = threading.Event()
    port = free_port()

    def serve(command: list[str], env: dict[str, str], meanwhile: Callable[[], None]) -> int:
        """A server for as long as it takes a browser to come; for a moment, if none may."""
        meanwhile()
        with socket.create_server(("127.0.0.1", port)):
            done.wait(0.5 if words else 30)
        return 0

    def browse(page: str) -> None:
        opened.append(page)
        done.set()

    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("cli.ui.run_server", serve)
    monkeypatch.setattr(webbrowser, "open", browse)
    run("ui", "--port", str(port), *words)
    assert len(opened) == (0 if words else 1)
    assert all(f":{port}/#/experiments/" in page for page in opened)


@pytest.mark.usefixtures("root")
def test_an_address_that_others_reach_is_warned_of(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.ui.run_server", end_at_once)
    assert "whoever reaches 0.0.0.0 can read, change and delete all runs" in run("ui", "--host", "0.0.0.0").err
    assert "whoever reaches" not in run("ui", "--port", str(free_port())).err


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGTERM")
def test_the_server_ends_with_the_command(root: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "cli", "ui", "--port", str(port), "--no-browser"]
    env = {**os.environ, "RAISE_ROOT": str(root), "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        served = MlflowClient(f"http://127.0.0.1:{port}").search_experiments(filter_string="name LIKE 'PENGUIN %'")
        assert [one.name for one in served] == ["PENGUIN authored 01234567"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
    socket.create_server(("127.0.0.1", port)).close()  # nobody listens there any more


@pytest.mark.skipif(os.name != "posix", reason="other systems have no SIGTERM")
def test_told_to_end_while_the_store_is_opened_it_blames_no_store() -> None:
    def meanwhile() -> None:
        with opening("sqlite:///mlflow.db"):
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit) as left:
        run_server([sys.executable, "-c", "import time; time.sleep(60)"], dict(os.environ), meanwhile)
    assert left.value.code == 128 + signal.SIGTERM
