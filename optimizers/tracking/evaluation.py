"""An evaluation as a run: one a program, found again by what it is of, and never made twice."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dspy

from benchmark import Evaluation, ScenarioSet, Scorer, judge_of
from benchmark.evaluation.runner import setup_of
from benchmark.judging.panel import judge_name
from lms import LanguageModels, Role
from modules import RAISE
from optimizers.tracking.calls import calls_of
from optimizers.tracking.collisions import again_if_collided
from optimizers.tracking.conversations import DEFAULT, Logged, sample_conversations, shown
from optimizers.tracking.episodes import episodes_of
from optimizers.tracking.metrics import metrics_of
from optimizers.tracking.names import kind_tags, run_name
from optimizers.tracking.record import MlflowRun, RunRecord, TrackingRecord, as_params
from optimizers.tracking.runs import write_run
from optimizers.tracking.store import KEY, Tracker, first_line
from optimizers.tracking.traces import forget_conversations, log_conversations, logged_traces
from optimizers.tracking.views import write_views
from signatures.identity import content_id
from signatures.rubric import recorded_rubric

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Drawn:
    """What the scenarios of an evaluation were drawn from.

    Attributes:
        data: the whole set; it names the experiment.
        split: of the set.
        seed: of split and sample.
    """

    data: ScenarioSet
    split: str = "all"
    seed: int = 0


def evaluation_record(
    evaluation: Evaluation,
    program: dspy.Module,
    models: LanguageModels,
    drawn: Drawn,
    *,
    logged: Logged = DEFAULT,
    judge: Scorer | None = None,
) -> TrackingRecord:
    """All that MLflow is to know of an evaluation.

    Args:
        judge: if it was not that of ``models``.
    """
    data, split, seed = drawn.data, drawn.split, drawn.seed
    judge = judge or judge_of(models)
    target = models.roles[Role.TARGET].model
    scenarios = [episode.scenario.id for episode in evaluation.episodes]
    setup = setup_of(program, models, judge)
    key = content_id(setup, evaluation.name, data.hash, split, seed, scenarios)
    params = {
        "program": evaluation.name,
        "target": target,
        "judge": judge_name(judge),
        "user": models.roles[Role.USER].model,
        "data": data.name,
        "data_hash": data.hash,
        "split": split,
        "seed": seed,
        "n": len(scenarios),
        "setup": setup,
        **recorded_rubric(),
        **_settings(program),
    }
    episodes, metrics = episodes_of(evaluation, logged), metrics_of(evaluation)
    told = sample_conversations(evaluation.episodes, logged.traces, seed)
    run = RunRecord(
        key=f"evaluation/{key}",
        name=run_name(target, evaluation.name, "evaluation"),
        stage="evaluation",
        params=as_params(params),
        metrics=metrics,
        tags={
            **kind_tags("evaluation"),
            "simulated": str(evaluation.simulated).lower(),
            "outcome": content_id(metrics, episodes.model_dump(mode="json")),
        },
        episodes=episodes,
        conversations=tuple(shown(one, logged) for one in told),
        calls=calls_of(told, program, models, judge, logged),
    )
    return TrackingRecord(data=data.card(), target=target, simulated=evaluation.simulated, parent=run, children=())


def _settings(program: dspy.Module) -> dict[str, Any]:
    """The settings of a RAISE program; baselines without any have none."""
    return program.settings.model_dump(mode="json") if isinstance(program, RAISE) else {}


def record_evaluation(root: Path, record: TrackingRecord) -> str:
    """Record an evaluation in MLflow, or what is missing of it there.

    Returns:
        Why it could not be recorded; empty if it was.
    """
    try:
        _write(Tracker(root, record.data), record)
    except Exception as error:  # the boundary: an evaluation is worth more than its record
        logger.debug("recording in MLflow failed", exc_info=True)
        return first_line(error)
    return ""


@again_if_collided
def _write(tracker: Tracker, record: TrackingRecord) -> None:
    """Record an evaluation, or the traces of it that are missing."""
    done = _find(tracker, record.parent)
    if done is not None:
        log_conversations(tracker, done, record.parent, logged_traces(tracker, done))
    else:
        write_run(tracker, record.parent)
    write_views(tracker.client, tracker.experiment_id, record.data)


def _find(tracker: Tracker, record: RunRecord) -> MlflowRun | None:
    """The finished run of the same evaluation; runs of it that are unfinished, or of another outcome, are deleted."""
    found = tracker.client.search_runs([tracker.experiment_id], f"tags.`{KEY}` = '{record.key}'")
    kept = None
    for run in found:
        known = MlflowRun(tracker.experiment_id, run.info.run_id)
        whole = run.info.status == "FINISHED" and run.data.tags.get("outcome") == record.tags["outcome"]
        if whole and kept is None:
            kept = known
        else:
            forget_conversations(tracker, known)
            tracker.discard(known)
    return kept
