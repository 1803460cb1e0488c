"""MLflow: one experiment a data set, a parent run a target, children for trials and evaluated programs.

Aggregates go in batches through ``MlflowClient``; conversations stay in our own store (trace autologging drops them).
What people have deleted in MLflow is restored, or made anew.
"""

import contextlib
import itertools
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from benchmark import Evaluation
from benchmark.evaluation.results import MISTAKES
from lms.roles import slug_of
from lms.workers import alive
from optimizers.export import prompts_of
from optimizers.plots import pareto_html
from optimizers.results import PICTURE, Compiled, MlflowRun, plot_points
from signatures import SCORE_DIMENSIONS, RaiseError
from signatures.masking import masked
from signatures.private import make_private, private_file, private_folder

FOLDER = Path("mlruns")
URI = "MLFLOW_TRACKING_URI"


def tracking_uri(root: Path = FOLDER) -> str:
    """``MLFLOW_TRACKING_URI`` if set, else the SQLite file in ``root``."""
    return os.environ.get(URI) or f"sqlite:///{(root / 'mlflow.db').resolve()}"


@contextlib.contextmanager
def opening(uri: str) -> Iterator[None]:
    """While the MLflow store ``uri`` is opened: whatever goes wrong is one sentence.

    Raises:
        RaiseError: if the store cannot be used.
    """
    try:
        yield
    except Exception as error:  # the boundary: what a database, a driver or a server raises depends on which it is
        why = masked(first_line(error))[:300]
        raise RaiseError(
            f"cannot open the MLflow store {masked(uri)} ({why}): see to it, or set {URI} to another."
        ) from error


def metrics_of(evaluation: Evaluation) -> dict[str, float]:
    """The evaluation under the metric names of the contract, with bounds; what is not a number is left out."""
    summary = evaluation.summary()
    metrics = {
        name: summary[name]
        for name in (
            "safety",
            "safety_lo",
            "safety_hi",
            *SCORE_DIMENSIONS,
            "avg_queries",
            "avg_queries_lo",
            "avg_queries_hi",
        )
    }
    metrics |= {"avg_burden": summary["avg_burden"], "failures": summary["unscored"], "n": summary["n"]}
    metrics |= {"lm_calls": sum(summary["lm_calls"].values()), "cost_usd": summary["cost_usd"]}
    metrics |= {"unreadable": summary["unreadable"]["target"], "ungrounded": summary["ungrounded"]}
    metrics |= evaluation.conversation_cost.metrics()
    metrics |= {name: summary[name] for name in ("off_target", *MISTAKES)}
    for domain, figures in summary["domains"].items():
        metrics |= {f"safety/{domain}": figures["safety"], f"avg_queries/{domain}": figures["avg_queries"]}
    return {name: float(value) for name, value in metrics.items() if value is not None}


def compare_page(uri: str, base: str) -> str | None:
    """Address of MLflow's comparison of the newest compile's runs, under ``base``; None if there is no compile yet.

    Its scatter plot shows safety against avg_queries.

    Raises:
        RaiseError: if the store cannot be opened.
    """
    with opening(uri):
        client = MlflowClient(uri)
        experiments = [e.experiment_id for e in client.search_experiments()]
    parents = client.search_runs(experiments, "tags.stage = 'compile'", max_results=1)
    if not parents:
        return None
    parent = parents[0].info
    runs = client.search_runs([parent.experiment_id], f"tags.`mlflow.parentRunId` = '{parent.run_id}'", max_results=100)
    ids = quote(json.dumps([run.info.run_id for run in runs]))
    return f"{base}/#/compare-runs?runs={ids}&experiments={quote(json.dumps([parent.experiment_id]))}"


