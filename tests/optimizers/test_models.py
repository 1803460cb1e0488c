"""Every program of the front is a model that MLflow loads and serves, without pickle; the chosen one is champion."""

import ast
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import packages_distributions
from itertools import takewhile
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import LoggedModel
from mlflow.models import Model

from modules import RAISE
from optimizers import TargetResult, tracking_uri
from optimizers.tracking.models import CHAMPION, FINGERPRINT, log_programs
from optimizers.tracking.package import LIBRARIES, PACKAGES
from optimizers.tracking.record import MlflowRun, read_record
from optimizers.tracking.store import Tracker
from signatures import RaiseError
from signatures.home import HOME

NAME = "raise-sim-gpt-4o"
QUERY = "Should I quit my job without another offer?"
LOAD = """
import json, sys
from pathlib import Path
sys.path[:] = [place for place in sys.path if not (Path(place) / "signatures").is_dir()]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
import mlflow
model = mlflow.pyfunc.load_model(sys.argv[1])
said = model.predict({"messages": json.loads(sys.argv[2])})
import modules
print(json.dumps([said["choices"][0]["message"], modules.__file__]))
"""
"""Loads a model where RAISE is not installed, and lets it say something."""


def logged(store: Path, result: TargetResult) -> dict[str, LoggedModel]:
    """Name of a program -> its logged model."""
    client = MlflowClient(tracking_uri(store))
    found = client.search_logged_models([result.figures["mlflow"]["experiment_id"]])
    return {model.name.removeprefix(f"{NAME}-"): model for model in found}


def folder_of(model: LoggedModel) -> Path:
    return Path(model.artifact_location.removeprefix("file://"))


def files_of(model: LoggedModel) -> set[str]:
    place = folder_of(model)
    return {str(file.relative_to(place)) for file in place.rglob("*") if file.is_file()}


def outside(store: Path) -> dict[str, str]:
    """The environment of somebody who has our libraries, and the address of the store."""
    given = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    closed = {"MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false", "PYTHONSAFEPATH": "1"}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # MLflow starts uvicorn by its name
    return {**given, **closed, "PATH": path, "MLFLOW_TRACKING_URI": tracking_uri(store)}


def test_each_program_of_the_front_is_a_logged_model_with_the_metrics_of_its_test(
    store: Path, tracked: TargetResult
) -> None:
    models = logged(store, tracked)
    assert set(models) == {entry["name"] for entry in tracked.figures["front"]}
    client = MlflowClient(tracking_uri(store))
    for entry in tracked.figures["front"]:
        model = models[entry["name"]]
        assert {metric.key: metric.value for metric in model.metrics or []}["safety"] == pytest.approx(entry["safety"])
        assert model.params["program"] == entry["name"]
        assert (model.tags["target"], model.tags["simulated"]) == ("sim/gpt-4o", "true")
        run = client.get_run(str(model.source_run_id))
        assert run.outputs is not None
        assert [output.model_id for output in run.outputs.model_outputs] == [model.model_id]
        assert len(client.get_metric_history(run.info.run_id, "safety")) == 1  # linking adds no second value


def test_a_logged_model_is_text_and_code_and_no_pickle(store: Path, tracked: TargetResult) -> None:
    for model in logged(store, tracked).values():
        files = files_of(model)
        assert {"MLmodel", "requirements.txt", "python_env.yaml", "mlflow_model.py"} <= files
        assert {f"artifacts/program/{name}" for name in ("program.json", "paths.jsonl", "card.json")} <= files
        assert {Path(file).suffix for file in files} == {"", ".txt", ".yaml", ".py", ".json", ".jsonl", ".md", ".toml",
                                                         ".gz", ".npz", ".typed", ".html", ".css", ".js"}  # fmt: skip
        assert not [file for file in files if "pickle" in file or "pkl" in file or "pycache" in file]
        signature = Model.load(str(folder_of(model))).signature
        assert "messages" in signature.inputs.input_names()
        assert "choices" in signature.outputs.input_names()


def test_a_logged_model_requires_what_its_packages_import() -> None:
    """Else it loads here and not where MLflow makes an environment for it."""
    names = packages_distributions()
    imported = {
        module.partition(".")[0]
        for package in ("signatures", "modules", "lms")
        for file in (HOME / package).rglob("*.py")
        for module in imports_in(file.read_text(encoding="utf-8"))
    }
    others = imported - sys.stdlib_module_names - set(PACKAGES)
    assert {name for name in others if not set(names[name]) & set(LIBRARIES)} == {"litellm"}  # which DSPy brings


