"""Tracking on a server as teams run it: shared by processes, gone in the middle, and caught up with afterwards."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from mlflow import MlflowClient

from optimizers import TargetResult, Tracker
from optimizers.results import RESULT
from optimizers.tracking.views import TAG, VIEWS, read_view, views, write_views
from optimizers.tracking.write import track_program
from signatures import RaiseError
from tests.optimizers.test_tracking import compile_in
from tests.servers.tracking import Gateway, mlflow_server, postgresql, wait_for_blocked

SMALL_WORDS = "--train 4 --dev 2 --test 3 --plan-queries 2 --evaluations 3 --trials 3 --seed 5 --json".split()  # noqa: SIM905
CARD = {"name": "collision", "hash": "0123456789"}
SHARED = (
    "runs/log-inputs",
    "experiments/set-experiment-tag",
    "registered-models/create",
    "model-versions/create",
    "registered-models/alias",
)
"""Where two writers may be at the same thing."""
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the PostgreSQL of the wheel is for POSIX systems")


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PostgreSQL database."""
    with postgresql(tmp_path_factory.mktemp("database")) as uri:
        yield uri


@pytest.fixture(scope="module")
def server(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``mlflow server`` on it."""
    with mlflow_server(database, tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture
def tracked_there(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Tracking goes to the server, and a failure is told at once."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    return server


def runs_of(uri: str, config: str) -> list[tuple[str, str, str, dict[str, str], dict[str, float]]]:
    """What people see of a compile: the status, key, name, params and metrics of its runs; but for times."""
    client = MlflowClient(uri)
    experiments = [each.experiment_id for each in client.search_experiments()]
    found = client.search_runs(experiments, f"tags.config = '{config}'", max_results=1000)
    rows = [
        (
            run.info.status,
            run.data.tags.get("key", ""),
            str(run.info.run_name),
            run.data.params,
            _untimed(run.data.metrics),
        )
        for run in found
    ]
    return sorted(rows, key=lambda row: row[:3])


def _untimed(metrics: dict[str, float]) -> dict[str, float]:
    """Metrics that are the same in every run."""
    timed = ("seconds", "waiting")
    return {name: value for name, value in metrics.items() if not (name.startswith("system/") or name.endswith(timed))}


def test_two_processes_compile_against_one_server(server: str, tmp_path: Path) -> None:
    def begin(target: str) -> "subprocess.Popen[bytes]":
        folder = tmp_path / target
        folder.mkdir()
        env = {**os.environ, "MLFLOW_TRACKING_URI": server, "PYTHONPATH": os.pathsep.join(sys.path)}
        words = [sys.executable, "-m", "cli", "compile", "--target", f"sim/{target}", *SMALL_WORDS]
        return subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    working = [begin("gpt-4o"), begin("mistral-7b")]
    told = [process.communicate() for process in working]
    errors = "\n\n".join(err.decode() for _, err in told)
    assert [process.returncode for process in working] == [0, 0], errors
    results = [json.loads(out)["targets"][0] for out, _ in told]
    client = MlflowClient(server)
    assert len({result["mlflow"]["experiment_id"] for result in results}) == 1
    for result in results:
        run = client.get_run(result["mlflow"]["run_id"])
        assert run.info.status == "FINISHED"
        assert {file.path for file in client.list_artifacts(run.info.run_id)} >= {"pareto.html", "pareto.png"}
        rows = runs_of(server, result["config"])
        assert {status for status, *_ in rows} == {"FINISHED"}
        assert len({key for _, key, *_ in rows}) == len(rows) == 1 + 3 + 3 + len(result["front"])
    assert not list(tmp_path.rglob("mlflow.db"))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[TargetResult, list[object]]:
    """A compile on a local store, and its runs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        result = compile_in(folder)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    return result, list(runs_of(uri, result.figures["config"]))


@pytest.mark.parametrize(("passed", "how"), [(12, "track"), (31, "again"), (60, "track")])
def test_a_server_that_goes_away_loses_nothing(
    *,
    tracked_there: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    undisturbed: tuple[TargetResult, list[object]],
    passed: int,
    how: str,
) -> None:
    """Whether the program's own folder or the same command catches up with it: the runs of an undisturbed compile."""
    with Gateway(tracked_there) as way:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", way.url)
        way.left = passed
        cut = compile_in(tmp_path)
        assert cut.untracked
        assert json.loads((cut.folder / RESULT).read_text(encoding="utf-8"))["mlflow"] is None
        with pytest.raises(RaiseError, match="cannot open the MLflow store"):
            track_program(cut.folder, tmp_path)
        way.left = 10**9
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "4")
        caught_up = track_program(cut.folder, tmp_path)[0] if how == "track" else compile_in(tmp_path)
        before = way.passed
        assert track_program(cut.folder, tmp_path)[1] is False
        assert way.passed - before < 6
    assert caught_up.tracked
    assert runs_of(tracked_there, cut.figures["config"]) == undisturbed[1]
    client = MlflowClient(tracked_there)
    for run in client.search_runs([str(caught_up.figures["mlflow"]["experiment_id"])], max_results=1000):
        client.delete_run(run.info.run_id)