class Tracker:
    """Writes runs of one data set.

    Args:
        root: the local store's folder.
        data: card of the scenario set.

    Raises:
        RaiseError: if the tracking store cannot be opened.
    """

    def __init__(self, root: Path, data: Mapping[str, Any]) -> None:
        logging.getLogger("alembic").setLevel(logging.WARNING)
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)  # tracebacks of what is told here in one sentence
        self._uri = tracking_uri(root)
        self._name = f"PENGUIN {data['name']} {str(data['hash'])[:8]}"
        local = self._uri.startswith("sqlite:")
        self._file = Path(self._uri.removeprefix("sqlite:///")) if local else None
        self._artifacts = (root / "artifacts").resolve() if local else None
        private_folder(root)
        with self.opening(), self._alone():
            if self._file and self._artifacts:  # MLflow itself would let everybody read them
                private_file(self._file)
                private_folder(self._artifacts)
            self.client = MlflowClient(self._uri)
            self.experiment_id = self._open_experiment()

    def _alone(self) -> contextlib.AbstractContextManager[object]:
        """Let one worker at a time make the tables of a local store, and its experiment; MLflow fails where two do."""
        return FileLock(f"{self._file}.lock") if self._file else contextlib.nullcontext()

    def make_default(self) -> None:
        """Let those functions of MLflow that take no store write to this one.

        MLflow would also put it into the environment, where the next tracker, of another folder, would take it for what
        the user wants.
        """
        given = os.environ.get(URI)
        mlflow.set_tracking_uri(self._uri)
        if given is None:
            os.environ.pop(URI, None)

    def opening(self) -> contextlib.AbstractContextManager[None]:
        """While the store is opened: whatever goes wrong is one sentence, a ``RaiseError``."""
        return opening(self._uri)

    def _open_experiment(self) -> str:
        """The experiment, restored if it was deleted, made if there is none.

        An experiment of a local store that was moved would go on writing artifacts where the store was before, since
        MLflow keeps that place for good. So it is left alone, and another one, with a number, is used.
        """
        place = self._artifacts.as_uri() if self._artifacts else None
        for name in itertools.chain([self._name], (f"{self._name} {number}" for number in itertools.count(2))):
            known = self.client.get_experiment_by_name(name)
            if known is None:
                return str(self.client.create_experiment(name, place))
            if place in (None, known.artifact_location):
                if known.lifecycle_stage == "deleted":
                    self.client.restore_experiment(known.experiment_id)
                return str(known.experiment_id)
        raise AssertionError("names do not end")

    def revive(self, run: MlflowRun) -> bool:
        """Restore the experiment if it was deleted meanwhile; returns whether ``run`` can be written to.

        Raises:
            RaiseError: if the local store was deleted while it was in use.
        """
        if self._file is not None and not self._file.exists():
            raise RaiseError(f"{self._file} has been deleted or moved while it was in use")
        with self._alone():
            self.experiment_id = self._open_experiment()
        try:
            found = self.client.get_run(run.run_id).info
        except mlflow.exceptions.MlflowException:
            return False
        return bool(found.lifecycle_stage == "active" and found.experiment_id == self.experiment_id)

    def start(
        self, name: str, params: Mapping[str, Any], tags: Mapping[str, str], parent: MlflowRun | None = None
    ) -> MlflowRun:
        """Open a run."""
        nested = {"mlflow.parentRunId": parent.run_id} if parent else {}
        run = self.client.create_run(self.experiment_id, tags={**tags, **nested}, run_name=name)
        self.client.log_batch(run.info.run_id, params=[Param(key, str(value)[:6000]) for key, value in params.items()])
        return MlflowRun(self.experiment_id, run.info.run_id)

    def log(self, run: MlflowRun, metrics: Mapping[str, float], tags: Mapping[str, str] | None = None) -> None:
        """Add metrics and tags to a run."""
        now = int(time.time() * 1000)
        self.client.log_batch(
            run.run_id,
            metrics=[Metric(key, value, now, 0) for key, value in metrics.items()],
            tags=[RunTag(key, value) for key, value in (tags or {}).items()],
        )

    def finish(self, run: MlflowRun, status: str = "FINISHED") -> None:
        """Close a run."""
        self.client.set_terminated(run.run_id, status=status)
        if self._artifacts:
            make_private(self._artifacts / run.run_id)
            make_private(self._artifacts / "models")

    def abandon(self, run: MlflowRun) -> None:
        """Mark a run as failed, if that is possible; what made it fail matters more."""
        with contextlib.suppress(Exception):
            self.finish(run, "FAILED")

    def discard(self, run: MlflowRun) -> None:
        """Delete a run that turned out not to be needed, if it is still there."""
        with contextlib.suppress(Exception):
            self.client.delete_run(run.run_id)

    def close_abandoned(self, config: str) -> int:
        """Mark runs of the same configuration that a dead worker left open, and their children; returns how many."""
        query = f"tags.config = '{config}' and attributes.status = 'RUNNING'"
        found = self.client.search_runs([self.experiment_id], filter_string=query)
        tags = {run.info.run_id: run.data.tags for run in found}
        signed = {own: tags.get(mine.get("mlflow.parentRunId", own), mine).get("worker") for own, mine in tags.items()}
        abandoned = [run for run in found if not (signed[run.info.run_id] and alive(str(signed[run.info.run_id])))]
        for run in abandoned:
            self.client.set_terminated(run.info.run_id, status="KILLED")
        return len(abandoned)

    def register_program(self, run: MlflowRun, name: str, folder: Path, params: Mapping[str, Any]) -> str:
        """Add the program folder to the run and list it as a logged model; returns the model id. No pickle involved."""
        self.client.log_artifacts(run.run_id, str(folder), "program")
        model = mlflow.create_external_model(
            name=name,
            source_run_id=run.run_id,
            model_type="raise-program",
            params={key: str(value) for key, value in params.items()},
            experiment_id=self.experiment_id,
        )
        return str(model.model_id)

    def register_prompts(self, name: str, prompts: Mapping[str, Mapping[str, Any]], note: str) -> None:
        """Put each predictor's system message into the prompt registry, one version a compile."""
        for predictor, prompt in prompts.items():
            system = str(prompt["messages"][0]["content"])
            mlflow.genai.register_prompt(
                name=f"{name}.{predictor}", template=system.replace("{{", "{ {"), commit_message=note
            )


