"""A user's own ``mlflow.dspy.autolog()`` beside our tracking: it shows our calls, and neither disturbs the other."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import dspy
import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.dspy.callback import MlflowCallback
from mlflow.entities import Trace

from benchmark import build_authored, evaluate, sample, split
from lms import LanguageModels, Role, RoleSettings, default_models
from modules import RAISE, Vanilla
from optimizers import Pareto, example_of
from tests.optimizers.test_tracking import client, compile_in
from tests.servers.openai_server import OpenAIServer

DATA = build_authored()
TEST = sample(split(DATA, "test"), 2)
KEY = "my-own-key-of-no-form"


@pytest.fixture
def mine(tmp_path: Path, mlflow_tables: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The user's own store, with autologging switched on for it; returns its experiment's id."""
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_TRACE_LOGGING", "false")
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(mlflow_tables, folder)
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    callbacks, usage = dspy.settings.callbacks, dspy.settings.track_usage
    mlflow.set_tracking_uri(uri)
    experiment = str(MlflowClient(uri).create_experiment("mine", folder.as_uri()))
    mlflow.set_experiment(experiment_id=experiment)
    mlflow.dspy.autolog(log_compiles=True, log_evals=True, silent=True)
    with dspy.context(callbacks=[MlflowCallback()], track_usage=True):  # a test's own context hides what is configured
        yield experiment
    mlflow.dspy.autolog(disable=True, silent=True)
    dspy.configure(callbacks=callbacks, track_usage=usage)
    mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # as if it had never been set


def traces(experiment: str) -> list[Trace]:
    return list(MlflowClient().search_traces(locations=[experiment], max_results=500))


def calls_in(found: list[Trace]) -> int:
    """Spans of LM calls."""
    return sum(span.span_type == "CHAT_MODEL" for trace in found for span in trace.data.spans)


def test_an_evaluation_gives_the_same_and_each_of_its_calls_is_a_span(mine: str) -> None:
    models = LanguageModels()
    heard = evaluate(RAISE(), TEST, models=models, name="raise", concurrency=2)
    with dspy.context(callbacks=[]):
        alone = evaluate(RAISE(), TEST, models=LanguageModels(), name="raise")
    for with_it, without in zip(heard.episodes, alone.episodes, strict=True):
        assert with_it.model_dump(exclude={"seconds"}) == without.model_dump(exclude={"seconds"})
    found = traces(mine)
    assert calls_in(found) == models.ledger.snapshot().total().calls
    assert {span.name for trace in found for span in trace.data.spans} >= {"RAISE.forward", "RoleLM.__call__"}


def test_calls_of_a_real_endpoint_show_too_and_its_key_does_not(
    mine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The short way of ``lms.role_lm`` is for calls that nobody listens to."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with OpenAIServer() as server:
        real = RoleSettings(model="openai/gpt-4o", api_base=server.url)
        models = LanguageModels({**default_models(), Role.TARGET: real})
        evaluate(Vanilla(), TEST[:1], models=models, name="vanilla")
        assert server.count > 0
    assert calls_in(traces(mine)) == models.ledger.snapshot().total().calls
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert not [file for file in files if KEY.encode() in file.read_bytes()]


def test_our_compile_goes_to_our_store_and_the_users_store_stays_the_users(mine: str, tmp_path: Path) -> None:
    before = mlflow.get_tracking_uri()
    with dspy.context(callbacks=[]):  # traces of a whole search take minutes
        result = compile_in(tmp_path / "ours")
    assert (result.untracked, mlflow.get_tracking_uri()) == ("", before)
    theirs = MlflowClient().search_runs([mine])  # compiles of DSPy's optimizers that the search uses
    assert not [run for run in theirs if "stage" in run.data.tags]
    experiment = result.figures["mlflow"]["experiment_id"]
    ours = client(tmp_path / "ours").search_traces(locations=[experiment], max_results=500)
    assert {trace.info.tags["mlflow.traceName"].partition(":")[0] for trace in ours} >= {"vanilla", "raise"}
    assert not any(span.name == "RAISE.forward" for trace in ours for span in trace.data.spans)


def test_the_pareto_search_is_logged_as_other_teleprompters_are(mine: str) -> None:
    optimizer = Pareto(trials=1)
    train = [example_of(one, optimizer.models) for one in sample(split(DATA, "train"), 2)]
    compiled = optimizer.compile(RAISE(), trainset=train)
    assert isinstance(compiled, RAISE)
    [run] = MlflowClient().search_runs([mine])
    assert run.info.status == "FINISHED"
    assert "sim/gpt-4o" not in run.data.params  # nothing but scalar arguments of compile, as for the others
    logged = {file.path for file in MlflowClient().list_artifacts(run.info.run_id)}
    assert logged >= {"trainset.json", "best_model.json"}
    best = RAISE.load(MlflowClient().download_artifacts(run.info.run_id, "best_model.json"))
    assert best.identity() == compiled.identity()
    assert traces(mine) == []  # autolog leaves those of a compile out
