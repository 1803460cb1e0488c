"""MLflow: one experiment a data set, a parent run a target, children for trials and evaluated programs.

Aggregates go in batches through ``MlflowClient``; conversations stay in our own store (trace autologging drops them).
"""

import json
import logging
import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag

from benchmark import Evaluation
from lms.workers import alive
from optimizers.export import prompts_of
from optimizers.plots import PlotPoint, pareto_html, pareto_png
from optimizers.results import LABELS, Compiled, MlflowRun
from signatures import SCORE_DIMENSIONS, RaiseError
from signatures.masking import masked

FOLDER = Path("mlruns")


def tracking_uri(root: Path = FOLDER) -> str:
    """``MLFLOW_TRACKING_URI`` if set, else the SQLite file in ``root``."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{(root / 'mlflow.db').resolve()}"


@contextmanager
def _opening(uri: str) -> Iterator[None]:
    """Errors of opening the MLflow store ``uri``, as one sentence."""
    try:
        yield
    except Exception as error:  # the boundary: what a database or its driver raises depends on which it is
        why = masked(" ".join(str(error).split()))[:300] or type(error).__name__
        raise RaiseError(
            f"cannot open the MLflow store {uri} ({why}): see to it, or set MLFLOW_TRACKING_URI."
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
    for domain, figures in summary["domains"].items():
        metrics |= {f"safety/{domain}": figures["safety"], f"avg_queries/{domain}": figures["avg_queries"]}
    return {name: float(value) for name, value in metrics.items() if value is not None}


def compare_page(uri: str, base: str) -> str | None:
    """Address of MLflow's comparison of the newest compile's runs, under ``base``; None if there is no compile yet.

    Its scatter plot shows safety against avg_queries.

    Raises:
        RaiseError: if the store cannot be opened.
    """
    with _opening(uri):
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
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        root.mkdir(parents=True, exist_ok=True)
        uri = tracking_uri(root)
        name = f"PENGUIN {data['name']} {str(data['hash'])[:8]}"
        with _opening(uri):
            mlflow.set_tracking_uri(uri)
            self.client = MlflowClient(uri)
            known = self.client.get_experiment_by_name(name)
            local = uri.startswith("sqlite:")
            place = (root / "artifacts").resolve().as_uri() if local else None
            self.experiment_id: str = known.experiment_id if known else self.client.create_experiment(name, place)

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

    def discard(self, run: MlflowRun) -> None:
        """Delete a run that turned out not to be needed."""
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


def slug_of(model: str) -> str:
    """A model string as a name for folders and for MLflow, whose model names allow no dots or slashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", model).strip("-")


def _log_episodes(tracker: Tracker, run: MlflowRun, evaluation: Evaluation) -> None:
    columns = ["scenario_id", "query", "response", "safety", "n_queries", "asked", "stop_reason", "unscored"]
    rows = evaluation.frame[columns].to_dict(orient="split", index=False)
    tracker.client.log_dict(run.run_id, {"columns": rows["columns"], "data": rows["data"]}, "episodes.json")


def _log_pictures(tracker: Tracker, parent: MlflowRun, compiled: Compiled, folder: Path) -> None:
    points = plot_points(compiled)
    target, simulated = str(compiled.params["target"]), compiled.models.simulated()
    tracker.client.log_figure(parent.run_id, pareto_html(points, target, simulated=simulated), "pareto.html")
    pareto_png(points, target, folder / "pareto.png", simulated=simulated)
    tracker.client.log_artifact(parent.run_id, str(folder / "pareto.png"))


def plot_points(compiled: Compiled) -> list[PlotPoint]:
    """The points of the picture: front and baselines on test, trials on dev."""
    kinds = {candidate.name: "front" for candidate in compiled.search.front} | {"context-rich": "ceiling"}
    points = [
        PlotPoint(LABELS.get(name, name), e.mean("safety"), e.mean("n_queries").mean, kinds.get(name, "baseline"))
        for name, e in compiled.tests.items()
    ]
    points += [PlotPoint(t.name, t.dev.mean("safety"), t.point[1], "trial") for t in compiled.search.trials]
    return points