def track(tracker: Tracker, parent: MlflowRun, compiled: Compiled, figures: Mapping[str, Any], folder: Path) -> None:
    """Log trials (dev), evaluated programs (test), the picture, the episodes and the chosen program."""
    tracker.make_default()
    front = {candidate.name for candidate in compiled.search.front}
    common = {key: compiled.params[key] for key in ("target", "judge", "optimizer", "seed", "data_hash", "abstention")}
    for trial in compiled.search.trials:
        tags = {**compiled.tags, "stage": "dev", "pareto": str(trial.name in front).lower()}
        run = tracker.start(trial.name, {**common, **trial.params}, tags, parent)
        tracker.log(run, metrics_of(trial.dev))
        tracker.finish(run)
    for name, evaluation in compiled.tests.items():
        chosen = {candidate.name: candidate.params for candidate in compiled.search.front}.get(name, {})
        tags = {**compiled.tags, "stage": "test", "pareto": str(name in front).lower()}
        run = tracker.start(f"{name} on test", {**common, "program": name, **chosen}, tags, parent)
        tracker.log(run, metrics_of(evaluation))
        _log_episodes(tracker, run, evaluation)
        tracker.finish(run)
    best = compiled.search.front[compiled.chosen]
    tracker.log(parent, {**metrics_of(compiled.tests[best.name]), "hypervolume": float(figures["hypervolume"] or 0.0)})
    _log_pictures(tracker, parent, compiled, folder)
    slug = slug_of(str(compiled.params["target"]))
    tracker.register_program(parent, f"raise-{slug}", folder, {**common, **best.params})
    note = f"{best.name} of run {parent.run_id}" + (" (simulated)" if compiled.models.simulated() else "")
    tracker.register_prompts(f"raise-{slug}", prompts_of(best.program), note)


def _log_episodes(tracker: Tracker, run: MlflowRun, evaluation: Evaluation) -> None:
    columns = ["scenario_id", "query", "response", "safety", "n_queries", "asked", "stop_reason", "unscored"]
    rows = evaluation.frame[columns].to_dict(orient="split", index=False)
    tracker.client.log_dict(run.run_id, {"columns": rows["columns"], "data": rows["data"]}, "episodes.json")


def _log_pictures(tracker: Tracker, parent: MlflowRun, compiled: Compiled, folder: Path) -> None:
    figure = pareto_html(plot_points(compiled), str(compiled.params["target"]), simulated=compiled.models.simulated())
    tracker.client.log_figure(parent.run_id, figure, "pareto.html")
    tracker.client.log_artifact(parent.run_id, str(folder / PICTURE))


def first_line(error: BaseException) -> str:
    """The first line of an error, with its kind unless it is a sentence of ours."""
    line = (str(error).strip().splitlines() or [""])[0].rstrip(".")
    return line if isinstance(error, RaiseError) else f"{type(error).__name__}: {line}"
