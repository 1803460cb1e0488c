"""Sends a record to MLflow: runs, artifacts, models, prompts."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from modules import RAISE
from optimizers.results import INTERACTIVE, PICTURE, TargetResult, mark_tracked
from optimizers.tracking.models import log_program
from optimizers.tracking.prompts import register_prompts
from optimizers.tracking.record import MlflowRun, RunRecord, TrackingRecord, read_record
from optimizers.tracking.store import Tracker, first_line

logger = logging.getLogger(__name__)


def record_result(
    tracker: Tracker, parent: MlflowRun, open_run: Callable[[], MlflowRun], result: TargetResult
) -> TargetResult:
    """Record a published result in MLflow, in another run if somebody has deleted ``parent``."""
    try:
        run = parent if tracker.revive(parent) else open_run()
        write_record(tracker, run, read_record(result.folder), result.folder)
        tracker.finish(run)
        return mark_tracked(result, run)
    except Exception as error:
        logger.debug("recording in MLflow failed", exc_info=True)
        tracker.abandon(parent)
        return replace(result, untracked=first_line(error))


def write_record(tracker: Tracker, run: MlflowRun, record: TrackingRecord, folder: Path) -> None:
    """Fill the parent ``run``, which is open, and make its children.

    Args:
        folder: the program folder that the record is of.
    """
    tracker.make_default()
    for child in record.children:
        _write_child(tracker, run, child)
    tracker.log(run, record.parent.metrics)
    tracker.client.log_artifact(run.run_id, str(folder / INTERACTIVE))
    tracker.client.log_artifact(run.run_id, str(folder / PICTURE))
    log_program(tracker, run, record, folder)
    register_prompts(record, run, RAISE.load(folder))


def _write_child(tracker: Tracker, parent: MlflowRun, child: RunRecord) -> None:
    run = tracker.start(child.name, child.params, {**child.tags, "stage": child.stage}, parent)
    tracker.log(run, child.metrics)
    if child.episodes:
        tracker.client.log_dict(run.run_id, child.episodes.model_dump(mode="json"), "episodes.json")
    tracker.finish(run)