def imports_in(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_chosen_program_is_the_champion_of_its_target(store: Path, tracked: TargetResult) -> None:
    version = MlflowClient(tracking_uri(store)).get_model_version_by_alias(NAME, CHAMPION)
    chosen = logged(store, tracked)[tracked.figures["chosen_name"]]
    assert version.source == f"models:/{chosen.model_id}"
    figures = next(entry for entry in tracked.figures["front"] if entry["name"] == tracked.figures["chosen_name"])
    assert version.tags == {
        "target": "sim/gpt-4o",
        "optimizer": "pareto",
        "safety": f"{figures['safety']:.2f}",
        "questions": f"{figures['avg_queries']:.2f}",
        "simulated": "true",
        "run": tracked.figures["mlflow"]["run_id"],
        FINGERPRINT: chosen.tags[FINGERPRINT],
    }
    assert json.loads(chosen.tags["mlflow.modelVersions"]) == [{"name": NAME, "version": int(version.version)}]


def test_what_is_logged_again_is_neither_a_second_model_nor_a_second_version(
    store: Path, tracked: TargetResult
) -> None:
    record, client = read_record(tracked.folder), MlflowClient(tracking_uri(store))
    before = (set(logged(store, tracked)), len(client.search_model_versions(f"name = '{NAME}'")))
    tracker = Tracker(store, record.data)
    parent = MlflowRun(**tracked.figures["mlflow"])
    runs = {child.key: tracker.start(child.name, {}, {}, parent) for child in record.children if child.stage == "test"}
    try:
        log_programs(tracker, parent, runs, record, tracked.folder)
    finally:
        for run in runs.values():
            tracker.discard(run)
    assert (set(logged(store, tracked)), len(client.search_model_versions(f"name = '{NAME}'"))) == before


def test_a_program_is_loaded_from_the_registry(
    store: Path, tracked: TargetResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAISE_ROOT", str(store))
    chosen = RAISE.load(tracked.folder)
    model_id = logged(store, tracked)[tracked.figures["chosen_name"]].model_id
    for address in (f"models:/{NAME}@{CHAMPION}", f"models:/{NAME}/1", f"models:/{model_id}"):
        found = RAISE.load(address)
        assert (found.identity(), found.paths.paths) == (chosen.identity(), chosen.paths.paths)
    with pytest.raises(RaiseError, match=r"cannot be had from the MLflow store .*nobody"):
        RAISE.load("models:/nobody@champion")


def test_no_store_is_made_where_a_program_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match="there is no MLflow store"):
        RAISE.load(f"models:/{NAME}@{CHAMPION}")
    assert list(tmp_path.iterdir()) == []


def test_a_model_loads_where_raise_is_not_installed(store: Path, tracked: TargetResult, tmp_path: Path) -> None:
    messages = json.dumps([{"role": "user", "content": QUERY}])
    command = [sys.executable, "-c", LOAD, f"models:/{NAME}@{CHAMPION}", messages]
    done = subprocess.run(command, cwd=tmp_path, env=outside(store), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said, where = json.loads(done.stdout.splitlines()[-1])
    assert (said["role"], bool(said["content"])) == ("assistant", True)
    assert Path(where).parts[-3] == "code"


@contextmanager
def serving(model: str, environment: dict[str, str]) -> Iterator[str]:
    """``mlflow models serve``, while the block lasts; the address it listens on."""
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "-h", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(
        [*command, "--env-manager", "local"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert server.stdout is not None
    lines = iter(server.stdout)
    try:
        told = list(takewhile(lambda line: "Uvicorn running on" not in line, lines))
        assert server.poll() is None, "".join(told)
        Thread(target=deque, args=(lines, 0), daemon=True).start()  # a full pipe would stop it
        yield f"http://127.0.0.1:{port}"
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def post(base: str, body: object) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base}/invocations", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_mlflow_serves_a_conversation_of_two_turns(store: Path, tracked: TargetResult) -> None:
    with serving(f"models:/{NAME}@{CHAMPION}", outside(store)) as base:
        messages = [{"role": "user", "content": QUERY}]
        status, first = post(base, {"messages": messages})
        assert (status, first["object"], first["model"]) == (200, "chat.completion", "sim/gpt-4o")
        question = first["choices"][0]["message"]
        assert question["role"] == "assistant"
        assert "?" in question["content"]
        said = {"role": "user", "content": "I'm 40, a nurse, married, healthy, and I have savings. I feel calm."}
        status, second = post(base, {"messages": [*messages, question, said], "temperature": 0.2})
        assert (status, second["choices"][0]["finish_reason"]) == (200, "stop")
        assert second["choices"][0]["message"]["content"] not in ("", question["content"])
        status, refused = post(base, {"messages": [{"role": "assistant", "content": "Hello."}]})
        assert (status, "no message has the role user" in str(refused)) == (400, True)