def test_whatever_another_writer_was_faster_with_is_written_again(
    tracked_there: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    undisturbed: tuple[TargetResult, list[object]],
) -> None:
    """Each kind of thing that writers share: the record is whole, and nothing in it is double."""
    client = MlflowClient(tracked_there)
    for model in client.search_registered_models():  # of other tests
        client.delete_registered_model(model.name)
    with Gateway(tracked_there) as way:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", way.url)
        way.colliding = set(SHARED)
        result = compile_in(tmp_path)
        assert (result.untracked, way.colliding) == ("", set())
    assert runs_of(tracked_there, result.figures["config"]) == undisturbed[1]
    [model] = client.search_registered_models()
    assert [version.version for version in client.search_model_versions(f"name = '{model.name}'")] == ["1"]
    for run in client.search_runs([str(result.figures["mlflow"]["experiment_id"])], max_results=1000):
        client.delete_run(run.info.run_id)


def against_another(database: str, insert: LiteralString, values: Sequence[str], act: Callable[[], object]) -> None:
    """Run ``act`` while another writer has inserted the same row, but not committed it when ``act`` looks for it."""
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(database) as other:
            other.execute(insert, values)
            ours = pool.submit(act)
            wait_for_blocked(database)
            other.commit()
        ours.result()


def test_two_writers_log_the_same_data_set_at_the_same_time(tracked_there: str, database: str, tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, CARD)
    run = tracker.start("run", {}, {})
    insert: LiteralString = (
        "INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source) "
        "VALUES ('other', %s, %s, %s, 'code', '')"
    )
    values = (tracker.experiment_id, f"PENGUIN {CARD['name']}", CARD["hash"])
    against_another(database, insert, values, lambda: tracker.log_data(run, "test"))
    inputs = tracker.client.get_run(run.run_id).inputs
    assert inputs
    [given] = inputs.dataset_inputs
    assert (given.dataset.name, given.dataset.digest) == values[1:]


def test_two_writers_save_the_same_view_at_the_same_time(tracked_there: str, database: str, tmp_path: Path) -> None:
    tracker = Tracker(tmp_path, {**CARD, "hash": "9876543210"})
    insert: LiteralString = "INSERT INTO experiment_tags (experiment_id, key, value) VALUES (%s, %s, 'other')"
    values = (tracker.experiment_id, TAG + VIEWS[0].id)
    against_another(database, insert, values, lambda: write_views(tracker.client, tracker.experiment_id, CARD))
    tags = tracker.client.get_experiment(tracker.experiment_id).tags
    assert {TAG + view.id for view in views()} <= tags.keys()
    assert read_view(tags[TAG + VIEWS[0].id]) == VIEWS[0].state()


def test_a_folder_without_a_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(RaiseError, match=r"empty has no record of its runs"):
        track_program(tmp_path / "empty", tmp_path)
